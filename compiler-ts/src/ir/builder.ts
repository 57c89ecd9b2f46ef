/** The only constructors of expressions: they keep `size` right and fold what is certain. */
import type { ValueType } from "../wasm/module.ts";
import type { Expression, InstanceField, IrType, Label, Local, Statement } from "./module.ts";

export function is64(type: IrType): boolean {
  return type === "i64" || type === "f64";
}

/** Of 32 or 64 bits; for v128 there is `vector`. */
export function constant(type: IrType, bits: number | bigint): Expression {
  return { kind: "constant", type, bits: typeof bits === "number" ? bits >>> 0 : BigInt.asUintN(64, bits), size: 1 };
}

/** `bytes` as the binary format has them: 16, low to high. */
export function vector(bytes: Uint8Array): Expression {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const bits = (view.getBigUint64(8, true) << 64n) | view.getBigUint64(0, true);
  return { kind: "constant", type: "v128", bits, size: 1 };
}

export function i32(value: number): Expression {
  return constant("i32", value);
}

export function zero(type: ValueType): Expression {
  return constant(type, is64(type) || type === "v128" ? 0n : 0);
}

export function read(local: Local): Expression {
  return { kind: "local", type: local.type, local, size: 1 };
}

export function field(name: InstanceField): Expression {
  return { kind: "field", type: name === "memory" || name === "stack" ? name : "i32", field: name, size: 1 };
}

export function apply(type: IrType, operation: string, operands: readonly Expression[]): Expression {
  let size = 1;
  for (const operand of operands) size += operand.size;
  return { kind: "apply", type, operation, operands, size };
}

const comparisonInverse: Readonly<Record<string, string>> = {
  "i32.eq": "i32.ne",
  "i32.ne": "i32.eq",
  "i32.lt_s": "i32.ge_s",
  "i32.lt_u": "i32.ge_u",
  "i32.gt_s": "i32.le_s",
  "i32.gt_u": "i32.le_u",
  "i32.le_s": "i32.gt_s",
  "i32.le_u": "i32.gt_u",
  "i32.ge_s": "i32.lt_s",
  "i32.ge_u": "i32.lt_u",
  "i64.eq": "i64.ne",
  "i64.ne": "i64.eq",
  "i64.lt_s": "i64.ge_s",
  "i64.lt_u": "i64.ge_u",
  "i64.gt_s": "i64.le_s",
  "i64.gt_u": "i64.le_u",
  "i64.le_s": "i64.gt_s",
  "i64.le_u": "i64.gt_u",
  "i64.ge_s": "i64.lt_s",
  "i64.ge_u": "i64.lt_u",
};

/** `i32.eqz`, absorbed by an integer comparison (a float's is not invertible: NaN). */
export function not(condition: Expression): Expression {
  if (condition.kind === "apply") {
    const inverse = comparisonInverse[condition.operation];
    if (inverse !== undefined) return apply("i32", inverse, condition.operands);
  }
  return apply("i32", "i32.eqz", [condition]);
}

export function assign(target: Local, value: Expression): Statement {
  return { kind: "assign", target, value };
}

export function completes(statement: Statement | undefined): boolean {
  switch (statement?.kind) {
    case "break":
    case "continue":
    case "return":
    case "trap":
    case "leave":
    case "repeat":
    case "unwind":
      return false;
    default:
      return true;
  }
}

/** Makes the names of one function's locals and labels. */
export class NameSource {
  #next = 0;

  temporary(type: IrType): Local {
    return { kind: "temporary", type, name: `t${this.#next++}` };
  }

  result(type: IrType): Local {
    return { kind: "result", type, name: `r${this.#next++}` };
  }

  variable(type: IrType, prefix: string): Local {
    return { kind: "variable", type, name: `${prefix}${this.#next++}` };
  }

  label(prefix: string): Label {
    return { name: `${prefix}${this.#next++}` };
  }
}
