import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CompileError } from "../../compiler-ts/src/diagnostics.ts";
import { decode, parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import { inspect, renderInspection } from "../../compiler-ts/src/wasm/inspect.ts";
import { change, mutate } from "../support/mutate.ts";
import { assemble, realModules } from "./support.ts";

/** What the real modules lack: SIMD, references, every kind of segment and import, names. */
const handmade = assemble(`(module
  (type $binary (func (param i32 i32) (result i32)))
  (import "env" "f" (func (param i64) (result f32)))
  (import "env" "g" (global i32))
  (table 4 funcref) (table 2 externref)
  (memory 1 3)
  (global $counter (mut i64) (i64.const -5))
  (export "run" (func $run))
  (elem (i32.const 0) $add $run)
  (elem $passive externref (ref.null extern))
  (data (i32.const 8) "hello") (data $late "later")
  (func $add (type $binary) local.get 0 local.get 1 i32.add)
  (func $run (param i32) (result i32 v128) (local v128 f64)
    (block $out (result i32)
      (loop $again
        (br_if $again (i32.eqz (local.get 0)))
        (br_table $out $out $out (i32.const 1) (local.get 0)))
      unreachable)
    (call_indirect (type $binary) (i32.const 2) (i32.const 0))
    (memory.init $late (i32.const 0) (i32.const 0) (i32.const 1))
    (table.init 1 $passive (i32.const 0) (i32.const 0) (i32.const 1))
    (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 1) (v128.const f32x4 1 2 3 4)))
)`);

const seeds = [handmade, ...realModules().map((item) => item.bytes)].sort((a, b) => a.length - b.length).slice(0, 12);

/** The module, or undefined after a CompileError; anything else thrown escapes and fails the test. */
function attempt(parse: (bytes: Uint8Array) => ReturnType<typeof decode>, bytes: Uint8Array) {
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

test("10,000 random mutations of real modules give a module or a CompileError, and nothing else", () => {
  let decoded = 0;
  let valid = 0;
  fc.assert(
    fc.property(fc.nat(seeds.length - 1), fc.array(change, { minLength: 1, maxLength: 6 }), (seed, changes) => {
      const bytes = mutate(seeds[seed] ?? handmade, changes);
      if (attempt(decode, bytes) !== undefined) decoded++;
      const module = attempt(parseModule, bytes);
      if (module === undefined) return;
      valid++;
      renderInspection(inspect(module));
    }),
    { seed: 20_26, numRuns: 10_000, endOnFailure: true },
  );
  // All three outcomes have to occur often for the test to mean anything.
  assert.ok(valid > 200, `${valid} valid`);
  assert.ok(decoded > valid + 200, `${decoded} decoded`);
  assert.ok(decoded < 9_800, `${decoded} decoded`);
});

test("random bytes behind a good header give a CompileError or a module", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
      attempt(decode, Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...tail]));
      attempt(decode, tail);
    }),
    { seed: 7, numRuns: 5_000 },
  );
});
