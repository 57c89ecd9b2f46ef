/** Which power of two, up to 16, an i32 is a multiple of, as far as its expression tells. */
import type { Alignment, Expression, Local } from "../../ir/module.ts";

export type KnownAlignment = Exclude<Alignment, 0>;

export const largestAlignment = 16;

/** `alignmentOf` has what is known of locals; `undefined`: nothing. */
export function expressionAlignment(
  expression: Expression,
  alignmentOf: (local: Local) => number | undefined,
): KnownAlignment {
  return alignment(expression, alignmentOf) as KnownAlignment;
}

function alignment(expression: Expression, alignmentOf: (local: Local) => number | undefined): number {
  switch (expression.kind) {
    case "constant":
      return typeof expression.bits === "number" ? constantAlignment(expression.bits) : 1;
    case "local":
      return alignmentOf(expression.local) ?? 1;
    case "field":
      return 1;
    case "apply":
      break;
  }
  const [first, second] = expression.operands as [Expression, Expression];
  switch (expression.operation) {
    case "i32.add":
    case "i32.sub":
    case "i32.or":
    case "i32.xor":
    case "select": {
      const left = alignment(first, alignmentOf);
      return left === 1 ? 1 : Math.min(left, alignment(second, alignmentOf));
    }
    case "i32.and":
      return Math.max(alignment(first, alignmentOf), alignment(second, alignmentOf));
    case "i32.mul":
      return Math.min(alignment(first, alignmentOf) * alignment(second, alignmentOf), largestAlignment);
    case "i32.shl":
      return second.kind === "constant"
        ? Math.min(alignment(first, alignmentOf) * 2 ** (Number(second.bits) & 31), largestAlignment)
        : alignment(first, alignmentOf);
    default:
      return 1;
  }
}

export function constantAlignment(bits: number): number {
  return bits === 0 ? largestAlignment : Math.min((bits & -bits) >>> 0, largestAlignment);
}
