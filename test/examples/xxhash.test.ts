import assert from "node:assert/strict";
import { test } from "node:test";
import xxhash from "xxhash-wasm";
import { instantiateExample } from "./example.ts";

const example = instantiateExample("xxhash");
const hash = example.exportedFunction("hash");
const run = example.exportedFunction("run");
const address = Number(example.exportedFunction("data_address")());
const { h64Raw } = await xxhash();

function hashInWasm(data: Uint8Array, seed: bigint): bigint {
  example.memory().set(data, address);
  return BigInt.asUintN(64, BigInt(hash(data.length, seed)));
}

test("inputs of every length up to 100 hash as the package xxhash-wasm hashes them", () => {
  for (let length = 0; length <= 100; length++) {
    const data = Uint8Array.from({ length }, (_, i) => i * 37 + length);
    for (const seed of [0n, 0x9e3779b97f4a7c15n]) assert.equal(hashInWasm(data, seed), h64Raw(data, seed), `${length}`);
  }
});

test("rounds are chained by the seed", () => {
  const once = BigInt.asUintN(64, BigInt(run(7, 65536, 1)));
  const data = example.memory().slice(address, address + 65536);
  assert.equal(once, h64Raw(data, 7n));
  assert.equal(BigInt.asUintN(64, BigInt(run(7, 65536, 2))), h64Raw(data, once));
});

test("an input that is too long traps", () => {
  assert.throws(() => hash(65537, 0n), /unreachable/);
  assert.throws(() => run(0, 65540, 1), /unreachable/);
});
