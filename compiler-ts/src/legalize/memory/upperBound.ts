/** How large an i32 can be as an unsigned number, as far as its expression tells. Masks and shifts of indices into tables of fixed size are what it is for. */
import type { Expression, Local } from "../../ir/module.ts";

export const unbounded = 0xffffffff;

/** `boundOf` has what is known of locals. */
export function upperBound(expression: Expression, boundOf: (local: Local) => number | undefined): number {
  switch (expression.kind) {
    case "constant":
      return typeof expression.bits === "number" ? expression.bits : unbounded;
    case "local":
      return boundOf(expression.local) ?? unbounded;
    case "field":
      return unbounded;
    case "apply":
      break;
  }
  const [first, second] = expression.operands as [Expression, Expression];
  const bound = (operand: Expression): number => upperBound(operand, boundOf);
  switch (expression.operation) {
    case "i32.and":
      return Math.min(bound(first), bound(second));
    case "i32.or":
    case "i32.xor":
      return allOnes(Math.max(bound(first), bound(second)));
    case "i32.add":
      return withoutWrap(bound(first) + bound(second));
    case "i32.mul":
      return withoutWrap(bound(first) * bound(second));
    case "i32.shl":
      return second.kind === "constant" ? withoutWrap(bound(first) * 2 ** shiftOf(second)) : unbounded;
    case "i32.shr_u":
      return second.kind === "constant" ? bound(first) >>> shiftOf(second) : bound(first);
    case "select":
      return Math.max(bound(first), bound(second));
    default:
      return unbounded;
  }
}

/** A sum or product that may not fit wraps to anything. */
function withoutWrap(value: number): number {
  return Math.min(value, unbounded);
}

function shiftOf({ bits }: Extract<Expression, { kind: "constant" }>): number {
  return Number(bits) & 31;
}

/** The least number of ones that `bound` has no bit above. */
function allOnes(bound: number): number {
  return 2 ** (32 - Math.clz32(bound)) - 1;
}
