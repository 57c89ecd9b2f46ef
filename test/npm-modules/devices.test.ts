/** The modules of others through the public API: 1,024 instances with different inputs, bit for bit as V8 has it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pool } from "../../compiler-ts/src/index.ts";
import { invokeAll, testedDevices, withPool } from "../support/devices.ts";
import { compileOnV8, type WasmValue } from "../support/v8.ts";
import { hashWasmModule, inputOfInstance, xxhashModule } from "./modules.ts";

const inputs = Array.from({ length: 1024 }, (_, instance) => inputOfInstance(instance));
const instances = inputs.length;
const xxhash = xxhashModule();
// With the arguments that the package itself passes.
const hashWasm = [
  { name: "md5", bytes: await hashWasmModule("md5"), digestBytes: 16, argumentsOf: (length: number) => [length] },
  {
    name: "sha256",
    bytes: await hashWasmModule("sha256"),
    digestBytes: 32,
    argumentsOf: (length: number) => [length, 256],
  },
];
const xxhashFunctions = [
  { name: "xxh32", seedOf: (instance: number): WasmValue => instance },
  { name: "xxh64", seedOf: (instance: number): WasmValue => BigInt(instance) << 32n },
];

async function writeInputs(pool: Pool, address: number): Promise<void> {
  await pool.memory.writeAll(inputs.map((bytes, instance) => ({ instance, address, bytes })));
}

for (const device of testedDevices) {
  for (const { name, seedOf } of xxhashFunctions) {
    test(`xxhash-wasm's ${name} on ${device} gives V8's hashes`, async () => {
      const calls = inputs.map((input, instance) => [0, input.length, seedOf(instance)] as const);
      const reference = compileOnV8(xxhash)();
      const expected = calls.map((call, instance) => {
        reference.memory("mem").set(inputs[instance] ?? [], 0);
        return [reference.exportedFunction(name)(...call)];
      });
      await withPool({ device, bytes: xxhash, instances }, async (pool) => {
        await writeInputs(pool, 0);
        assert.deepEqual(await invokeAll(pool, name, calls), expected);
      });
    });
  }

  for (const { name, bytes, digestBytes, argumentsOf } of hashWasm) {
    test(`hash-wasm's ${name} on ${device} gives V8's digests`, async () => {
      const calls = inputs.map((input) => argumentsOf(input.length));
      const reference = compileOnV8(bytes)();
      const address = Number(reference.exportedFunction("Hash_GetBuffer")());
      const expected = calls.map((call, instance) => {
        reference.memory().set(inputs[instance] ?? [], address);
        reference.exportedFunction("Hash_Calculate")(...call);
        return reference.memory().slice(address, address + digestBytes);
      });
      await withPool({ device, bytes, instances }, async (pool) => {
        await writeInputs(pool, address);
        await invokeAll(pool, "Hash_Calculate", calls);
        const digests = await pool.memory.readAll(
          inputs.map((_, instance) => ({ instance, address, length: digestBytes })),
        );
        assert.deepEqual(
          digests.map((digest) => Buffer.from(digest).toString("hex")),
          expected.map((digest) => Buffer.from(digest).toString("hex")),
        );
      });
    });
  }
}
