/** Imported globals, memories and tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { perInstance, type Value } from "../../compiler-ts/src/index.ts";
import { describeOnEveryDevice, range } from "./support.ts";

describeOnEveryDevice("imported globals, memories and tables", ({ pool }) => {
  const text = `(module (import "env" "seed" (global $seed i64)) (import "env" "count" (global $count (mut i32)))
    (import "env" "memory" (memory 1 4)) (import "env" "table" (table $t 2 externref))
    (global $twice i64 (global.get $seed)) (data (i32.const 4) "data") (export "count" (global $count))
    (func (export "seed") (result i64) (i64.add (global.get $seed) (global.get $twice)))
    (func (export "next") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
    (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "pages") (result i32) (memory.size))
    (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
    (func (export "size") (result i32) (table.size $t)))`;

  test("one value for all", async () => {
    const env = {
      seed: 21n,
      count: 5,
      memory: { pages: 2, contents: Uint8Array.from([9, 8, 7, 6, 5]) },
      table: { size: 3, elements: [4, null, 6] },
    };
    const p = await pool(text, { env });
    const all = (value: Value) => range.map(() => ({ values: [value] }));
    assert.deepEqual(await p.invoke("seed"), all(42n));
    assert.deepEqual(await p.invoke("next"), all(6));
    assert.deepEqual(await p.invoke("next", [], { instances: [1] }), [{ values: [7] }]);
    assert.equal(await p.globals.get(1, "count"), 7);
    assert.deepEqual(await p.invoke("byte", [0]), all(9));
    assert.deepEqual(await p.invoke("byte", [4]), all("d".charCodeAt(0)), "a segment is written over it");
    assert.deepEqual(await p.invoke("pages"), all(2));
    assert.deepEqual(await p.invoke("get", [2]), all(6));
    assert.deepEqual(await p.invoke("get", [1]), all(null));
    assert.deepEqual(await p.invoke("size"), all(3));
    await p.memory.write(1, 0, Uint8Array.of(77));
    await p.reset([1]);
    assert.deepEqual(await p.invoke("next", [], { instances: [1] }), [{ values: [6] }]);
    assert.deepEqual(await p.invoke("byte", [0], { instances: [1] }), [{ values: [9] }]);
  });

  test("one value an instance", async () => {
    const env = {
      seed: perInstance((instance) => BigInt(instance)),
      count: perInstance(range.map((index) => -index)),
      memory: perInstance((instance) => ({
        pages: 1 + (instance % 3),
        contents: new Uint8Array(instance).fill(instance),
      })),
      table: perInstance((instance) => ({ size: 2 + (instance % 2), elements: [instance + 1] })),
    };
    const p = await pool(text, { env });
    const each = (value: (instance: number) => Value) => range.map((index) => ({ values: [value(index)] }));
    assert.deepEqual(
      await p.invoke("seed"),
      each((index) => BigInt(index) * 2n),
    );
    assert.deepEqual(
      await p.invoke("next"),
      each((index) => 1 - index),
    );
    assert.deepEqual(
      await p.invoke("byte", [2]),
      each((index) => (index > 2 ? index : 0)),
    );
    assert.deepEqual(
      await p.invoke("pages"),
      each((index) => 1 + (index % 3)),
    );
    assert.deepEqual(
      await p.invoke("get", [0]),
      each((index) => index + 1),
    );
    assert.deepEqual(
      await p.invoke("size"),
      each((index) => 2 + (index % 2)),
    );
  });
});
