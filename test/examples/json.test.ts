import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const json = instantiateExample("json");
const call = (name: string, ...values: number[]) => Number(json.exportedFunction(name)(...values));

function minify(text: string): string | number {
  const encoded = Buffer.from(text);
  json.memory().set(encoded, call("text_address"));
  const length = call("minify", encoded.length);
  if (length < 0) return length;
  const address = call("minified_address");
  return Buffer.from(json.memory().subarray(address, address + length)).toString();
}

const values = [null, true, -0.5, 1e21, 'é\n"\\\u0001', [], {}, [[1, [2]], { a: { b: [{}] } }], { "": [null, false] }];

test("texts with white space become what JSON.stringify writes without", () => {
  for (const value of values) assert.equal(minify(JSON.stringify(value, undefined, 3)), JSON.stringify(value));
  assert.equal(minify(` \t\r\n${JSON.stringify(values)} `), JSON.stringify(values));
});

test("what JSON.parse refuses is refused, at the byte", () => {
  const wrong = {
    "[1,]": 3,
    "{1:2}": 1,
    "[1 2]": 3,
    "01": 1,
    "1.": 2,
    "-": 1,
    tru: 3,
    '"\\x"': 2,
    '"\u0001"': 1,
    "": 0,
    "[]]": 2,
    "1e": 2,
  };
  for (const [text, offset] of Object.entries(wrong)) {
    assert.throws(() => JSON.parse(text), SyntaxError, text);
    assert.equal(minify(text), -1 - offset, text);
  }
});

test("values and nesting are counted", () => {
  minify('{"a": [1, [2]], "b": null}');
  assert.deepEqual([call("value_count"), call("nesting")], [6, 3]);
});

test("a text that is too long traps", () => {
  assert.throws(() => call("minify", 16_385), /unreachable/);
});
