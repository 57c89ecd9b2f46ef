import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const json = instantiateExample("jsontree");
const parse = json.exportedFunction("parse");
const textAddress = Number(json.exportedFunction("text_address")());
const valuesAddress = Number(json.exportedFunction("values_address")());

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

function count(text: string): number {
  const bytes = Buffer.from(text);
  json.memory().set(bytes, textAddress);
  return Number(parse(bytes.length));
}

type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/** The values that the parser left in memory, put together: kinds and layout as examples/jsontree/jsontree.c has them. */
function built(values: number): Json {
  const memory = new DataView(json.memory().buffer);
  let next = 0;
  const build = (parent: number): Json => {
    assert.ok(next < values, "more values than there are");
    const index = next++;
    const at = valuesAddress + 16 * index;
    const kindAndParent = memory.getUint32(at, true);
    assert.equal((kindAndParent >>> 3) - 1, parent, `the parent of value ${index}`);
    const children = memory.getUint32(at + 4, true);
    switch (kindAndParent & 7) {
      case 0:
        return null;
      case 1:
        return false;
      case 2:
        return true;
      case 3:
        return memory.getFloat64(at + 8, true);
      case 4: {
        const start = textAddress + Number(memory.getBigUint64(at + 8, true));
        return JSON.parse(`"${Buffer.from(json.memory().subarray(start, start + children))}"`);
      }
      case 5:
        return Array.from({ length: children }, () => build(index));
      default:
        return new Map(Array.from({ length: children / 2 }, () => [String(build(index)), build(index)]));
    }
  };
  const value = build(-1);
  assert.equal(next, values, "values that belong to nothing");
  return value;
}

function asMaps(value: unknown): Json {
  if (Array.isArray(value)) return value.map(asMaps);
  if (typeof value === "object" && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, asMaps(item)]));
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string")
    return value;
  return assert.fail("not JSON");
}

const texts = [
  "null",
  " [ ] ",
  "{}",
  '[[],{},[[[]]],{"a":{"b":[]}}]',
  '{"a": 1, "b": [true, false, null], "c": {"d": "e"}}',
  '"\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9 é"',
  "[0, -0, 1.5, -2.25e3, 1E-2, 123456789012345, 0.000001, 1e22, 9007199254740992, 0e999, 1e-400, 1e400]",
  '\t{"x"\n:\r[1 ,2\t]}\n',
];

test("texts become the values that JSON.parse gives", () => {
  for (const text of texts) assert.deepEqual(built(count(text)), asMaps(JSON.parse(text)), text);
});

test("with one character removed, repeated or replaced, a text is JSON exactly where JSON.parse says so", () => {
  for (const text of texts) {
    for (let at = 0; at <= text.length; at++) {
      const [before, after] = [text.slice(0, at), text.slice(at + 1)];
      const changed = ["", ...'{}[],:"\\0-.eu \u0001'].map((character) => before + character + after);
      for (const variant of [...changed, before + text.slice(at, at + 1) + text.slice(at)]) {
        assert.equal(count(variant) >= 0, isJson(variant), variant);
      }
    }
  }
});

test("a run's text is JSON, parsed as JSON.parse parses it", () => {
  json.exportedFunction("run")(7, 100);
  const memory = json.memory();
  const text = Buffer.from(memory.subarray(textAddress, memory.indexOf(0, textAddress))).toString();
  const records: unknown = JSON.parse(text);
  assert.ok(Array.isArray(records) && records.length === 100);
  assert.deepEqual(built(count(text)), asMaps(records));
});

test("too long a text, too many values and too many records trap", () => {
  assert.throws(() => parse(20481), /unreachable/);
  assert.throws(() => count(`[${"1,".repeat(2500)}1]`), /unreachable/);
  assert.throws(() => json.exportedFunction("run")(0, 107), /unreachable/);
  assert.notEqual(json.exportedFunction("run")(0, 106), json.exportedFunction("run")(1, 106));
});
