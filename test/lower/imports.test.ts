import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dumpModule } from "../../compiler-ts/src/ir/dump.ts";
import { verify } from "../../compiler-ts/src/ir/verify.ts";
import { indirectCalls } from "../../compiler-ts/src/legalize/indirectCalls.ts";
import { lowerModule } from "../../compiler-ts/src/lower/lowerModule.ts";
import { decode } from "../../compiler-ts/src/wasm/decode.ts";
import { assertGolden } from "../support/golden.ts";
import { wat } from "../support/wat.ts";

function lower(text: string) {
  const module = decode(wat(text));
  const roots = module.exports.filter((item) => item.kind === "function").map((item) => item.index);
  const ir = lowerModule(module, { roots });
  verify(ir, "lowered");
  return ir;
}

test("imports of every kind, lowered", () => {
  const ir = lower(readFileSync(new URL("./imports.wat", import.meta.url), "utf8"));
  assertGolden(new URL("./imports.expected.ir", import.meta.url), dumpModule(ir));
});

test("a table that the host fills can call what is exported, and what the module makes references to", () => {
  const ir = lower(`(module
    (import "env" "table" (table 1 funcref))
    (func (export "exported") (result i32) (i32.const 1))
    (func $hidden (result i32) (i32.const 2))
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))`);
  indirectCalls(ir);
  const text = dumpModule(ir);
  assert.match(text, /switch reference case 1 \{\n\s+result0 = call 0\(\)/);
  assert.doesNotMatch(text, /call 1\(\)/);
});

test("nothing of an imported memory or table is reset when instances are made", () => {
  const [own, imported] = [
    "(memory 1) (table 1 funcref)",
    `(import "m" "m" (memory 1)) (import "m" "t" (table 1 funcref))`,
  ].map((state) =>
    dumpModule(lower(`(module ${state} (func (export "grow") (drop (table.grow (ref.null func) (i32.const 1)))))`)),
  );
  assert.match(own ?? "", /memory\.reset[\s\S]*table\.reset/);
  assert.doesNotMatch(imported ?? "", /\.reset/);
});
