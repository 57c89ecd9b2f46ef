import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { apply, i32, read } from "../../compiler-ts/src/ir/builder.ts";
import type { Expression, Local } from "../../compiler-ts/src/ir/module.ts";
import { unbounded, upperBound } from "../../compiler-ts/src/legalize/memory/upperBound.ts";

const local: Local = { kind: "variable", type: "i32", name: "l0" };
const nothingKnown = (): undefined => undefined;

const operations: Readonly<Record<string, (a: number, b: number, c: number) => number>> = {
  "i32.and": (a, b) => a & b,
  "i32.or": (a, b) => a | b,
  "i32.xor": (a, b) => a ^ b,
  "i32.add": (a, b) => a + b,
  "i32.sub": (a, b) => a - b,
  "i32.mul": (a, b) => Math.imul(a, b),
  "i32.shl": (a, b) => a << b,
  "i32.shr_u": (a, b) => a >>> b,
  "i32.shr_s": (a, b) => a >> b,
  "i32.rotl": (a, b) => (a << (b & 31)) | (a >>> (-b & 31)),
  select: (a, b, c) => (c !== 0 ? a : b),
};

function evaluate(expression: Expression, value: number): number {
  if (expression.kind === "constant") return Number(expression.bits);
  if (expression.kind === "local") return value;
  assert.equal(expression.kind, "apply");
  const [a = 0, b = 0, c = 0] = expression.operands.map((operand) => evaluate(operand, value));
  return (operations[expression.operation] as (a: number, b: number, c: number) => number)(a, b, c) >>> 0;
}

const number = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0xffffffff }));
const expressions: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    number.map((value) => i32(value)),
    fc.constant(read(local)),
    fc
      .tuple(fc.constantFrom(...Object.keys(operations)), tie("tree"), tie("tree"), tie("tree"))
      .map(([operation, a, b, c]) => apply("i32", operation, operation === "select" ? [a, b, c] : [a, b])),
  ),
})).tree;

describe("the upper bound of an i32", () => {
  it("is never below a value of the expression", () => {
    fc.assert(
      fc.property(expressions, number, fc.nat(100), (expression, value, more) => {
        const known = Math.min(value + more, unbounded);
        const result = evaluate(expression, value);
        assert.ok(result <= upperBound(expression, nothingKnown));
        assert.ok(result <= upperBound(expression, () => known));
      }),
      { numRuns: 20_000 },
    );
  });

  it("is exact for a masked and scaled index into a table", () => {
    const index = apply("i32", "i32.shl", [apply("i32", "i32.and", [read(local), i32(1023)]), i32(2)]);
    assert.equal(upperBound(apply("i32", "i32.add", [index, i32(4096)]), nothingKnown), 4096 + 4092);
  });

  it("says nothing of a sum, product or shift that may wrap", () => {
    for (const operation of ["i32.add", "i32.mul", "i32.shl"])
      assert.equal(
        upperBound(apply("i32", operation, [i32(0x80000000), i32(31)]), nothingKnown),
        operation === "i32.add" ? 0x8000001f : unbounded,
      );
  });
});
