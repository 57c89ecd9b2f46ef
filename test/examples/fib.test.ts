import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const fib = instantiateExample("fib").exportedFunction("fib");

test("fib(20) is 6765", () => {
  assert.equal(fib(20), 6765);
});

test("fib follows the recurrence from 0 and 1", () => {
  let [current, next] = [0, 1];
  for (let n = 0; n <= 22; n++) {
    assert.equal(fib(n), current, `fib(${n})`);
    [current, next] = [next, current + next];
  }
});
