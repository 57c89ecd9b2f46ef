/** Cells are as large as the way suggests that the lanes take through memory. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { wat } from "../support/wat.ts";

function cellOf(bytes: Uint8Array, exports: readonly string[] = ["run"]): number {
  return compileModule(bytes, { profile: profiles.native, exports }).metadata.layout.memoryCell;
}

function cellOfLoop(loop: string): number {
  return cellOf(
    wat(`(module (memory 1) (func (export "run") (param $p i32) (param $n i32) (result i32) (local $x i32) (local $e i32)
      (loop $next ${loop}) (local.get $x)))`),
  );
}

describe("the cell of memory", () => {
  it("holds several words where a loop walks until it has found something", () => {
    assert.equal(
      cellOfLoop(`(local.set $p (i32.add (local.get $p) (i32.const 4)))
        (br_if $next (i32.lt_s (i32.load (local.get $p)) (local.get $n)))`),
      128,
    );
  });
  it("is small where a loop counts its steps", () => {
    assert.equal(
      cellOfLoop(`(local.set $x (i32.add (local.get $x) (i32.load (local.get $p))))
        (local.set $p (i32.add (local.get $p) (i32.const 4)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))`),
      8,
    );
  });
  it("is small where a loop walks by bytes", () => {
    assert.equal(
      cellOfLoop(`(local.set $p (i32.add (local.get $p) (i32.const 1))) (br_if $next (i32.load8_u (local.get $p)))`),
      8,
    );
  });
  it("is small where a loop follows pointers: each leads elsewhere", () => {
    assert.equal(cellOfLoop(`(br_if $next (local.tee $p (i32.load offset=4 (local.get $p))))`), 8);
  });
  it("holds several words where a loop keeps a table by what it has loaded", () => {
    const table = (kept: string) =>
      cellOfLoop(`(local.set $e (i32.and (i32.load (local.get $p)) (i32.const 0xfffc)))
        (local.set $x (i32.load (local.get $e)))
        (i32.store (local.get $e) ${kept})
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))`);
    assert.equal(table(`(local.get $p)`), 64);
    // As one that counts what it meets: lanes go on alike whatever they find.
    assert.equal(table(`(i32.add (local.get $x) (i32.const 1))`), 8);
  });
  for (const [name, exportName, cell] of [
    ["lz4", "run", 64],
    ["quicksort", "run", 128],
    ["jsontree", "run", 8],
    ["xxhash", "run", 8],
    ["sha256", "search", 8],
    ["pbkdf2", "derive", 8],
    ["loop", "run", 8],
  ] as const) {
    it(`${name} has ${cell} bytes, as was measured to be best`, () => {
      const bytes = readFileSync(new URL(`../../examples/wasm/${name}.wasm`, import.meta.url));
      assert.equal(cellOf(bytes, [exportName]), cell);
    });
  }
  it("is what was asked for", () => {
    const bytes = wat(`(module (memory 1) (func (export "run")))`);
    assert.equal(compileModule(bytes, { profile: profiles.native, memoryCell: 16 }).metadata.layout.memoryCell, 16);
  });
});
