/**
 * What is known of the result of each f32 operation from what is known of its operands, and whether it needs its guard: the arithmetic of `plainFloats.ts`.
 * docs/numerics.md has the proofs.
 */
import { apply } from "../../ir/builder.ts";
import type { Expression, Local } from "../../ir/module.ts";
import {
  isAlwaysNormal,
  isNeverSubnormal,
  isPlainProduct,
  isPlainQuotient,
  isPlainSum,
  largest,
  type Magnitude,
  ofProduct,
  ofQuotient,
  ofRoot,
  ofSum,
} from "./magnitudes.ts";

/** The largest subnormal is under 2^tiny. */
export const tiny = -126;
/** Of what an addition needs to be right beside a flushed operand: the half of the gap under 2^-100 is 2^-125. */
const dominant = -100;
/** A number of up to 2^e added to one of 2^(e + this) and more is lost in rounding. */
const absorbed = 26;

/** An f32 expression that gives what the standard says. */
export interface Value {
  readonly expression: Expression;
  readonly magnitude: Magnitude;
  /** Cheaper, and right unless both it and the value are at most 2^below in magnitude. */
  readonly loose: { readonly expression: Expression; readonly below: number } | undefined;
  /** Where the local is zero or subnormal the value is at most 2^most, or a NaN. Without a local: always. */
  readonly bound: { readonly local: Local | undefined; readonly most: number };
}

export function value(expression: Expression, magnitude: Magnitude): Value {
  return { expression, magnitude, loose: undefined, bound: { local: undefined, most: largest(magnitude) } };
}

/** What an operation on the hardware sees of a value: `wrongBelow` is the largest magnitude, as a power of two, at which it can be another. */
interface Operand {
  readonly expression: Expression;
  readonly wrongBelow: number;
}

function exactOperand({ expression, magnitude }: Value): Operand {
  return { expression, wrongBelow: isNeverSubnormal(magnitude) ? Number.NEGATIVE_INFINITY : tiny };
}

function looseOperand(a: Value): Operand {
  const exact = exactOperand(a);
  if (a.loose === undefined) return exact;
  return { expression: a.loose.expression, wrongBelow: Math.max(exact.wrongBelow, a.loose.below) };
}

function operated(operation: string, operands: readonly Expression[]): Expression {
  return apply("f32", operation, operands);
}

function plain(operation: string, operands: readonly Expression[], seen: boolean): Expression {
  return operated(seen ? operation : `${operation}.plain`, operands);
}

/** `most` is of both bounds together; where they are of different locals nothing comes of them. */
function bothBound(a: Value, b: Value, most: number, magnitude: Magnitude): Value["bound"] {
  const [x, y] = [a.bound.local, b.bound.local];
  if ((x !== undefined && y !== undefined && x !== y) || most >= largest(magnitude))
    return { local: undefined, most: largest(magnitude) };
  return { local: x ?? y, most: most >= 128 ? Number.POSITIVE_INFINITY : most };
}

export function comparison(operation: string, a: Value, b: Value): Expression {
  const [x, y] = [looseOperand(a), looseOperand(b)];
  const plainForm = `${operation}.plain`;
  if (exceeds(a.magnitude, y.wrongBelow)) return apply("i32", plainForm, [a.expression, y.expression]);
  if (exceeds(b.magnitude, x.wrongBelow)) return apply("i32", plainForm, [x.expression, b.expression]);
  const isPlain = isNeverSubnormal(a.magnitude) && isNeverSubnormal(b.magnitude);
  return apply("i32", isPlain ? plainForm : operation, [a.expression, b.expression]);
}

/** Whether it is compared alike with everything that small. */
function exceeds(magnitude: Magnitude, wrongBelow: number): boolean {
  return isAlwaysNormal(magnitude) && magnitude.least > wrongBelow;
}

export function sum(operation: string, a: Value, b: Value, seen: boolean): Value {
  const magnitude = ofSum(a.magnitude, b.magnitude);
  const bound = bothBound(a, b, Math.max(a.bound.most, b.bound.most) + 1, magnitude);
  const exact = [a.expression, b.expression];
  if (isPlainSum(a.magnitude, b.magnitude))
    return { expression: plain(operation, exact, seen), magnitude, loose: undefined, bound };
  const [x, y] = [looseOperand(a), looseOperand(b)];
  if (dominates(a, y.wrongBelow))
    return { expression: plain(operation, [a.expression, y.expression], seen), magnitude, loose: undefined, bound };
  if (dominates(b, x.wrongBelow))
    return { expression: plain(operation, [x.expression, b.expression], seen), magnitude, loose: undefined, bound };
  const below = Math.max(x.wrongBelow, y.wrongBelow, tiny) + absorbed + 2;
  const loose = { expression: plain(operation, [x.expression, y.expression], false), below };
  return { expression: operated(operation, exact), magnitude, loose, bound };
}

function dominates({ magnitude }: Value, wrongBelow: number): boolean {
  return !magnitude.mayBeZero && magnitude.least >= Math.max(dominant, wrongBelow + absorbed);
}

export function product(a: Value, b: Value, seen: boolean): Value {
  const magnitude = ofProduct(a.magnitude, b.magnitude);
  const bound = bothBound(a, b, a.bound.most + b.bound.most, magnitude);
  const exact = [a.expression, b.expression];
  if (isPlainProduct(a.magnitude, b.magnitude))
    return { expression: plain("f32.mul", exact, seen), magnitude, loose: undefined, bound };
  const loose =
    looseProduct(a, b, looseOperand(a), looseOperand(b)) ?? looseProduct(a, b, exactOperand(a), exactOperand(b));
  return { expression: operated("f32.mul", exact), magnitude, loose, bound };
}

function looseProduct(a: Value, b: Value, x: Operand, y: Operand): Value["loose"] {
  const below = Math.max(tiny, wrongProduct(a, b, x, y), wrongProduct(b, a, y, x));
  return below < tiny / 2 ? { expression: plain("f32.mul", [x.expression, y.expression], false), below } : undefined;
}

/** Up to which power of two the product can be wrong because of x, which stands for a, beside y for b. */
function wrongProduct(a: Value, b: Value, x: Operand, y: Operand): number {
  if (x.wrongBelow === Number.NEGATIVE_INFINITY) return x.wrongBelow;
  const isLocal = a.expression.kind === "local" && a.expression.local === b.bound.local;
  return x.wrongBelow + Math.max(isLocal ? b.bound.most : largest(b.magnitude), y.wrongBelow);
}

export function quotient(a: Value, b: Value, seen: boolean): Value {
  const magnitude = ofQuotient(a.magnitude, b.magnitude);
  const exact = [a.expression, b.expression];
  if (isPlainQuotient(a.magnitude, b.magnitude)) return value(plain("f32.div", exact, seen), magnitude);
  const guarded = value(operated("f32.div", exact), magnitude);
  if (!isAlwaysNormal(b.magnitude)) return guarded;
  const x = looseOperand(a);
  const below = Math.max(tiny, x.wrongBelow - b.magnitude.least);
  const loose = { expression: plain("f32.div", [x.expression, b.expression], false), below };
  return { ...guarded, loose };
}

export function root(a: Value, seen: boolean): Value {
  const magnitude = ofRoot(a.magnitude);
  if (isNeverSubnormal(a.magnitude)) return value(plain("f32.sqrt", [a.expression], seen), magnitude);
  // Never loose: a negative subnormal's root is a NaN, and its zero's is none.
  return value(operated("f32.sqrt", [a.expression]), magnitude);
}
