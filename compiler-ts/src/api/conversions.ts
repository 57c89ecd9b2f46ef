/** What an imported function returns, as the JavaScript API of WebAssembly converts it (ToWebAssemblyValue), in records. */
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import { aValueOf } from "./usage.ts";
import { show, type Value, writeValue } from "./values.ts";

/**
 * Writes the record of what one call returned at word `at`. Throws a TypeError, as JavaScript itself would, that names `what` and the type
 * that was expected.
 */
export function writeReturned(
  types: readonly ValueType[],
  returned: unknown,
  target: Uint32Array,
  at: number,
  what: string,
): void {
  if (types.length === 0) return;
  const values = types.length === 1 ? [returned] : listOf(types, returned, what);
  let word = at;
  types.forEach((type, index) => {
    writeConverted(type, values[index], target, word, what);
    word += wordsOf(type);
  });
}

export function writeConverted(type: ValueType, value: unknown, target: Uint32Array, at: number, what: string): void {
  try {
    writeValue(type, convert(type, value), target, at, () => what);
  } catch {
    throw new TypeError(`${what} returned ${show(value)}, which is not ${aValueOf(type)}${hints[type] ?? ""}`);
  }
}

const hints: Partial<Record<ValueType, string>> = {
  i64: " (a BigInt)",
  funcref: " (null or a number)",
  externref: " (null or a number)",
  v128: " (a Uint8Array of 16 bytes)",
};

function listOf(types: readonly ValueType[], returned: unknown, what: string): readonly unknown[] {
  const expected = `${types.length} values (${types.join(", ")})`;
  if (typeof returned !== "object" || returned === null || !(Symbol.iterator in returned)) {
    throw new TypeError(`${what} returned ${show(returned)}, not an array of ${expected}`);
  }
  const values = [...(returned as Iterable<unknown>)];
  if (values.length !== types.length) {
    throw new TypeError(`${what} returned ${values.length} values, not ${expected}`);
  }
  return values;
}

/** Throws for what JavaScript does not convert: a BigInt to a number, a number to a BigInt, a symbol to either. */
function convert(type: ValueType, value: unknown): Value {
  switch (type) {
    case "i32":
      return toNumber(value) | 0;
    case "f32":
    case "f64":
      return toNumber(value);
    case "i64":
      if (typeof value === "number") throw new TypeError("not a BigInt");
      return BigInt.asIntN(64, BigInt(value as bigint));
    case "funcref":
    case "externref":
    case "v128":
      return value as Value;
  }
}

/** `Number` would take a BigInt; the unary plus does not. */
function toNumber(value: unknown): number {
  return +(value as number);
}
