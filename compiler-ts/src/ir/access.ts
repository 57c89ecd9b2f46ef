/** What the name of a load or store says. */
import type { Alignment } from "./module.ts";

/** Bytes that a load or store touches. */
export function accessBytes(operation: string): number {
  let bytes = bytesByOperation.get(operation);
  if (bytes === undefined) {
    bytes = bytesOfName(operation);
    bytesByOperation.set(operation, bytes);
  }
  return bytes;
}

const bytesByOperation = new Map<string, number>();

function bytesOfName(operation: string): number {
  const narrow = /(?:load|store)(8|16|32)/.exec(operation);
  if (narrow !== null) return Number(narrow[1]) / 8;
  if (operation.startsWith("v128")) return 16;
  return operation.startsWith("i64") || operation.startsWith("f64") ? 8 : 4;
}

/** The first byte behind the access, with the address at 0. */
export function endOf({ operation, offset }: { readonly operation: string; readonly offset: number }): number {
  return offset + accessBytes(operation);
}

/** `align` is what the instruction says, as an exponent. */
export function expectedAlignment(operation: string, align: number): Alignment {
  return 1 << align < accessBytes(operation) ? 0 : 1;
}
