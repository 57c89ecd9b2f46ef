/** MSL types of values and of what functions return. */
import { is64 } from "../ir/builder.ts";
import type { IrType, Local } from "../ir/module.ts";
import { wordsOf } from "../metadata.ts";
import type { FunctionType } from "../wasm/module.ts";

export function mslType(type: IrType): string {
  if (type === "memory") return "device uchar*";
  if (type === "stack") return "wb_stack";
  if (type === "v128") return "uint4";
  return is64(type) ? "ulong" : "uint";
}

/** By words of a value: types of the same text share a struct. */
const resultLetters = { 1: "i", 2: "l", 4: "v" } as const;

/** Several results are a struct. */
export function resultType(type: FunctionType): string {
  const [first] = type.results;
  if (first === undefined) return "void";
  return type.results.length === 1
    ? mslType(first)
    : `wb_results_${type.results.map((result) => resultLetters[wordsOf(result)]).join("")}`;
}

export function declaration(local: Local): string {
  return `${mslType(local.type)} ${local.name}`;
}
