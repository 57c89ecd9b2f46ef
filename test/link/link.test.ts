import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule, emitIr } from "../../compiler-ts/src/compile.ts";
import { CompileError } from "../../compiler-ts/src/diagnostics.ts";
import { verify } from "../../compiler-ts/src/ir/verify.ts";
import { parseProgram } from "../../compiler-ts/src/link/program.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { wat } from "../support/wat.ts";

function program(main: string, libraries: Readonly<Record<string, string>>) {
  const link = Object.fromEntries(Object.entries(libraries).map(([name, text]) => [name, wat(text, `${name}.wat`)]));
  return { bytes: wat(main), link };
}

function compile(main: string, libraries: Readonly<Record<string, string>>) {
  const { bytes, link } = program(main, libraries);
  const observe = (_pass: string, module: Parameters<typeof verify>[0]) => verify(module, "legalizing");
  return compileModule(bytes, { profile: profiles.apple, link, observe });
}

function lowered(main: string, libraries: Readonly<Record<string, string>>): string {
  const { bytes, link } = program(main, libraries);
  return emitIr(bytes, { profile: profiles.apple, link }, "lowered");
}

function refusal(main: string, libraries: Readonly<Record<string, string>>): string {
  try {
    compile(main, libraries);
  } catch (error) {
    if (error instanceof CompileError && error.diagnostic.kind === "link") return error.message;
    throw error;
  }
  return "linked";
}

describe("a linked program", () => {
  it("has the exports of the main module, and imports only what no library gives", () => {
    const { metadata } = compile(
      `(module (import "lib" "twice" (func $twice (param i32) (result i32)))
         (func (export "run") (param i32) (result i32) (call $twice (local.get 0)))
         (export "twice" (func $twice)))`,
      {
        lib: `(module (func (export "twice") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
                (func (export "unused")))`,
      },
    );
    assert.deepEqual(
      metadata.kernels.map((kernel) => kernel.exportName),
      ["run", "twice"],
    );
    assert.deepEqual(metadata.imports, []);
  });

  it("names a library's functions by the library, and the main module's as they were", () => {
    const { metadata } = compile(
      `(module (import "lib" "f" (func)) (import "env" "log" (func $log)) (func $main (export "run") (call 0)))`,
      { lib: `(module (import "env" "log" (func)) (func $helper (call 0)) (func $f (export "f") (call $helper)))` },
    );
    assert.deepEqual(metadata.functionNames, ["log", "main", "lib.helper", "lib.f"]);
    assert.deepEqual(metadata.imports, [{ module: "env", name: "log", parameters: [], results: [] }]);
  });

  it("resolves what a library passes on from another one", () => {
    const text = lowered(`(module (import "b" "g" (global i32)) (func (export "run") (result i32) (global.get 0)))`, {
      a: `(module (global (export "g") i32 (i32.const 7)))`,
      b: `(module (import "a" "g" (global i32)) (export "g" (global 0)))`,
    });
    assert.match(text, /global 0: i32 at state word 1 = i32:7\n/);
    assert.doesNotMatch(text, /global 1:/);
  });

  it("instantiates libraries in the order given and the main module last, each with its start function", () => {
    const part = (byte: string, rest: string) =>
      `(module ${rest} (data (i32.const 0) "${byte}") (func $start (drop (i32.load (i32.const 0)))) (start $start))`;
    const text = lowered(part("m", `(import "a" "memory" (memory 1))`), {
      a: part("a", `(memory (export "memory") 1)`),
      b: part("b", `(import "a" "memory" (memory 1))`),
    });
    const body = text.slice(text.indexOf("wb_instantiate_instance"));
    assert.deepEqual(body.match(/memory\.init \d|call \d/g), [
      "memory.init 1",
      "call 1",
      "memory.init 2",
      "call 2",
      "memory.init 0",
      "call 0",
    ]);
  });

  it("knows a table's contents unless a start function ran between its segments", () => {
    const library = (start: string) =>
      `(module (table (export "t") 2 funcref) (elem (i32.const 0) $f) (func $f ${start}) )`;
    const main = `(module (import "lib" "t" (table 2 funcref)) (elem (i32.const 1) $g) (func $g)
      (func (export "run") (call_indirect (i32.const 0))))`;
    assert.match(lowered(main, { lib: library("") }), /table 0: 2 of 2 at word 0, constant/);
    assert.doesNotMatch(lowered(main, { lib: library(") (start $f") }), /constant/);
  });

  it("asks the host once for what several modules import, with limits that suit all", () => {
    const { metadata } = compile(
      `(module (import "env" "memory" (memory 1 9)) (import "lib" "f" (func)) (func (export "run") (call 0)))`,
      {
        lib: `(module (import "env" "memory" (memory 2)) (func (export "f") (i32.store (i32.const 0) (i32.const 1))))`,
      },
    );
    assert.deepEqual(metadata.importedMemory, {
      module: "env",
      name: "memory",
      limits: { minimum: 2, maximum: 9 },
    });
  });

  it("gives each module its own memory, the main module the one that the host can reach", () => {
    const { metadata, text } = compile(
      `(module (import "lib" "peek" (func (param i32) (result i64))) (memory (export "memory") 1 2)
         (func (export "run") (result i64) (i32.store (i32.const 0) (i32.const 1)) (call 0 (i32.const 0))))`,
      {
        lib: `(module (memory 3) (data (i32.const 8) "x")
                (func (export "peek") (param i32) (result i64) (drop (memory.grow (i32.const 1))) (i64.load (local.get 0))))`,
      },
    );
    assert.deepEqual(metadata.layout.memory, { minimumPages: 1, maximumPages: 2 });
    assert.equal(metadata.layout.tableBytes, (3 + 16) * 65_536);
    assert.match(text, /wb_i64_load\(wb_linked_memory\(instance, 0u\), p0, 0u, 16u\)/);
    assert.match(text, /wb_i32_store\(memory, 0u, 0u, 16u, 1u\)/);
  });

  it("is one module where there are no libraries", () => {
    const bytes = wat(`(module (func (export "f")))`);
    assert.equal(
      compileModule(bytes, { profile: profiles.cpu, link: {} }).text,
      compileModule(bytes, { profile: profiles.cpu }).text,
    );
  });
});

describe("linking refuses", () => {
  const library = `(module (func (export "f") (param i32)) (global (export "g") i32 (i32.const 1))
    (memory (export "m") 1 4) (table (export "t") 5 funcref))`;

  it("an import that the library lacks", () => {
    assert.equal(
      refusal(`(module (import "lib" "h" (func)))`, { lib: library }),
      'unknown import: the module imports "lib"."h", which the library does not export',
    );
  });

  it("an import of another kind or type, and says both", () => {
    assert.equal(
      refusal(`(module (import "lib" "f" (func)))`, { lib: library }),
      'incompatible import type: the module imports "lib"."f" as function () -> (), the library has a function (i32) -> ()',
    );
    assert.match(refusal(`(module (import "lib" "f" (global i32)))`, { lib: library }), /^incompatible import type/);
    assert.match(refusal(`(module (import "lib" "g" (global (mut i32))))`, { lib: library }), /^incompatible/);
    assert.match(refusal(`(module (import "lib" "g" (global i64)))`, { lib: library }), /^incompatible/);
  });

  it("limits that the library's memory or table does not keep", () => {
    const memory = (limits: string) => refusal(`(module (import "lib" "m" (memory ${limits})))`, { lib: library });
    assert.deepEqual(["1 4", "0 5", "0"].map(memory), ["linked", "linked", "linked"]);
    for (const limits of ["2", "1 3"]) assert.match(memory(limits), /^incompatible import type/);
    const table = (limits: string) =>
      refusal(`(module (import "lib" "t" (table ${limits} funcref)))`, { lib: library });
    assert.equal(table("5"), "linked");
    for (const limits of ["6", "5 9"]) assert.match(table(limits), /^incompatible import type/);
    assert.match(refusal(`(module (import "lib" "t" (table 5 externref)))`, { lib: library }), /^incompatible/);
  });

  it("libraries in an order in which they cannot be instantiated", () => {
    const a = `(module (import "b" "f" (func)) (export "f" (func 0)))`;
    const b = `(module (func (export "f")))`;
    const main = `(module (import "a" "f" (func)) (export "f" (func 0)))`;
    assert.equal(refusal(main, { a, b }), 'library "a" imports from "b", which has to come before it');
    assert.equal(refusal(main, { b, a }), "linked");
    assert.equal(refusal(`(module)`, { a, b: a }), 'library "a" imports from "b", which has to come before it');
    assert.equal(refusal(`(module)`, { b: a }), 'library "b" imports from itself');
  });

  it("limits for the host's memory or table that nothing can have", () => {
    assert.match(
      refusal(`(module (import "env" "m" (memory 1 2)))`, { lib: `(module (import "env" "m" (memory 3)))` }),
      /^incompatible import type: nothing has the limits/,
    );
  });
});

describe("a library that is no module", () => {
  it("is named", () => {
    assert.throws(
      () => parseProgram(wat("(module)"), { broken: Uint8Array.of(0, 1, 2) }),
      (error) => error instanceof CompileError && error.message.startsWith('library "broken": '),
    );
  });
});
