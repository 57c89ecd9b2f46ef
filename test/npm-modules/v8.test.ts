import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import xxhash from "xxhash-wasm";
import { compileOnV8 } from "../support/v8.ts";
import { hashWasmModule, inputOfInstance, xxhashModule } from "./modules.ts";

const instances = Array.from({ length: 1024 }, (_, instance) => instance);

test("xxhash's module called directly gives what its package gives", async () => {
  const { h32Raw, h64Raw } = await xxhash();
  const module = compileOnV8(xxhashModule())();
  for (const instance of instances) {
    const input = inputOfInstance(instance);
    module.memory("mem").set(input, 0);
    assert.equal(Number(module.exportedFunction("xxh32")(0, input.length, instance)) >>> 0, h32Raw(input, instance));
    module.memory("mem").set(input, 0);
    const hash64 = BigInt(module.exportedFunction("xxh64")(0, input.length, BigInt(instance)));
    assert.equal(BigInt.asUintN(64, hash64), h64Raw(input, BigInt(instance)));
  }
});

for (const algorithm of ["md5", "sha256"] as const) {
  test(`hash-wasm's ${algorithm} module called directly gives what node:crypto gives`, async () => {
    const module = compileOnV8(await hashWasmModule(algorithm))();
    const buffer = Number(module.exportedFunction("Hash_GetBuffer")());
    const digestBytes = algorithm === "md5" ? 16 : 32;
    for (const instance of instances) {
      const input = inputOfInstance(instance);
      module.memory().set(input, buffer);
      module.exportedFunction("Hash_Calculate")(input.length, 256, 0);
      assert.deepEqual(
        Buffer.from(module.memory().slice(buffer, buffer + digestBytes)),
        createHash(algorithm).update(input).digest(),
      );
    }
  });
}
