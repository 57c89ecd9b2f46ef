/** Imported functions: values there and back, and where they may be called from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImportContext, ImportFunction, Value } from "../../compiler-ts/src/index.ts";
import { describeOnEveryDevice, failed, forwarding, range } from "./support.ts";

describeOnEveryDevice("imported functions", ({ pool }) => {
  async function one(parameters: string, results: string, f: ImportFunction, given: Value[] = []) {
    const p = await pool(forwarding(parameters, results), { env: { f } }, { instances: 1 });
    const [result] = await p.invoke("call", given);
    await p.release();
    return result;
  }

  const conversions: readonly (readonly [string, unknown, Value])[] = [
    ["i32", 7, 7],
    ["i32", 2 ** 32 - 1, -1],
    ["i32", 1.9, 1],
    ["i32", "12", 12],
    ["i32", undefined, 0],
    ["i32", true, 1],
    ["i64", 2n ** 64n - 1n, -1n],
    ["i64", "-5", -5n],
    ["f32", 0.1, Math.fround(0.1)],
    ["f64", -0, -0],
    ["f64", null, 0],
    ["externref", null, null],
    ["externref", 5, 5],
  ];
  for (const [type, returned, expected] of conversions) {
    test(`${String(returned)} returned for ${type} is ${String(expected)}`, async () => {
      assert.deepEqual(await one("", type, () => returned), { values: [expected] });
    });
  }

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["i32", 1n, "env.f returned 1n, which is not an i32"],
    ["i64", 1, "env.f returned 1, which is not an i64 (a BigInt)"],
    ["i64", undefined, "env.f returned undefined, which is not an i64 (a BigInt)"],
    ["f64", Symbol("x"), "env.f returned Symbol(x), which is not an f64"],
    ["externref", "text", 'env.f returned "text", which is not an externref (null or a number)'],
    ["i32 i64", 1, "env.f returned 1, not an array of 2 values (i32, i64)"],
    ["i32 i64", [1], "env.f returned 1 values, not 2 values (i32, i64)"],
    ["i32 i64", [1, 2], "env.f returned 2, which is not an i64 (a BigInt)"],
  ];
  for (const [types, returned, message] of wrong) {
    test(`a wrong type is a trap by name: ${message}`, async () => {
      assert.deepEqual(await one("", types, () => returned), failed(message));
    });
  }

  test("arguments come with their types, several results go back in order, the instance is named", async () => {
    const seen: unknown[] = [];
    const f = ({ instance }: ImportContext, ...values: Value[]) => {
      seen[instance] = values;
      return new Set([instance, BigInt(instance), 0.5, -1]);
    };
    const text = forwarding("i32 i64 f32 f64", "i32 i64 f32 f64");
    const p = await pool(text, { env: { f: f as (context: ImportContext) => unknown } });
    const given = range.map((index): Value[] => [-index, 2n ** 40n * BigInt(index), 0.25, index / 3]);
    assert.deepEqual(
      await p.invoke("call", given),
      range.map((index) => ({ values: [index, BigInt(index), 0.5, -1] })),
    );
    assert.deepEqual(
      seen,
      given.map((values) => values.map((value) => (Object.is(value, -0) ? 0 : value))),
    );
  });

  test("only the instances that are run call", async () => {
    const seen: number[] = [];
    const f = ({ instance }: ImportContext) => seen.push(instance);
    const p = await pool(forwarding("", "i32"), { env: { f } });
    const results = await p.invoke("call", [], { instances: [5, 2] });
    assert.equal(results.length, 2);
    assert.deepEqual(seen.toSorted(), [2, 5]);
  });

  test("async imports are awaited, and each instance gets its own answer", async () => {
    const f = async ({ instance }: ImportContext, value: number) => {
      await new Promise((resolve) => setTimeout(resolve, 10 - instance));
      return value * 2;
    };
    const p = await pool(forwarding("i32", "i32"), { env: { f } });
    assert.deepEqual(
      await p.invoke(
        "call",
        range.map((index) => [index]),
      ),
      range.map((index) => ({ values: [index * 2] })),
    );
  });

  const loop = `(module (import "env" "f" (func $f (param i32) (result i32)))
    (func (export "sum") (param $n i32) (result i32) (local $i i32) (local $s i32)
      (loop $l
        (local.set $s (i32.add (local.get $s) (call $f (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
      (local.get $s)))`;
  test("an import is called again and again, a different number of times by each instance", async () => {
    const p = await pool(loop, { env: { f: (_: ImportContext, value: number) => value * value } });
    const squares = (n: number) => Array.from({ length: n }, (_, i) => i * i).reduce((sum, value) => sum + value, 0);
    assert.deepEqual(
      await p.invoke(
        "sum",
        range.map((index) => [index + 1]),
      ),
      range.map((index) => ({ values: [squares(index + 1)] })),
    );
  });

  test("a reset calls the imports of the start function again", async () => {
    let offset = 0;
    const seed = async ({ instance }: ImportContext) => {
      if (offset === 20 && instance === 1) throw new Error("worn out");
      return instance + offset;
    };
    const text = `(module (import "env" "seed" (func $seed (result i32))) (global $g (mut i32) (i32.const 0))
      (func $begin (global.set $g (call $seed))) (start $begin)
      (func (export "get") (result i32) (global.get $g)))`;
    const p = await pool(text, { env: { seed } });
    offset = 10;
    await p.reset([1, 2]);
    const expected = [0, 11, 12, 3, 4, 5, 6].map((value) => ({ values: [value] }));
    assert.deepEqual(await p.invoke("get"), expected);
    offset = 20;
    const trap = {
      name: "InstantiationTrap",
      trap: "host function failed",
      function: "env.seed",
      reason: "worn out",
    };
    await assert.rejects(p.reset([1, 3]), trap);
    offset = 30;
    await p.reset([1]);
    assert.deepEqual(await p.invoke("get", [], { instances: [1, 3] }), [{ values: [31] }, { values: [23] }]);
  });

  test("an import may use another pool", async () => {
    const other = await pool('(module (func (export "one") (result i32) i32.const 1))');
    const f = async () => {
      const [result] = await other.invoke("one", [], { instances: [0] });
      return result !== undefined && "values" in result ? result.values[0] : undefined;
    };
    const p = await pool(forwarding("", "i32"), { env: { f } });
    assert.deepEqual(
      await p.invoke("call"),
      range.map(() => ({ values: [1] })),
    );
  });

  test("a start function may call imports; what they throw rejects instantiate with the text", async () => {
    const text = `(module (import "env" "seed" (func $seed (result i32))) (memory 1)
      (func $begin (i32.store (i32.const 0) (call $seed))) (start $begin)
      (func (export "get") (result i32) (i32.load (i32.const 0))))`;
    const seed = async ({ instance, memory }: ImportContext) => {
      await memory.write(8, Uint8Array.of(1));
      return instance * 3 + ((await memory.read(8, 1))[0] ?? 0);
    };
    const p = await pool(text, { env: { seed } });
    assert.deepEqual(
      await p.invoke("get"),
      range.map((index) => ({ values: [index * 3 + 1] })),
    );
    const refuse = ({ instance }: ImportContext) => {
      if (instance === 4) throw new Error("no seed");
      return 0;
    };
    await assert.rejects(pool(text, { env: { seed: refuse } }), {
      name: "InstantiationTrap",
      trap: "host function failed",
      function: "env.seed",
      reason: "no seed",
    });
  });

  test("an import that is called indirectly or re-exported", async () => {
    const text = `(module (import "env" "f" (func $f (param i32) (result i32))) (table 2 funcref) (elem (i32.const 1) $f)
      (type $t (func (param i32) (result i32))) (export "again" (func $f))
      (func (export "indirect") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 1))))`;
    const p = await pool(text, { env: { f: (_: ImportContext, value: number) => value + 1 } }, { instances: 2 });
    assert.deepEqual(await p.invoke("indirect", [4]), [{ values: [5] }, { values: [5] }]);
    assert.deepEqual(await p.invoke("again", [5]), [{ values: [6] }, { values: [6] }]);
  });

  test("recursion across an import is the instance's own stack", async () => {
    const text = `(module (import "env" "f" (func $f (param i32) (result i32)))
      (func $down (export "down") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
          (else (i32.add (call $f (local.get 0)) (call $down (i32.sub (local.get 0) (i32.const 1))))))))`;
    const p = await pool(text, { env: { f: (_: ImportContext, value: number) => value } });
    assert.deepEqual(
      await p.invoke(
        "down",
        range.map((index) => [index * 5]),
      ),
      range.map((index) => ({ values: [(index * 5 * (index * 5 + 1)) / 2] })),
    );
  });

  test("one name imported with two types is one function that gets both", async () => {
    const text = `(module (import "env" "f" (func $a (param i32) (result i32))) (import "env" "f" (func $b (param i64) (result i64)))
      (func (export "a") (result i32) (call $a (i32.const 1))) (func (export "b") (result i64) (call $b (i64.const 2))))`;
    const p = await pool(text, { env: { f: (_: ImportContext, value: Value) => value } }, { instances: 1 });
    assert.deepEqual([await p.invoke("a"), await p.invoke("b")], [[{ values: [1] }], [{ values: [2n] }]]);
  });
});
