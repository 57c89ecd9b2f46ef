import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import { importedCount } from "../../compiler-ts/src/wasm/module.ts";
import { assemble, diagnosticOf, leb, moduleOf, moduleWithBody, realModules, section } from "./support.ts";

test("an empty module has nothing", () => {
  const module = parseModule(moduleOf());
  assert.deepEqual([module.types, module.functions, module.exports, module.start], [[], [], [], undefined]);
});

test("every section arrives, with imports first in each index space", () => {
  const module = parseModule(
    assemble(`(module
      (type (func (param i32 f64) (result i64 v128)))
      (import "env" "f" (func (param i32)))
      (import "env" "t" (table 1 2 externref))
      (import "env" "m" (memory 1 5))
      (import "env" "g" (global i64))
      (func $start (local i32 i32 f32))
      (func (type 0) unreachable)
      (table 3 funcref)
      (global (mut f32) (f32.const nan:0x200000))
      (global i64 (global.get 0))
      (global funcref (ref.func $start))
      (global v128 (v128.const i64x2 1 2))
      (export "start" (func $start)) (export "memory" (memory 0)) (export "table" (table 1)) (export "g" (global 1))
      (start $start)
      (elem (table 1) (i32.const 1) func $start)
      (elem externref (ref.null extern))
      (elem declare func 2)
      (data (i32.const 7) "active") (data "passive"))`),
  );
  assert.deepEqual(module.types[0], { parameters: ["i32", "f64"], results: ["i64", "v128"] });
  assert.deepEqual(
    module.imports.map((item) => [item.module, item.name, item.description.kind]),
    [
      ["env", "f", "function"],
      ["env", "t", "table"],
      ["env", "m", "memory"],
      ["env", "g", "global"],
    ],
  );
  assert.deepEqual(
    (["function", "table", "memory", "global"] as const).map((kind) => importedCount(module, kind)),
    [1, 1, 1, 1],
  );
  assert.deepEqual(module.functionTypes, [1, 2, 0]);
  assert.deepEqual(module.tables, [
    { element: "externref", limits: { minimum: 1, maximum: 2 } },
    { element: "funcref", limits: { minimum: 3, maximum: undefined } },
  ]);
  assert.deepEqual(module.memories, [{ limits: { minimum: 1, maximum: 5 } }]);
  assert.deepEqual(
    module.globalTypes.map((type) => [type.value, type.mutable]),
    [
      ["i64", false],
      ["f32", true],
      ["i64", false],
      ["funcref", false],
      ["v128", false],
    ],
  );
  assert.deepEqual(
    module.globals.map((global) => global.initial),
    [
      { kind: "f32", bits: 0x7fa00000 },
      { kind: "globalGet", globalIndex: 0 },
      { kind: "refFunc", functionIndex: 1 },
      { kind: "v128", bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0) },
    ],
  );
  assert.deepEqual(module.exports, [
    { name: "start", kind: "function", index: 1 },
    { name: "memory", kind: "memory", index: 0 },
    { name: "table", kind: "table", index: 1 },
    { name: "g", kind: "global", index: 1 },
  ]);
  assert.equal(module.start, 1);
  assert.deepEqual(module.elements, [
    {
      mode: "active",
      type: "funcref",
      tableIndex: 1,
      offset: { kind: "i32", value: 1 },
      elements: [{ kind: "refFunc", functionIndex: 1 }],
    },
    {
      mode: "passive",
      type: "externref",
      tableIndex: 0,
      offset: undefined,
      elements: [{ kind: "refNull", type: "externref" }],
    },
    {
      mode: "declarative",
      type: "funcref",
      tableIndex: 0,
      offset: undefined,
      elements: [{ kind: "refFunc", functionIndex: 2 }],
    },
  ]);
  assert.deepEqual(
    module.data.map((segment) => [segment.mode, segment.offset, Buffer.from(segment.bytes).toString()]),
    [
      ["active", { kind: "i32", value: 7 }, "active"],
      ["passive", undefined, "passive"],
    ],
  );
  assert.deepEqual(module.functions[0]?.locals, ["i32", "i32", "f32"]);
  assert.equal(module.functionNames.get(1), "start");
});

test("the eight forms of element segments have their modes, tables and types", () => {
  const constant = [0x41, 1, 0x0b];
  const forms = [
    [0, ...constant, 1, 0],
    [1, 0, 1, 0],
    [2, 0, ...constant, 0, 1, 0],
    [3, 0, 1, 0],
    [4, ...constant, 1, 0xd2, 0, 0x0b],
    [5, 0x70, 1, 0xd0, 0x70, 0x0b],
    [6, 0, ...constant, 0x70, 1, 0xd2, 0, 0x0b],
    [7, 0x70, 1, 0xd2, 0, 0x0b],
  ];
  const module = parseModule(
    moduleOf(
      section(1, [1, 0x60, 0, 0]),
      section(3, [1, 0]),
      section(4, [1, 0x70, 0, 9]),
      section(9, [forms.length, ...forms.flat()]),
      section(10, [1, 2, 0, 0x0b]),
    ),
  );
  assert.deepEqual(
    module.elements.map((segment) => [
      segment.mode,
      segment.type,
      segment.offset !== undefined,
      segment.elements[0]?.kind,
    ]),
    [
      ["active", "funcref", true, "refFunc"],
      ["passive", "funcref", false, "refFunc"],
      ["active", "funcref", true, "refFunc"],
      ["declarative", "funcref", false, "refFunc"],
      ["active", "funcref", true, "refFunc"],
      ["passive", "funcref", false, "refNull"],
      ["active", "funcref", true, "refFunc"],
      ["declarative", "funcref", false, "refFunc"],
    ],
  );
});

test("overlong LEBs, as linkers emit them to patch later, are read everywhere", () => {
  const five = (value: number) => [value | 0x80, 0x80, 0x80, 0x80, 0x00];
  const body = [0, 0x41, ...five(3), 0x1a, 0x42, 5 | 0x80, ...new Array(8).fill(0x80), 0, 0x1a, 0x10, ...five(0), 0x0b];
  const padded = (id: number, content: readonly number[]) => [id, ...five(content.length), ...content];
  const module = parseModule(
    moduleOf(
      padded(1, [...five(1), 0x60, ...five(0), ...five(0)]),
      padded(3, [...five(1), ...five(0)]),
      padded(10, [...five(1), ...five(body.length), ...body]),
    ),
  );
  assert.deepEqual(
    module.functions[0]?.instructions.map(({ opcode, offset: _, immediate: __, ...fields }) => [opcode.name, fields]),
    [
      ["i32.const", { value: 3 }],
      ["drop", {}],
      ["i64.const", { value: 5n }],
      ["drop", {}],
      ["call", { index: 0 }],
      ["end", {}],
    ],
  );
});

test("instruction offsets and body ranges are positions in the file", () => {
  const bytes = moduleWithBody([0, 0x01, 0x41, 0x80, 0x01, 0x1a, 0x0b]);
  const body = decode(bytes).functions[0];
  assert.equal(body?.size, 7);
  assert.equal(bytes[body.offset], 0);
  assert.deepEqual(
    body.instructions.map((instruction) => bytes[instruction.offset]),
    [0x01, 0x41, 0x1a, 0x0b],
  );
});

test('custom sections keep their bytes; names of functions and locals come from the section "name"', () => {
  const module = parseModule(assemble(`(module (func $outer (param $x i32) (local $y i64)) (func))`));
  assert.equal(module.functionNames.get(0), "outer");
  assert.deepEqual(
    [...(module.localNames.get(0) ?? [])],
    [
      [0, "x"],
      [1, "y"],
    ],
  );
  assert.deepEqual(
    module.customSections.map((item) => item.name),
    ["name"],
  );
});

test("a malformed name section means no names, not an error", () => {
  const content = [4, ...Buffer.from("name"), 1, 200, 1, 0];
  const module = parseModule(moduleOf(section(0, content)));
  assert.equal(module.functionNames.size, 0);
  assert.equal(module.customSections[0]?.bytes.length, 4);
});

test("what validation refuses carries the engine's reason and offset", () => {
  const bytes = moduleWithBody([0, 0x6a, 0x0b]);
  const { kind, message, offset } = diagnosticOf(() => parseModule(bytes));
  assert.equal(kind, "invalid-module");
  assert.match(message, /^Compiling function #0 failed: not enough arguments on the stack for i32.add/);
  assert.equal(bytes[offset ?? 0], 0x6a);
});

test("valid modules beyond 2.0 are refused with the name of the proposal and of the function", () => {
  const cases: [proposal: string, within: string | undefined, bytes: Uint8Array][] = [
    ["tail calls", "f", assemble(`(module (func $f return_call $f))`, { tail_call: true })],
    ["threads", undefined, assemble(`(module (memory 1 1 shared))`, { threads: true })],
    [
      "threads",
      "f",
      assemble(`(module (memory 1) (func $f (drop (i32.atomic.load (i32.const 0)))))`, { threads: true }),
    ],
    ["exception handling", undefined, assemble(`(module (tag))`, { exceptions: true })],
    ["exception handling", "f", assemble(`(module (func $f try catch_all end))`, { exceptions: true })],
  ];
  for (const [proposal, within, bytes] of cases) {
    assert.ok(WebAssembly.validate(bytes), `${proposal}: V8 accepts it`);
    const diagnostic = diagnosticOf(() => parseModule(bytes));
    assert.equal(diagnostic.kind, "unsupported");
    assert.equal(diagnostic.message, `unsupported feature: ${proposal}`);
    assert.equal(diagnostic.function, within);
  }
  // Beyond what this V8 accepts: the decoder alone.
  const alone: [string, Uint8Array][] = [
    ["memory64", moduleOf(section(5, [1, 4, 1]))],
    ["multiple memories", moduleOf(section(5, [2, 0, 1, 0, 1]))],
    ["garbage collection", moduleOf(section(1, [1, 0x5f, 0]))],
    ["typed function references", moduleOf(section(1, [1, 0x60, 1, 0x64, 0x70, 0]))],
    ["relaxed SIMD", moduleWithBody([0, 0xfd, 0x80, 0x02, 0x0b])],
    ["extended constant expressions", moduleOf(section(6, [1, 0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b]))],
  ];
  for (const [proposal, bytes] of alone) {
    const diagnostic = diagnosticOf(() => decode(bytes));
    assert.deepEqual([diagnostic.kind, diagnostic.message], ["unsupported", `unsupported feature: ${proposal}`]);
  }
});

test("hostile counts cost nothing", () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
  for (const id of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11]) {
    const { message } = diagnosticOf(() => decode(moduleOf(section(id, huge))));
    assert.equal(message, "length out of bounds", `section ${id}`);
  }
  const oneRun = (count: number) => moduleWithBody([1, ...leb(count), 0x7f, 0x0b]);
  assert.equal(decode(oneRun(50_000)).functions[0]?.locals.length, 50_000);
  assert.deepEqual(diagnosticOf(() => decode(oneRun(50_001))).kind, "limit");
  const twoRuns = moduleWithBody([2, ...huge, 0x7f, 1, 0x7f, 0x0b]);
  assert.equal(diagnosticOf(() => decode(twoRuns)).message, "too many locals");
});

test("many functions with the most locals each end at the module's limit, not in memory", () => {
  const count = 200;
  const body = [1, ...leb(50_000), 0x7f, 0x0b];
  const bytes = moduleOf(
    section(1, [1, 0x60, 0, 0]),
    section(3, [...leb(count), ...new Array(count).fill(0)]),
    section(10, [...leb(count), ...new Array(count).fill([body.length, ...body]).flat()]),
  );
  assert.equal(diagnosticOf(() => parseModule(bytes)).kind, "limit");
});

test("100,000 nested blocks neither overflow the stack nor take long", () => {
  const depth = 100_000;
  const body = [0, ...new Array(depth).fill([0x02, 0x40]).flat(), ...new Array(depth + 1).fill(0x0b)];
  assert.equal(decode(moduleWithBody(body)).functions[0]?.instructions.length, 2 * depth + 1);
});

test("a real module cut at any byte is refused with an offset within what is left, unless the cut leaves a module", () => {
  for (const { name, bytes } of realModules().filter((item) => item.bytes.length < 6000)) {
    let modules = 0;
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      // Between two sections a prefix may be a module of its own.
      if (WebAssembly.validate(cut)) {
        modules++;
        decode(cut);
        continue;
      }
      for (const action of [() => decode(cut), () => parseModule(cut)]) {
        const { kind, offset } = diagnosticOf(action);
        assert.equal(kind, "invalid-module", `${name} cut to ${length}`);
        assert.ok(offset !== undefined && offset <= length, `${name} cut to ${length}: offset ${offset}`);
      }
    }
    assert.ok(modules < 8);
  }
});

test("a module of 100 KB decodes in well under 20 ms", () => {
  const largest = realModules().sort((a, b) => b.bytes.length - a.bytes.length)[0];
  assert.ok(largest !== undefined);
  const times = Array.from({ length: 40 }, () => {
    const start = performance.now();
    decode(largest.bytes);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const milliseconds = ((times[20] ?? Infinity) / largest.bytes.length) * 100_000;
  assert.ok(milliseconds < 20, `${milliseconds} ms for 100 KB`);
});
