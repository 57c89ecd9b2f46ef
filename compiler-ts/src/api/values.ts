/**
 * WebAssembly values in JavaScript, and their records. As in the WebAssembly JavaScript API an i64 is a BigInt and every other number a
 * number; unlike there nothing is converted silently. A reference is null or a number (docs/kernel-abi.md), a v128 its 16 bytes.
 */

import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import { aValueOf, usage } from "./usage.ts";

export type Value = number | bigint | null | Uint8Array;

/** 32-bit words of one record. */
export function recordWords(types: readonly ValueType[]): number {
  return types.reduce((sum, type) => sum + wordsOf(type), 0);
}

/** Writes one record at word `at`. Throws CompileError of kind "usage", naming `what`, for a wrong count or type. */
export function writeRecord(
  types: readonly ValueType[],
  values: readonly Value[],
  target: Uint32Array,
  at: number,
  what: string,
): void {
  if (values.length !== types.length) {
    const signature = types.length === 0 ? "" : ` (${types.join(", ")})`;
    const plural = types.length === 1 ? "" : "s";
    throw usage(`${what} takes ${types.length} argument${plural}${signature}, not ${values.length}`);
  }
  let word = at;
  types.forEach((type, index) => {
    writeValue(type, values[index] as Value, target, word, () => `argument ${index + 1} of ${what}`);
    word += wordsOf(type);
  });
}

export function readRecord(types: readonly ValueType[], source: Uint32Array, at: number): Value[] {
  let word = at;
  return types.map((type) => {
    const value = readValue(type, source, word);
    word += wordsOf(type);
    return value;
  });
}

const scratch = new DataView(new ArrayBuffer(8));

export function writeValue(type: ValueType, value: Value, target: Uint32Array, at: number, what: () => string): void {
  const wrong = (range: string) => usage(`${what()}: ${show(value)} is not ${aValueOf(type)} (${range})`);
  switch (type) {
    case "i32":
      if (typeof value !== "number" || !Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) {
        throw wrong("an integer from -2^31 to 2^32 - 1");
      }
      target[at] = value;
      return;
    case "i64":
      if (typeof value !== "bigint" || value < -(2n ** 63n) || value >= 2n ** 64n) {
        throw wrong("a BigInt from -2^63 to 2^64 - 1");
      }
      target[at] = Number(BigInt.asUintN(32, value));
      target[at + 1] = Number(BigInt.asUintN(32, value >> 32n));
      return;
    case "f32":
      if (typeof value !== "number") throw wrong("a number");
      scratch.setFloat32(0, value);
      target[at] = scratch.getUint32(0);
      return;
    case "f64":
      if (typeof value !== "number") throw wrong("a number");
      scratch.setFloat64(0, value);
      target[at] = scratch.getUint32(4);
      target[at + 1] = scratch.getUint32(0);
      return;
    case "funcref":
    case "externref":
      if (value !== null && !(typeof value === "number" && Number.isInteger(value) && value > 0 && value < 2 ** 32)) {
        throw wrong("null, or an integer from 1 to 2^32 - 1");
      }
      target[at] = value ?? 0;
      return;
    case "v128":
      if (!(value instanceof Uint8Array) || value.length !== 16) throw wrong("a Uint8Array of 16 bytes");
      new Uint8Array(target.buffer, target.byteOffset + at * 4, 16).set(value);
      return;
  }
}

export function readValue(type: ValueType, source: Uint32Array, at: number): Value {
  const word = (index: number) => source[at + index] ?? 0;
  switch (type) {
    case "i32":
      return word(0) | 0;
    case "i64":
      return BigInt.asIntN(64, (BigInt(word(1)) << 32n) | BigInt(word(0)));
    case "f32":
      scratch.setUint32(0, word(0));
      return scratch.getFloat32(0);
    case "f64":
      scratch.setUint32(0, word(1));
      scratch.setUint32(4, word(0));
      return scratch.getFloat64(0);
    case "funcref":
    case "externref":
      return word(0) === 0 ? null : word(0);
    case "v128":
      return new Uint8Array(source.buffer, source.byteOffset + at * 4, 16).slice();
  }
}

/** For messages. Never throws, whatever it is given. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}
