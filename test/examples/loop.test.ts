import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

function inTypeScript(seed: number, iterations: number): bigint {
  const integers = Uint32Array.from({ length: 1024 }, (_, i) => i);
  const reals = Float64Array.from({ length: 512 }, (_, i) => i);
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  for (let i = 0; i < iterations; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const index = state & 1023;
    integers[index] = (integers[index] ?? 0) + state;
    const real = (state >>> 20) & 511;
    reals[real] = (reals[real] ?? 0) * 0.5 + (integers[(state >>> 10) & 1023] ?? 0);
  }
  const add = (sum: bigint, value: bigint): bigint => BigInt.asUintN(64, sum * 31n + value);
  const sum = integers.reduce((checksum, value) => add(checksum, BigInt(value)), 0n);
  return new BigUint64Array(reals.buffer).reduce(add, sum);
}

test("the loop does what the same loop in TypeScript does", () => {
  const run = instantiateExample("loop").exportedFunction("run");
  for (const seed of [0, 1, 0x7ffffffe]) {
    for (const iterations of [0, 1, 5000]) {
      assert.equal(BigInt.asUintN(64, BigInt(run(seed, iterations))), inTypeScript(seed, iterations));
    }
  }
});
