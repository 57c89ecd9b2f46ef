/** What is refused before anything runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Imports, perInstance } from "../../compiler-ts/src/index.ts";
import { describeOnEveryDevice } from "./support.ts";

describeOnEveryDevice("refused imports", ({ pool }) => {
  const text = `(module (import "env" "log" (func (param i32))) (import "env" "memory" (memory 1 2))
    (import "env" "seed" (global i64)) (import "other" "table" (table 3 externref))
    (func (export "run")))`;
  const complete = {
    env: { log: () => {}, memory: { pages: 1 }, seed: 1n },
    other: { table: { size: 3 } },
  } satisfies Imports;

  test("all imports that are missing, with module, name and type", async () => {
    await assert.rejects(pool(text, { env: { seed: 1n } }), (error: Error & { diagnostic?: { kind: string } }) => {
      assert.equal(error.diagnostic?.kind, "missing-import");
      assert.match(
        error.message,
        /env\.log: \(i32\) -> \(\); env\.memory: memory, 1 to 2 pages; other\.table: table of externref, 3 elements or more$/,
      );
      return true;
    });
    await assert.rejects(pool(text), /env\.log.*env\.memory.*env\.seed: global i64; other\.table/);
  });

  const refusals: readonly (readonly [string, Imports, RegExp])[] = [
    [
      "no function",
      { ...complete, env: { ...complete.env, log: 5 } },
      /import env\.log is a function \(i32\) -> \(\) and was given 5/,
    ],
    ["no BigInt", { ...complete, env: { ...complete.env, seed: 1 } }, /import env\.seed: 1 is not an i64/],
    [
      "no memory",
      { ...complete, env: { ...complete.env, memory: 1 } },
      /import env\.memory is a memory, an object with pages, and was given 1/,
    ],
    [
      "too many pages",
      { ...complete, env: { ...complete.env, memory: { pages: 3 } } },
      /env\.memory: a memory of 3 pages was given, and the module needs at least 1 and at most 2/,
    ],
    [
      "too much",
      { ...complete, env: { ...complete.env, memory: { pages: 1, contents: new Uint8Array(65_537) } } },
      /65537 bytes of contents in a memory of 1 pages/,
    ],
    [
      "a small table",
      { ...complete, other: { table: { size: 2 } } },
      /other\.table: a table of 2 elements was given, and the module needs at least 3/,
    ],
    [
      "a text",
      { ...complete, other: { table: { size: 3, elements: ["x" as never] } } },
      /other\.table, element 0: "x" is not an externref/,
    ],
    [
      "one too few",
      { ...complete, env: { ...complete.env, seed: perInstance([1n]) } },
      /env\.seed: 1 items for 7 instances/,
    ],
  ];
  for (const [name, imports, message] of refusals) {
    test(`${name}: ${message.source}`, async () => {
      await assert.rejects(pool(text, imports), (error: Error) => {
        assert.match(error.message, message);
        return error.name === "CompileError";
      });
    });
  }

  test("names that every object inherits are missing all the same", async () => {
    const inherited = '(module (import "env" "toString" (func)) (import "constructor" "name" (func)))';
    await assert.rejects(pool(inherited, { env: {} }), /env\.toString: .*constructor\.name/);
  });

  test("an impossible importTimeout", async () => {
    for (const importTimeout of [0, -1, Number.NaN, 2 ** 31]) {
      await assert.rejects(pool(text, complete, { importTimeout }), /importTimeout .*: expected milliseconds/);
    }
  });
});
