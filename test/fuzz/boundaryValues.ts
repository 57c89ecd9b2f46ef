/** Values at which instructions change their behaviour, as WebAssembly text and as JavaScript has them. */
import type { Value } from "../../compiler-ts/src/index.ts";
import type { NumberType } from "../../compiler-ts/src/wasm/module.ts";
import type { Type } from "./program.ts";

const integers32 = [0, 1, -1, 2, 3, 7, 31, 32, 127, 128, -128, 255, 0x7fff, 0x8000, 0xffff, 0x10000] as const;
const extremes32 = [0x7fff_ffff, -0x8000_0000, -0x7fff_ffff, 0x5555_5555, 0x0123_4567] as const;
const integers64 = [
  "4294967295",
  "4294967296",
  "-4294967296",
  "2147483648",
  "-2147483649",
  "9007199254740993",
] as const;
const extremes64 = ["9223372036854775807", "-9223372036854775808", "1311768467463790320"] as const;

/** Zeros, subnormals, both sides of the integer ranges, the largest finite ones, infinities. */
const floats32 = [
  ...["0", "-0", "1", "-1", "0.5", "-1.5", "2.5", "3.1415927", "16777216", "16777217", "0x1p-149", "-0x1p-149"],
  ...["0x1.fffffcp-127", "0x1p-126", "0x1p-100", "-0x1p-64", "2147483520", "2147483648", "-2147483648", "4294967040"],
  ...["4294967296", "9223371487098961920", "9223372036854775808", "18446742974197923840", "18446744073709551616"],
  ...["0x1.fffffep127", "-0x1.fffffep127", "inf", "-inf", "-0.99999994"],
] as const;
const floats64 = [
  ...["0", "-0", "1", "-1", "0.5", "-1.5", "2.5", "3.141592653589793", "0x1p-1074", "-0x1p-1074", "0x1p-1022"],
  ...["0x1p-149", "0x1p-150", "0x1.8p-150", "0x1.fffffefp127", "0x1p128", "9007199254740993", "2147483647"],
  ...["2147483647.9999998", "2147483648", "-2147483648.9", "-2147483649", "4294967295.9", "4294967296", "-0.9999"],
  ...["9223372036854774784", "9223372036854775808", "-9223372036854775808", "18446744073709549568"],
  ...["18446744073709551616", "0x1.fffffffffffffp1023", "-0x1.fffffffffffffp1023", "inf", "-inf"],
] as const;

/** NaNs of all classes; only as constants, because JavaScript may change them on the way. */
const nans32 = ["nan", "-nan", "nan:0x200000", "-nan:0x7fffff"] as const;
const nans64 = ["nan", "-nan", "nan:0x4000000000000", "-nan:0xfffffffffffff"] as const;

const scalarTexts: Readonly<Record<NumberType, readonly string[]>> = {
  i32: [...integers32, ...extremes32].map(String),
  i64: [...integers32.map(String), ...integers64, ...extremes64],
  f32: [...floats32, ...nans32],
  f64: [...floats64, ...nans64],
};

export const boundaryTexts: Readonly<Record<Type, readonly string[]>> = {
  ...scalarTexts,
  v128: (["i32", "f32", "i64", "f64"] as const).flatMap(vectorTexts),
};

/** Each value once, beside those that follow it. */
function vectorTexts(lane: NumberType): string[] {
  const texts = scalarTexts[lane];
  const lanes = lane.endsWith("32") ? 4 : 2;
  return texts.map((_, first) => {
    const values = Array.from({ length: lanes }, (_, index) => texts[(first + index) % texts.length]);
    return `${lane}x${lanes} ${values.join(" ")}`;
  });
}

const boundaryValues: Readonly<Record<NumberType, readonly Value[]>> = {
  i32: [...integers32, ...extremes32],
  i64: scalarTexts.i64.map(BigInt),
  f32: [...floats32.map(parseFloatText), Number.NaN].map(Math.fround),
  f64: [...floats64.map(parseFloatText), Number.NaN],
};

/** One of the boundary values, spread over all of them as `key` changes. */
export function boundaryValue(type: NumberType, key: number): Value {
  const values = boundaryValues[type];
  // Fibonacci hashing: neighbouring keys fall far apart.
  return values[Math.floor(((Math.imul(key + 1, 0x9e37_79b1) >>> 0) / 2 ** 32) * values.length)] ?? 0;
}

function parseFloatText(text: string): number {
  const hexadecimal = /^(-?)0x1(?:\.([0-9a-f]+))?p(-?\d+)$/.exec(text);
  if (hexadecimal === null) return Number(text.replace("inf", "Infinity"));
  const [, sign, fraction = "", exponent] = hexadecimal;
  const magnitude = 1 + (fraction === "" ? 0 : Number.parseInt(fraction, 16) / 16 ** fraction.length);
  return (sign === "-" ? -1 : 1) * scale(magnitude, Number(exponent));
}

/** In two steps: 2 ** -1074 itself is a number, 2 ** 1024 is not. */
function scale(magnitude: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return magnitude * 2 ** half * 2 ** (exponent - half);
}
