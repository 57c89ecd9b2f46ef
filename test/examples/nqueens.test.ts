import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const nqueens = instantiateExample("nqueens");
const solve = nqueens.exportedFunction("solve");
const solveFrom = nqueens.exportedFunction("solve_from");

// OEIS A000170.
const solutions = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724];

test("boards of 0 to 10 have the known numbers of solutions", () => {
  assert.deepEqual(
    solutions.map((_, n) => solve(n)),
    solutions,
  );
});

test("the shares of all first columns add up to the whole", () => {
  const shares = Array.from({ length: 8 }, (_, column) => Number(solveFrom(8, column)));
  assert.deepEqual(shares, [4, 8, 16, 18, 18, 16, 8, 4]);
});

test("a board or a column too large traps", () => {
  assert.throws(() => solve(32), /unreachable/);
  assert.throws(() => solveFrom(8, 8), /unreachable/);
});
