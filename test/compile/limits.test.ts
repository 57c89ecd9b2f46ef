import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { lintMsl } from "../support/mslLint.ts";
import { wat } from "../support/wat.ts";

function compileBytes(bytes: Uint8Array): string {
  return compileModule(bytes, { profile: profiles.apple }).text;
}

function compile(text: string): string {
  return compileBytes(wat(text));
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** A module of one function, (func (export "f") (param i32)), by hand: wabt takes minutes for deep nesting, or fails. */
function moduleOf(body: readonly number[]): Uint8Array {
  const code = [0, ...body, end];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

function times(count: number, part: readonly number[]): number[] {
  return Array.from({ length: count }, () => part).flat();
}

const end = 0x0b;
const block = [0x02, 0x40];
const loop = [0x03, 0x40];
const ifElse = [0x04, 0x40];
const getParameter = [0x20, 0];
const setParameterToOne = [0x41, 1, 0x21, 0];
const branchIfToLoop = [0x0d, 0];

/** `count` blocks inside each other around a br_table to all of them. */
function switchOfBlocks(count: number): number[] {
  const labels = Array.from({ length: count }, (_, depth) => leb(depth)).flat();
  const dispatch = [...getParameter, 0x0e, ...leb(count - 1), ...labels];
  return [...times(count, block), ...dispatch, ...times(count, [end, ...setParameterToOne])];
}

const lintOptions = { f64: false, contiguous: false };

describe("deep and large functions", () => {
  it("a switch of 500 nested blocks takes one level of the text", () => {
    const text = compileBytes(moduleOf(switchOfBlocks(500)));
    assert.deepEqual(lintMsl(text, lintOptions), []);
  });

  it("an expression of 5,000 operands is split", () => {
    const text = compile(
      `(module (func (export "f") (param i32) (result i32) local.get 0 ${"local.get 0 i32.xor ".repeat(5000)}))`,
    );
    assert.deepEqual(lintMsl(text, lintOptions), []);
  });

  it("300 loops inside each other are over a named limit", () => {
    assert.throws(
      () =>
        compileBytes(moduleOf([...times(300, [...loop, ...getParameter, ...branchIfToLoop]), ...times(300, [end])])),
      /^CompileError: control flow is nested \d+ levels deep in the text, over the limit of 100/,
    );
  });

  it("5,000 ifs inside each other are over a named limit, not a stack overflow", () => {
    assert.throws(
      () => compileBytes(moduleOf([...times(5000, [...getParameter, ...ifElse]), ...times(5000, [end])])),
      /^CompileError: control instructions are nested deeper than 1000 levels in function f$/,
    );
  });

  it("a memory of 4 GiB is over a named limit, and a maximum of 4 GiB is one page less", () => {
    assert.throws(
      () => compile(`(module (memory 65536) (func (export "f")))`),
      /a memory of 65536 pages exceeds the limit of 65535 pages/,
    );
    const bytes = wat(`(module (memory 1 65536) (func (export "f")))`);
    assert.equal(compileModule(bytes, { profile: profiles.apple }).metadata.layout.memory?.maximumPages, 65_535);
  });

  it("a table over the backed size is refused with its size", () => {
    assert.throws(
      () => compile(`(module (table 2000000 funcref) (func (export "f")))`),
      /tables of 8000000 bytes an instance exceed the limit/,
    );
  });
});
