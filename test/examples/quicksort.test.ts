import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const quicksort = instantiateExample("quicksort");
const address = Number(quicksort.exportedFunction("data_address")());

function sortInWasm(numbers: Int32Array): Int32Array {
  const data = new Int32Array(quicksort.memory().buffer, address, numbers.length);
  data.set(numbers);
  quicksort.exportedFunction("sort")(numbers.length);
  return data.slice();
}

const shapes: Readonly<Record<string, (i: number) => number>> = {
  random: (i) => Math.imul(i + 1, 0x9e3779b9) ^ (i << 7),
  ascending: (i) => i,
  descending: (i) => -i,
  equal: () => 7,
  "few values": (i) => (i * 7919) % 5,
  "organ pipe": (i) => Math.min(i, 16383 - i),
};

for (const [shape, numberAt] of Object.entries(shapes)) {
  test(`${shape} numbers come out sorted`, () => {
    for (const length of [0, 1, 2, 3, 15, 16, 17, 18, 1000, 16384]) {
      const numbers = Int32Array.from({ length }, (_, i) => numberAt(i));
      assert.deepEqual(sortInWasm(numbers), numbers.toSorted(), `${length} numbers`);
    }
  });
}

test("a run sorts its random numbers", () => {
  const checksum = BigInt.asUintN(64, BigInt(quicksort.exportedFunction("run")(3, 2000)));
  const sorted = new Int32Array(quicksort.memory().buffer, address, 2000).slice();
  assert.deepEqual(sorted, sorted.toSorted());
  assert.ok(new Set(sorted).size > 1900);
  const expected = sorted.reduce((sum, number) => BigInt.asUintN(64, sum * 31n + BigInt(number >>> 0)), 0n);
  assert.equal(checksum, expected);
});

test("more numbers than there is room for trap", () => {
  assert.throws(() => quicksort.exportedFunction("sort")(16385), /unreachable/);
});
