import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Value } from "../../compiler-ts/src/api/values.ts";
import { type JsonValue, parseValue, valueToJson } from "../../compiler-ts/src/valueText.ts";
import type { ValueType } from "../../compiler-ts/src/wasm/module.ts";

const forms: readonly (readonly [ValueType, Value, JsonValue])[] = [
  ["i32", -5, -5],
  ["i64", 2n ** 63n - 1n, "9223372036854775807"],
  ["i64", -1n, "-1"],
  ["f32", Math.fround(0.1), "0.1"],
  ["f32", Math.fround(16777216), "16777216"],
  ["f32", 2 ** -149, "1e-45"],
  ["f64", 0.1, "0.1"],
  ["f64", 5e-324, "5e-324"],
  ["f64", -0, "-0"],
  ["f32", -0, "-0"],
  ["f64", 1, "1"],
  ["f64", Number.NaN, "nan"],
  ["f64", Infinity, "inf"],
  ["f32", -Infinity, "-inf"],
  ["externref", null, null],
  ["externref", 3, 3],
  ["v128", new Uint8Array(16).fill(0xab), "ab".repeat(16)],
];
for (const [type, value, json] of forms) {
  test(`${type} ${String(value)} is ${JSON.stringify(json)} in JSON, and reads back as itself`, () => {
    assert.deepEqual(valueToJson(type, value), json);
    assert.deepEqual(parseValue(type, json, "x"), value);
  });
}

test("every f32 reads back as itself from text of at most nine digits", () => {
  const finite = fc.float({ noNaN: true });
  fc.assert(
    fc.property(finite, (value) => {
      const text = String(valueToJson("f32", value));
      assert.ok(text.replace(/e.*|[-.]/g, "").replace(/^0+|0+$/g, "").length <= 9, text);
      return Object.is(Math.fround(parseValue("f32", text, "x") as number), value);
    }),
  );
});

test("every i64 and f64 reads back as itself", () => {
  const round = (type: ValueType, value: Value) =>
    parseValue(type, JSON.parse(JSON.stringify(valueToJson(type, value))), "x");
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => round("i64", value) === value),
  );
  fc.assert(fc.property(fc.double(), (value) => Object.is(round("f64", value), value)));
});

const accepted: readonly (readonly [ValueType, unknown, Value])[] = [
  ["i32", "-5", -5],
  ["i32", "0xff", 255],
  ["i32", 4294967295, 4294967295],
  ["i64", 7, 7n],
  ["i64", "18446744073709551615", 2n ** 64n - 1n],
  ["i64", "-0x10", -16n],
  ["f64", 1.5, 1.5],
  ["f64", "-.5e2", -50],
  ["f32", "-INF", -Infinity],
  ["funcref", "null", null],
];
for (const [type, given, value] of accepted) {
  test(`${JSON.stringify(given)} is accepted as ${type}`, () => {
    assert.deepEqual(parseValue(type, given, "x"), value);
  });
}

const refused: readonly (readonly [ValueType, unknown])[] = [
  ["i32", "1.5"],
  ["i32", 1.5],
  ["i32", 4294967296],
  ["i32", ""],
  ["i32", "1 "],
  ["i32", true],
  ["i32", null],
  ["i64", "9e3"],
  ["i64", "18446744073709551616"],
  ["f64", "0x"],
  ["f64", "one"],
  ["f64", "."],
  ["f32", [1]],
  ["externref", 0],
  ["v128", "00"],
];
for (const [type, given] of refused) {
  test(`${JSON.stringify(given)} is refused as ${type}, naming what it was for`, () => {
    assert.throws(() => parseValue(type, given, "argument 1 of f"), {
      name: "CompileError",
      message: /^argument 1 of f: /,
    });
  });
}

test("a number that JSON could not hold exactly is refused with advice", () => {
  assert.throws(() => parseValue("i64", 2 ** 53, "x"), /write it as a string/);
});
