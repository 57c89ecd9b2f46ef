import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

test("keys are those of node:crypto", () => {
  const derive = instantiateExample("pbkdf2").exportedFunction("derive");
  for (const [seed, rounds] of [
    [0, 1],
    [1, 2],
    [0xdeadbeef, 1000],
  ] as const) {
    const password = Buffer.alloc(4);
    password.writeUInt32BE(seed);
    const key = pbkdf2Sync(password, "wasmburst", rounds, 8, "sha256");
    assert.equal(BigInt.asUintN(64, BigInt(derive(seed, rounds))), key.readBigUInt64BE(), `${rounds} rounds`);
  }
});
