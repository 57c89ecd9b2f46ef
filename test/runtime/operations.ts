import { opcodes } from "../../compiler-ts/src/wasm/opcodes.ts";

export type NumericType = "i32" | "i64" | "f32" | "f64";

/** A function of the numeric runtime and how to check it. */
export interface Operation {
  /** Without the prefix `wb_`. */
  readonly name: string;
  readonly operands: readonly NumericType[];
  readonly result: NumericType;
  /** C++ expression of a function in reference.h. */
  readonly reference: string;
}

/** What the writer prints in the line: operators on unsigned integers, comparisons, and nothing at all for a reinterpretation of bits. */
const inline = /^i(32|64)\.(add|sub|mul|and|or|xor|eqz|eq|ne|[lg][te]_[su])$|reinterpret/;

const numericTypes = new Set<string>(["i32", "i64", "f32", "f64"]);

function isNumericType(type: string): type is NumericType {
  return numericTypes.has(type);
}

function integerType(width: string, signedness: string): string {
  return `${signedness === "s" ? "int" : "uint"}${width}_t`;
}

const floatType: Readonly<Record<string, string>> = { "32": "float", "64": "double" };

function referenceOf(opcode: string): string {
  const [type = "", operation = ""] = opcode.split(".");
  const conversion = /^(trunc|trunc_sat|convert)_([if])(32|64)_([su])$/.exec(operation);
  const width = type.slice(1);
  if (conversion !== null) {
    const [, kind, , from = "", sign = ""] = conversion;
    if (kind === "convert") return `(converted<${floatType[width]}, ${integerType(from, sign)}>)`;
    return `(${kind === "trunc" ? "truncated" : "truncatedSaturating"}<${floatType[from]}, ${integerType(width, sign)}>)`;
  }
  const others: Readonly<Record<string, string>> = {
    demote_f64: "demoted",
    promote_f32: "promoted",
    wrap_i64: "wrapped",
    extend_i32_s: "extendedSigned",
    extend_i32_u: "extendedUnsigned",
  };
  return others[operation] ?? `${type.toUpperCase()}::${operation}`;
}

function opcodeOperations(): Operation[] {
  const operations: Operation[] = [];
  for (const { name, immediate, operands, results } of opcodes) {
    const result = results?.[0];
    if (immediate !== "none" || operands === undefined || operands.length === 0 || result === undefined) continue;
    if (inline.test(name) || !isNumericType(result) || !operands.every(isNumericType)) continue;
    operations.push({ name: name.replace(".", "_"), operands, result, reference: referenceOf(name) });
  }
  return operations;
}

function trapChecks(): Operation[] {
  const truncations = opcodeOperations().filter(({ name }) => /_trunc_f/.test(name));
  return truncations.map(({ name, operands, reference }) => ({
    name: `${name}_trap`,
    operands,
    result: "i32",
    reference: reference.replace("truncated", "truncTrap"),
  }));
}

export const operations: readonly Operation[] = [
  ...opcodeOperations(),
  ...trapChecks(),
  { name: "i32_div_s_overflows", operands: ["i32", "i32"], result: "i32", reference: "I32::div_s_overflows" },
  { name: "i64_div_s_overflows", operands: ["i64", "i64"], result: "i32", reference: "I64::div_s_overflows" },
];
