/**
 * Values as text, for the command line and jobs files. An i32 is a JSON number, an i64 a decimal string, a float a string with its
 * shortest text that reads back as the same value: `0.1`, `1e+30`, `-0`, `nan`, `inf`, `-inf`. So each type has one form in JSON,
 * whatever the value. A reference is null or a number, a v128 its 16 bytes in hexadecimal.
 */
import { aValueOf, usage } from "./api/usage.ts";
import type { Value } from "./api/values.ts";
import type { ValueType } from "./wasm/module.ts";

export type JsonValue = number | string | null;

export function valueToJson(type: ValueType, value: Value): JsonValue {
  switch (type) {
    case "i32":
    case "funcref":
    case "externref":
      return value as number | null;
    case "i64":
      return String(value);
    case "f32":
      return floatText(value as number, shortestFloat32);
    case "f64":
      return floatText(value as number, String);
    case "v128":
      return Buffer.from(value as Uint8Array).toString("hex");
  }
}

/** From a jobs file (a JSON value) or the command line (text). Throws CompileError of kind "usage", which names `what`. */
export function parseValue(type: ValueType, given: unknown, what: string): Value {
  const parsed = parse(type, given);
  if (parsed !== undefined) return parsed;
  throw usage(`${what}: ${JSON.stringify(given) ?? String(given)} is not ${aValueOf(type)}${hint(type, given)}`);
}

function parse(type: ValueType, given: unknown): Value | undefined {
  switch (type) {
    case "i32": {
      const integer = parseInteger(given);
      return integer !== undefined && integer >= -(2n ** 31n) && integer < 2n ** 32n ? Number(integer) : undefined;
    }
    case "i64": {
      const integer = parseInteger(given);
      return integer !== undefined && integer >= -(2n ** 63n) && integer < 2n ** 64n ? integer : undefined;
    }
    case "f32": {
      const value = parseFloatText(given);
      return value === undefined ? undefined : Math.fround(value);
    }
    case "f64":
      return parseFloatText(given);
    case "funcref":
    case "externref": {
      if (given === null || given === "null") return null;
      const integer = parseInteger(given);
      return integer !== undefined && integer > 0n && integer < 2n ** 32n ? Number(integer) : undefined;
    }
    case "v128":
      return typeof given === "string" && /^[0-9a-f]{32}$/i.test(given)
        ? new Uint8Array(Buffer.from(given, "hex"))
        : undefined;
  }
}

function hint(type: ValueType, given: unknown): string {
  const inexact = type === "i64" && typeof given === "number" && !Number.isSafeInteger(given);
  if (inexact) return " that a JSON number holds exactly; write it as a string";
  return (type === "i32" || type === "i64") && parseInteger(given) !== undefined ? `: ${ranges[type]}` : "";
}

const ranges = { i32: "from -2^31 to 2^32 - 1", i64: "from -2^63 to 2^64 - 1" } as const;

function parseInteger(given: unknown): bigint | undefined {
  // A number beyond 2^53 may have been another one in the text.
  if (typeof given === "number") return Number.isSafeInteger(given) ? BigInt(given) : undefined;
  const match = typeof given === "string" ? /^([+-]?)(\d+|0x[0-9a-f]+)$/i.exec(given) : null;
  if (match === null) return undefined;
  const magnitude = BigInt(match[2] as string);
  return match[1] === "-" ? -magnitude : magnitude;
}

const specialFloats: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, infinity: Infinity };

function parseFloatText(given: unknown): number | undefined {
  if (typeof given === "number") return given;
  const match =
    typeof given === "string"
      ? /^([+-]?)(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf(?:inity)?)$/i.exec(given)
      : null;
  if (match === null) return undefined;
  const text = (match[2] as string).toLowerCase();
  const magnitude = specialFloats[text] ?? Number(text);
  return match[1] === "-" ? -magnitude : magnitude;
}

function floatText(value: number, shortest: (value: number) => string): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : shortest(value);
}

/** JavaScript's own shortest text is that of the f64, which has more digits than an f32 needs. */
function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return String(candidate);
  }
  return String(Number(value.toPrecision(9)));
}
