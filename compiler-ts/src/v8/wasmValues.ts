/** Records as what V8 takes and gives: a funcref is an exported function there. */
import { readValue, type Value, writeValue } from "../api/values.ts";
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";

export type Exports = WebAssembly.Instance["exports"];

/** `exports` are asked for only where a funcref that is not null needs them. */
export function decodeValues(
  types: readonly ValueType[],
  source: Uint32Array,
  at: number,
  exports: () => Exports,
): unknown[] {
  let word = at;
  return types.map((type) => {
    const value = readValue(type, source, word);
    word += wordsOf(type);
    return type === "funcref" && value !== null ? functionOf(Number(value) - 1, exports()) : value;
  });
}

export function encodeValues(
  types: readonly ValueType[],
  values: readonly unknown[],
  target: Uint32Array,
  at: number,
): void {
  let word = at;
  types.forEach((type, index) => {
    writeValue(type, toValue(values[index]), target, word, () => "a value");
    word += wordsOf(type);
  });
}

/** What a function returned, as the JavaScript API gives it: nothing, a value, or several. */
export function listOf(types: readonly ValueType[], returned: unknown): readonly unknown[] {
  if (types.length === 0) return [];
  return types.length === 1 ? [returned] : [...(returned as Iterable<unknown>)];
}

/** A function as the number that stands for it: V8 names an exported function by its index. */
function toValue(value: unknown): Value {
  return typeof value === "function" ? Number(value.name) + 1 : (value as Value);
}

function functionOf(index: number, exports: Exports): unknown {
  const found = Object.values(exports).find((item) => typeof item === "function" && item.name === String(index));
  if (found === undefined) throw new Error(`the v8 device can pass only null and exported functions as a funcref`);
  return found;
}
