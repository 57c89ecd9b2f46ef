import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const longest = instantiateExample("collatz").exportedFunction("longest");

function chainLength(start: number): number {
  let length = 1;
  for (let value = start; value > 1; value = value % 2 === 0 ? value / 2 : 3 * value + 1) length++;
  return length;
}

function expectedLongest(limit: number): number {
  let best = 0;
  let bestLength = 0;
  for (let start = 1; start < limit; start++) {
    const length = chainLength(start);
    if (length > bestLength) {
      best = start;
      bestLength = length;
    }
  }
  return best;
}

test("the longest chain below 1,000 starts at 871", () => {
  assert.equal(longest(1000), 871);
});

test("every limit up to 300 agrees with the definition", () => {
  for (let limit = 0; limit <= 300; limit++) assert.equal(longest(limit), expectedLongest(limit), `limit ${limit}`);
});

test("chains whose values outgrow 32 bits are followed exactly", () => {
  // 113,383 is the first start whose chain passes 2^32; the longest below 200,000 starts at 156,159.
  assert.equal(longest(200_000), 156_159);
});
