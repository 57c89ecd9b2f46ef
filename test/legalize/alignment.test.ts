import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apply, i32, read } from "../../compiler-ts/src/ir/builder.ts";
import type { Expression, Local } from "../../compiler-ts/src/ir/module.ts";
import { expressionAlignment } from "../../compiler-ts/src/legalize/memory/alignment.ts";
import { moduleAlignment } from "../../compiler-ts/src/legalize/memory/moduleAlignment.ts";
import { lowerModule } from "../../compiler-ts/src/lower/lowerModule.ts";
import { decode } from "../../compiler-ts/src/wasm/decode.ts";
import { wat } from "../support/wat.ts";

const eight: Local = { kind: "variable", type: "i32", name: "eight" };
const unknown: Local = { kind: "variable", type: "i32", name: "unknown" };
const of = (local: Local): number | undefined => (local === eight ? 8 : undefined);
const two = (operation: string, first: Expression, second: Expression) => apply("i32", operation, [first, second]);

describe("the alignment of an i32", () => {
  const cases: readonly (readonly [string, Expression, number])[] = [
    ["zero is a multiple of all", i32(0), 16],
    ["a constant", i32(24), 8],
    ["the highest bit alone", i32(0x80000000), 16],
    ["minus sixteen", i32(-16), 16],
    ["a sum has the lesser one", two("i32.add", read(eight), i32(12)), 4],
    ["a difference", two("i32.sub", i32(32), read(eight)), 8],
    ["a sum with what is unknown", two("i32.add", read(eight), read(unknown)), 1],
    ["a mask", two("i32.and", read(unknown), i32(-4)), 4],
    ["a shift", two("i32.shl", read(unknown), i32(3)), 8],
    ["a shift by a number that is not known", two("i32.shl", read(eight), read(unknown)), 8],
    ["a shift by a width is none", two("i32.shl", read(unknown), i32(32)), 1],
    ["a product", two("i32.mul", read(unknown), i32(12)), 4],
    ["a product of two", two("i32.mul", read(eight), i32(6)), 16],
    ["a shift to the right", two("i32.shr_u", read(eight), i32(1)), 1],
    ["one of two", apply("i32", "select", [read(eight), i32(4), read(unknown)]), 4],
  ];
  for (const [name, expression, alignment] of cases) {
    it(name, () => assert.equal(expressionAlignment(expression, of), alignment));
  }
});

describe("alignment that holds in all of a module", () => {
  /** Of global 0, and of the parameters of the first function. */
  const facts = (text: string) => {
    const module = decode(wat(`(module (memory 1) ${text})`));
    const roots = module.exports.filter((item) => item.kind === "function").map((item) => item.index);
    const ir = lowerModule(module, { roots });
    const alignment = moduleAlignment(ir);
    const [func] = ir.functions.values();
    assert.ok(func !== undefined);
    return {
      global: ir.globals[0] === undefined ? undefined : alignment.ofState(ir.globals[0].stateWord),
      parameters: func.parameters.map((_, index) => alignment.ofParameter(func, index)),
    };
  };
  const pointer = "(global $sp (mut i32) (i32.const 4096))";
  const frame = (bytes: number) =>
    `(func (export "run") (local $f i32) (global.set $sp (local.tee $f (i32.sub (global.get $sp) (i32.const ${bytes}))))
      (global.set $sp (i32.add (local.get $f) (i32.const ${bytes}))))`;

  it("a stack pointer moved by multiples", () => assert.equal(facts(pointer + frame(48)).global, 16));
  it("a stack pointer moved by less", () =>
    assert.equal(facts(pointer + frame(48) + frame(4).replace("run", "other")).global, 4));
  it("a stack pointer set by the caller", () =>
    assert.equal(facts(`${pointer}(func (export "set") (param i32) (global.set $sp (local.get 0)))`).global, 1));
  it("a stack pointer that the host may set", () =>
    assert.equal(facts(`(global $sp (export "sp") (mut i32) (i32.const 4096))${frame(48)}`).global, 1));
  it("a constant that is exported", () =>
    assert.equal(facts(`(global (export "base") i32 (i32.const 4096)) (func (export "run"))`).global, 16));
  it("what all calls give", () =>
    assert.deepEqual(
      facts(`(func $f (param i32 i32)) (func (export "run") (param $p i32)
        (call $f (i32.const 64) (local.get $p)) (call $f (i32.shl (local.get $p) (i32.const 2)) (i32.const 8)))`)
        .parameters,
      [4, 1],
    ));
  it("a parameter that hands itself on", () =>
    assert.deepEqual(
      facts(
        `(func $f (param i32) (call $f (i32.add (local.get 0) (i32.const 8)))) (func (export "run") (call $f (i32.const 0)))`,
      ).parameters,
      [8],
    ));
  it("a parameter that goes round through another function, which breaks it", () =>
    assert.deepEqual(
      facts(`(func $f (param i32) (call $g (local.get 0))) (func $g (param i32) (call $f (i32.add (local.get 0) (i32.const 2))))
        (func (export "run") (call $f (i32.const 0)))`).parameters,
      [2],
    ));
  it("an exported function's parameters", () =>
    assert.deepEqual(facts(`(func (export "run") (param i32))`).parameters, [1]));
});
