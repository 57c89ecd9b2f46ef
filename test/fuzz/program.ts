/**
 * Generated programs as trees. Nothing in a tree depends on its surroundings: an index of a local, label or function is any
 * natural number and is taken modulo what there is where it stands (print.ts). So every subtree that fast-check removes or
 * replaces while it shrinks leaves a valid program.
 */
import type { NumberType } from "../../compiler-ts/src/wasm/module.ts";

/** Of what programs compute with; references occur in tables alone. */
export type Type = NumberType | "v128";

/** Two with the program's functions, and one of functions that answer with their number: it shows where each of them lies. */
export const tables = [0, 1, 2] as const;

export const types = ["i32", "i64", "f32", "f64", "v128"] as const satisfies readonly Type[];

export type Expression =
  | { readonly kind: "constant"; readonly type: Type; readonly text: string }
  | { readonly kind: "local" | "global"; readonly type: Type; readonly index: number }
  | { readonly kind: "tee"; readonly type: Type; readonly index: number; readonly value: Expression }
  /** An instruction that only its operands decide; `name` includes its lanes. */
  | { readonly kind: "operation"; readonly name: string; readonly operands: readonly Expression[] }
  | ({ readonly kind: "load"; readonly name: string } & Access)
  | ({ readonly kind: "loadLane"; readonly name: string; readonly lane: number; readonly value: Expression } & Access)
  | {
      readonly kind: "select";
      readonly type: Type;
      readonly typed: boolean;
      readonly operands: readonly Expression[];
      readonly condition: Expression;
    }
  | {
      readonly kind: "block";
      readonly type: Type;
      readonly body: readonly Statement[];
      readonly value: Expression;
    }
  | {
      readonly kind: "if";
      readonly type: Type;
      readonly condition: Expression;
      readonly accept: { readonly body: readonly Statement[]; readonly value: Expression };
      readonly reject: { readonly body: readonly Statement[]; readonly value: Expression };
    }
  /** Leaves its value if it does not branch. */
  | {
      readonly kind: "branchIf";
      readonly type: Type;
      readonly label: number;
      readonly value: Expression;
      readonly condition: Expression;
    }
  | {
      readonly kind: "call";
      readonly type: Type;
      readonly index: number;
      readonly operands: readonly Expression[];
    }
  | {
      readonly kind: "callIndirect";
      readonly type: Type;
      readonly table: number;
      /** Which of the table's initial entries of this type; `undefined`: `element`, whatever is there. */
      readonly matching: number | undefined;
      readonly element: Expression;
      readonly operands: readonly Expression[];
    }
  /** Of the function that is imported for the type; JavaScript takes no v128. */
  | { readonly kind: "callImport"; readonly type: NumberType; readonly operands: readonly Expression[] }
  /** A branch in place of a value, for an arm that leaves. */
  | { readonly kind: "escape"; readonly label: number }
  | { readonly kind: "grow"; readonly pages: number }
  | { readonly kind: "tableGrow"; readonly table: number; readonly function: number; readonly count: number }
  | { readonly kind: "memorySize" }
  | { readonly kind: "tableSize"; readonly table: number }
  | { readonly kind: "isNull"; readonly table: number; readonly element: Expression };

export interface Access {
  readonly address: Expression;
  readonly offset: number;
  /** Logarithm of the alignment hint; taken down to the natural one. */
  readonly align: number;
}

/** Loads go to a local of the type, stores take one. */
export interface WalkAccess {
  readonly name: (typeof walkAccesses)[number];
  readonly offset: number;
  readonly local: number;
}

export const walkAccesses = [
  "i32.load",
  "i32.store",
  "i64.load",
  "i64.store",
  "i64.load32_s",
  "i64.load32_u",
  "i64.store32",
  "i32.load16_s",
  "i32.store8",
] as const;

export type Statement =
  | {
      readonly kind: "setLocal" | "setGlobal";
      readonly type: Type;
      readonly index: number;
      readonly value: Expression;
    }
  | { readonly kind: "drop"; readonly value: Expression }
  | ({ readonly kind: "store"; readonly name: string; readonly value: Expression } & Access)
  | ({ readonly kind: "storeLane"; readonly name: string; readonly lane: number; readonly value: Expression } & Access)
  | {
      readonly kind: "ifElse";
      readonly condition: Expression;
      readonly accept: readonly Statement[];
      readonly reject: readonly Statement[];
    }
  /**
   * Values of the list `blockTypes[types]` go in and come out. `keep`: they stay on the stack below the body, and the last
   * result is added to the last of them; else they go to locals at once.
   */
  | {
      readonly kind: "blockOf";
      readonly types: number;
      readonly keep: boolean;
      readonly initial: readonly Expression[];
      readonly body: readonly Statement[];
      readonly results: readonly Expression[];
    }
  | {
      readonly kind: "loop";
      readonly types: number;
      readonly keep: boolean;
      readonly back: (typeof waysBack)[number];
      readonly iterations: number;
      readonly initial: readonly Expression[];
      readonly body: readonly Statement[];
      readonly next: readonly Expression[];
      readonly repeat: Expression;
    }
  /** Through an array of words, as often as a constant says: what `memoryWindows` looks for. Something else may happen on the way. */
  | {
      readonly kind: "walk";
      readonly base: Expression;
      readonly aligned: boolean;
      readonly step: 4 | 8;
      readonly iterations: number;
      readonly accesses: readonly WalkAccess[];
      readonly between: readonly Statement[];
    }
  | { readonly kind: "branch"; readonly label: number; readonly condition: Expression | undefined }
  | {
      readonly kind: "branchTable";
      readonly labels: readonly number[];
      readonly fallback: number;
      readonly condition: Expression;
      readonly index: Expression;
    }
  /** As compilers emit it: blocks around a `br_table`, behind the end of each its arm. A target past the arms is the whole's end. */
  | {
      readonly kind: "switch";
      readonly index: Expression;
      readonly targets: readonly number[];
      readonly arms: readonly { readonly body: readonly Statement[]; readonly fallsThrough: boolean }[];
    }
  | { readonly kind: "return"; readonly condition: Expression }
  | { readonly kind: "unreachable"; readonly condition: Expression }
  /** Four results of different types at once. */
  | { readonly kind: "callMany"; readonly index: number; readonly operands: readonly Expression[] }
  | { readonly kind: "callNone"; readonly index: number }
  | { readonly kind: "importMany"; readonly index: number; readonly operands: readonly Expression[] }
  | { readonly kind: "importNone" }
  /** Three i32 operands and no result: memory.fill, memory.copy, memory.init, table.copy, table.init. */
  | { readonly kind: "bulk"; readonly name: string; readonly operands: readonly Expression[] }
  | { readonly kind: "dropSegment"; readonly name: "data.drop" | "elem.drop" }
  | { readonly kind: "tableSet"; readonly table: number; readonly element: Expression; readonly function: number }
  | {
      readonly kind: "tableFill";
      readonly table: number;
      readonly element: Expression;
      readonly function: number;
      readonly count: number;
    };

/**
 * How a loop repeats. Below what a `br` or a `br_table` carries, values may be left over on the stack: in a list of one type the kept ones are shifted
 * then (`shiftedTypes`), not added to, and each parameter becomes the next one.
 */
export const waysBack = ["br_if", "br", "br_table"] as const;

/** What blocks and loops take and leave. */
export const blockTypes = [
  [],
  ["i32"],
  ["i64", "i32"],
  ["f32", "f64", "i32"],
  ["v128", "i32"],
  ["i32", "i32", "i32"],
] as const satisfies readonly (readonly Type[])[];

/** The list of one type. */
export const shiftedTypes = 5;

export interface Signature {
  readonly parameters: readonly Type[];
  readonly results: readonly Type[];
}

/** A call of type t goes to a function of signature t; the last two are statements. JavaScript cannot call one with v128. */
export const signatures = {
  i32: { parameters: ["i32", "i32"], results: ["i32"] },
  i64: { parameters: ["i64", "i32"], results: ["i64"] },
  f32: { parameters: ["f32", "f32"], results: ["f32"] },
  f64: { parameters: ["f64", "f64"], results: ["f64"] },
  v128: { parameters: ["v128", "i32"], results: ["v128"] },
  many: { parameters: ["i32", "i64", "f32", "f64"], results: ["f64", "i32", "f32", "i64"] },
  none: { parameters: [], results: [] },
} as const satisfies Record<string, Signature>;

export type SignatureName = keyof typeof signatures;

export interface ProgramFunction {
  readonly signature: SignatureName;
  readonly body: readonly Statement[];
  readonly results: readonly Expression[];
}

export interface Program {
  readonly functions: readonly ProgramFunction[];
  /** Functions in the tables and the passive element segment; every fifth number stands for null. */
  readonly elements: readonly number[];
  readonly data: readonly number[];
  /** Chooses the arguments of the calls. */
  readonly argumentKey: number;
}
