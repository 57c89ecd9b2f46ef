/** The bench counts what wasm executes, and the counting changes nothing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instrumented, meanOperations, type Operations } from "../../bench/operations.ts";
import { moduleBytes, programs } from "../../bench/programs.ts";
import { compileOnV8 } from "../support/v8.ts";
import { wat } from "../support/wat.ts";

const none: Operations = { i32: 0, i64: 0, f32: 0, f64: 0, bytes: 0 };

describe("operations that a module executes", () => {
  // Each turn: and, eqz, sub: 3 of i32. Even ones besides: f64 add, 8 bytes loaded and 8 stored. Behind the loop: i64 add. An index, to be left alone.
  const loop = wat(`(module
    (memory 1)
    (global $kept (mut i32) (i32.const 7))
    (func (export "run") (param $turns i32) (result i64)
      (loop $again
        (if (i32.eqz (i32.and (local.get $turns) (i32.const 1)))
          (then (f64.store (i32.const 8) (f64.add (f64.load (i32.const 8)) (f64.const 1)))))
        (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
      (i64.add (i64.extend_i32_u (global.get $kept)) (i64.const 1))))`);

  test("a loop with a branch, counted by hand", () => {
    assert.deepEqual(meanOperations(loop, "run", [[4]]), { i32: 12, i64: 1, f32: 0, f64: 2, bytes: 32 });
    assert.deepEqual(meanOperations(loop, "run", [[1]]), { i32: 3, i64: 1, f32: 0, f64: 0, bytes: 0 });
  });

  test("the mean of several calls", () => {
    assert.deepEqual(meanOperations(loop, "run", [[4], [1]]), { i32: 7.5, i64: 1, f32: 0, f64: 1, bytes: 16 });
  });

  test("code that a jump leaves out counts nothing; a function that a call reaches counts each time", () => {
    const module = wat(`(module
      (type $binary (func (param i32 i32) (result i32)))
      (table funcref (elem $sum))
      (func $sum (type $binary) (i32.add (local.get 0) (local.get 1)))
      (func (export "run") (param i32) (result i32)
        (block $two (block $one (block $zero (br_table $zero $one $two (local.get 0)))
            (return (call $sum (i32.const 1) (call_indirect (type $binary) (i32.const 1) (i32.const 2) (i32.const 0)))))
          (return (i32.trunc_f32_s (f32.mul (f32.const 2) (f32.const 3)))))
        (i32.const 0)))`);
    assert.deepEqual(meanOperations(module, "run", [[0]]), { ...none, i32: 2 });
    assert.deepEqual(meanOperations(module, "run", [[1]]), { ...none, i32: 1, f32: 1 });
    assert.deepEqual(meanOperations(module, "run", [[2]]), none);
  });

  test("bytes by the width of the access, those of bulk instructions by their operand", () => {
    const module = wat(`(module (memory 1)
      (func (export "narrow") (i64.store16 (i32.const 0) (i64.load32_u (i32.const 8))) (i32.store8 (i32.const 0) (i32.load8_s (i32.const 9))))
      (func (export "bulk") (param i32)
        (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
        (memory.copy (i32.const 100) (i32.const 0) (local.get 0))))`);
    assert.deepEqual(meanOperations(module, "narrow", [[]]), { ...none, bytes: 8 });
    assert.deepEqual(meanOperations(module, "bulk", [[10]]), { ...none, bytes: 30 });
  });

  test("what it cannot count it names", () => {
    const module = wat(`(module (func (export "run") (result i32)
      (i32x4.extract_lane 0 (i32x4.add (v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4)))))`);
    assert.throws(() => instrumented(module), { name: "RangeError", message: /v128\.const is not counted/ });
    assert.throws(() => meanOperations(loop, "missing", [[]]), { name: "RangeError", message: /missing/ });
  });

  for (const program of programs) {
    test(`${program.name} gives the same results when it is counted`, async () => {
      const bytes = await moduleBytes(program);
      const [plain, counted] = [bytes, instrumented(bytes)].map((module) =>
        compileOnV8(module)().exportedFunction(program.exportName),
      );
      for (const instance of [0, 1, 5]) {
        const values = program.argumentsOf(instance);
        assert.deepEqual(counted?.(...values), plain?.(...values));
      }
    });
  }
});
