/**
 * Values of the suite as records of 32-bit words, low word first, as the kernel ABI has them: bits, so that no NaN is
 * touched on the way. A reference is 0 for null; the suite's host object n is the number n + 1.
 */
import type { JsonValue, LaneType } from "./commands.ts";

export function encodeArguments(values: readonly JsonValue[]): Uint32Array {
  return Uint32Array.from(values.flatMap(encode));
}

function encode(value: JsonValue): number[] {
  switch (value.type) {
    case "i32":
    case "f32":
      return [Number(BigInt.asUintN(32, BigInt(value.value)))];
    case "i64":
    case "f64":
      return words64(BigInt(value.value));
    case "v128":
      return joinLanes(value.lane_type, value.value);
    case "externref":
    case "funcref":
      if (value.value === undefined) throw new Error(`an argument of type ${value.type} has no value`);
      return [value.value === "null" ? 0 : Number(value.value) + 1];
  }
}

function words64(bits: bigint): number[] {
  return [Number(BigInt.asUintN(32, bits)), Number(BigInt.asUintN(32, bits >> 32n))];
}

const laneBits: Readonly<Record<LaneType, number>> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 };

function joinLanes(type: LaneType, lanes: readonly string[]): number[] {
  const width = laneBits[type];
  const bits = lanes.reduce(
    (all, lane, index) => all | (BigInt.asUintN(width, BigInt(lane)) << BigInt(index * width)),
    0n,
  );
  return [...words64(bits), ...words64(bits >> 64n)];
}

/** Whether the record `words` is what the suite expects: bit for bit, but for the NaN classes that it allows. */
export function matches(expected: readonly JsonValue[], words: Uint32Array): boolean {
  const tests = expected.flatMap(expectedWords);
  return tests.length === words.length && tests.every((test, index) => test(words[index] as number));
}

type WordTest = (word: number) => boolean;

const equals =
  (expected: number): WordTest =>
  (word) =>
    word === expected;

function expectedWords(value: JsonValue): WordTest[] {
  switch (value.type) {
    case "f32":
    case "f64":
      return expectedFloat(value.type, value.value);
    case "v128":
      if (value.lane_type === "f32" || value.lane_type === "f64") {
        const type = value.lane_type;
        return value.value.flatMap((lane) => expectedFloat(type, lane));
      }
      return joinLanes(value.lane_type, value.value).map(equals);
    case "externref":
    case "funcref":
      return value.value === undefined ? [(word) => word !== 0] : encode(value).map(equals);
    default:
      return encode(value).map(equals);
  }
}

/** Canonical: only the quiet bit of the payload, either sign. Arithmetic: at least the quiet bit. Specification 4.3.3. */
function expectedFloat(type: "f32" | "f64", value: string): WordTest[] {
  const quiet = type === "f32" ? 0x7fc0_0000 : 0x7ff8_0000;
  const low = (test: WordTest): WordTest[] => (type === "f32" ? [] : [test]);
  switch (value) {
    case "nan:canonical":
      return [...low(equals(0)), (word) => (word & 0x7fff_ffff) === quiet];
    case "nan:arithmetic":
      return [...low(() => true), (word) => (word & quiet) === quiet];
    default:
      return encode({ type, value }).map(equals);
  }
}

/** For messages: the record in hexadecimal. */
export function showWords(words: Uint32Array): string {
  return `[${Array.from(words, (word) => word.toString(16).padStart(8, "0")).join(" ")}]`;
}
