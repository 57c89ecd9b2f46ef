/** What the arbitraries of a program's parts share: the grammar that they tie together, and its shape. */
import fc from "fast-check";
import { opcodes } from "../../compiler-ts/src/wasm/opcodes.ts";
import { type Expression, type Statement, type Type, types } from "./program.ts";

/** How deep expressions and statements nest; below are leaves. */
export interface Shape {
  readonly depth: fc.DepthIdentifier;
  readonly deepest: number;
  /** Bias to leaves on the way down, as fast-check counts it. */
  readonly depthSize: fc.DepthSize;
  readonly longestBody: number;
  /** Weight of leaves among expressions (all others: some 35), and of each statement with a body (all others: some 300). */
  readonly leaves: number;
  readonly control: number;
  /** Weight of each kind of call among expressions; ten times this among statements. 0: none. */
  readonly calls: number;
  readonly imports: number;
}

export interface Grammar {
  i32: Expression;
  i64: Expression;
  f32: Expression;
  f64: Expression;
  v128: Expression;
  address: Expression;
  element: Expression;
  condition: Expression;
  statement: Statement;
  body: readonly Statement[];
}

export type Tie = fc.LetrecTypedTie<Grammar>;

export const index = fc.nat(7);

export interface Instruction {
  readonly name: string;
  readonly operands: readonly Type[];
}

function isValue(type: string): type is Type {
  return (types as readonly string[]).includes(type);
}

/** The instructions on values that leave a `type`, as the compiler's own opcode table has them. */
export function instructions(
  type: Type | undefined,
  immediate: "none" | "memory" | "lane" | "memoryLane",
): Instruction[] {
  return opcodes.flatMap(({ name, immediate: shape, operands = [], results = [] }) => {
    if (shape !== immediate || results[0] !== type || !operands.every(isValue)) return [];
    return operands.length === 0 ? [] : [{ name, operands: operands.filter(isValue) }];
  });
}

export const i32Constant = (value: number): Expression => ({ kind: "constant", type: "i32", text: String(value) });

export const operation = (name: string, ...operands: Expression[]): Expression => ({
  kind: "operation",
  name,
  operands,
});

export const each = (tie: Tie, operands: readonly Type[]): fc.Arbitrary<readonly Expression[]> =>
  fc.tuple(...operands.map((type) => tie(type)));

export const offset = fc.oneof(
  { weight: 50, arbitrary: fc.nat(9) },
  { weight: 1, arbitrary: fc.constantFrom(65_528, 65_535, 65_536, 0xffff_ffff) },
);
export const align = fc.nat(4);

export const lane = fc.nat(15);
