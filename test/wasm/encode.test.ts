import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import { encode } from "../../compiler-ts/src/wasm/encode.ts";
import type { Module } from "../../compiler-ts/src/wasm/module.ts";
import { assemble, realModules } from "./support.ts";

/** What the binary format says, without where it says it, and without custom sections. */
function content(module: Module): unknown {
  const { customSections: _, functionNames: __, localNames: ___, ...rest } = module;
  return JSON.parse(
    JSON.stringify(rest, (key, value) => {
      if (key === "offset" && typeof value === "number") return undefined;
      if (key === "size") return undefined;
      if (key === "opcode") return value.name;
      return typeof value === "bigint" ? String(value) : value;
    }),
  );
}

function assertRoundTrip(bytes: Uint8Array): void {
  const module = parseModule(bytes);
  assert.deepEqual(content(parseModule(encode(module))), content(module));
}

test("real modules are what they were when they are encoded and decoded again", () => {
  for (const { bytes } of realModules()) assertRoundTrip(bytes);
});

test("so is every kind of segment, import, export, constant and immediate", () => {
  assertRoundTrip(
    assemble(`(module
      (type $pair (func (param i32 i64) (result i64 i32)))
      (import "a" "f" (func (type $pair))) (import "a" "t" (table 1 2 externref)) (import "a" "m" (memory 1))
      (import "a" "g" (global $g i32)) (import "a" "h" (global (mut f64)))
      (table $t 3 funcref)
      (global i32 (global.get $g)) (global i64 (i64.const -9223372036854775808)) (global f32 (f32.const nan:0x200000))
      (global f64 (f64.const -0)) (global v128 (v128.const i32x4 1 2 3 4)) (global funcref (ref.func $all))
      (global (mut externref) (ref.null extern))
      (elem (table $t) (i32.const 1) func $all) (elem $passive func $all) (elem declare func $all)
      (elem (table $t) (global.get $g) funcref (ref.null func) (ref.func $all)) (elem externref (ref.null extern))
      (data (i32.const -1) "x") (data $d "y\\00\\ff")
      (start $start) (func $start)
      (func $all (export "all") (param i32 i64) (result i64 i32) (local i32 i32 f32 v128 v128)
        (block (block (br_table 0 1 0 (i32.const -5))))
        local.get 0 local.get 1 block (type $pair) drop drop i64.const 1 i32.const 2 br 0 end drop drop
        (i64.const 0x7fff_ffff_ffff_ffff) drop (i32.const -0x8000_0000) drop (f64.const nan:0x8000000000001) drop
        (drop (i32.load16_s offset=4294967295 align=1 (i32.const 0)))
        (drop (i8x16.extract_lane_u 15 (i8x16.shuffle 0 31 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 5) (local.get 6))))
        (v128.store8_lane offset=7 3 (i32.const 0) (local.get 5))
        (drop (select (result funcref) (ref.null func) (ref.func $all) (i32.const 1)))
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d) (memory.copy (i32.const 0) (i32.const 1) (i32.const 2))
        (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $passive)
        (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
        (drop (i32.trunc_sat_f32_u (local.get 4)))
        (call_indirect $t (type $pair) (local.get 0) (local.get 1) (i32.const 0))))`),
  );
});
