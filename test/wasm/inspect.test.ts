import assert from "node:assert/strict";
import { test } from "node:test";
import { stronglyConnectedComponents } from "../../compiler-ts/src/graph.ts";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import { type Inspection, inspect, renderInspection } from "../../compiler-ts/src/wasm/inspect.ts";
import { assemble, realModules } from "./support.ts";

function inspectText(text: string): Inspection {
  return inspect(parseModule(assemble(text)));
}

test("each feature is found by itself, and a first-version module has none", () => {
  const cases: [string, string[]][] = [
    [`(module (memory 1) (table 1 funcref) (elem (i32.const 0) 0) (data (i32.const 0) "x") (func))`, []],
    [`(module (global (export "g") (mut i32) (i32.const 0)))`, ["mutable-globals"]],
    [`(module (global (mut i32) (i32.const 0)))`, []],
    [`(module (func (drop (i32.extend8_s (i32.const 0)))))`, ["sign-extension"]],
    [`(module (func (drop (i32.trunc_sat_f32_s (f32.const 0)))))`, ["saturating-float-to-int"]],
    [`(module (func (result i32 i32) (i32.const 0) (i32.const 1)))`, ["multi-value"]],
    [`(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))`, ["bulk-memory"]],
    [`(module (memory 1) (data "passive"))`, ["bulk-memory"]],
    [`(module (func (drop (ref.null func))))`, ["reference-types"]],
    [`(module (table 1 externref))`, ["reference-types"]],
    [`(module (func (local v128)))`, ["simd"]],
  ];
  for (const [text, features] of cases) assert.deepEqual(inspectText(text).features, features, text);
});

test("exports and imports carry their types", () => {
  const { exports, imports, memories } = inspectText(`(module
    (import "env" "print" (func (param i32)))
    (import "env" "memory" (memory 2 4))
    (func (export "f") (param i64 f32) (result f64) unreachable)
    (table (export "t") 1 8 funcref)
    (global (export "g") i32 (i32.const 0))
    (export "m" (memory 0)))`);
  assert.deepEqual(imports, [
    { module: "env", name: "print", type: { kind: "function", parameters: ["i32"], results: [] } },
    { module: "env", name: "memory", type: { kind: "memory", limits: { minimum: 2, maximum: 4 } } },
  ]);
  assert.deepEqual(exports, [
    { name: "f", type: { kind: "function", parameters: ["i64", "f32"], results: ["f64"] } },
    { name: "t", type: { kind: "table", element: "funcref", limits: { minimum: 1, maximum: 8 } } },
    { name: "g", type: { kind: "global", value: "i32", mutable: false } },
    { name: "m", type: { kind: "memory", limits: { minimum: 2, maximum: 4 } } },
  ]);
  assert.deepEqual(memories, [{ imported: true, limits: { minimum: 2, maximum: 4 } }]);
});

test("functions are listed by size and named by the name section, an export, or their index", () => {
  const bytes = assemble(`(module
    (func nop)
    (func (export "middle") nop nop nop)
    (func $largest (local i32) nop nop nop nop nop nop))`);
  assert.deepEqual(
    inspect(parseModule(bytes)).functions.map(({ index, name, instructions, locals }) => [
      index,
      name,
      instructions,
      locals,
    ]),
    [
      [2, "largest", 7, 1],
      [1, "middle", 4, 0],
      [0, "func[0]", 2, 0],
    ],
  );
});

test("recursion is found directly, mutually, and through what an indirect call may reach", () => {
  const { callGraph } = inspectText(`(module
    (type $unary (func (param i32)))
    (table 2 funcref) (elem (i32.const 0) $callback $other)
    (func $self (call $self))
    (func $even (call $odd)) (func $odd (call $even) (call $leaf))
    (func $callback (param i32) (call_indirect (type $unary) (i32.const 0) (i32.const 0)))
    (func $other (param i64))
    (func $leaf))`);
  assert.deepEqual(callGraph.recursiveGroups, [
    { functions: [0], onlyIndirect: false },
    { functions: [1, 2], onlyIndirect: false },
    { functions: [3], onlyIndirect: true },
  ]);
  assert.deepEqual([callGraph.directCalls, callGraph.indirectCalls, callGraph.addressTaken], [4, 1, 2]);
});

test("the deepest chain counts a recursive group once", () => {
  const { callGraph, functionNames } = inspectText(`(module
    (func $main (call $leaf) (call $a))
    (func $a (call $b)) (func $b (call $a) (call $middle))
    (func $middle (call $leaf))
    (func $leaf))`);
  assert.deepEqual(
    callGraph.deepestChain.map((index) => functionNames[index]),
    ["main", "a", "middle", "leaf"],
  );
});

test("strongly connected components come callees first, on graphs deeper than any stack", () => {
  assert.deepEqual(
    stronglyConnectedComponents([[1], [2, 3], [1], [], [4, 0]]).map((component) => component.sort()),
    [[3], [1, 2], [0], [4]],
  );
  const depth = 300_000;
  const chain = Array.from({ length: depth }, (_, index) => (index + 1 < depth ? [index + 1] : []));
  assert.equal(stronglyConnectedComponents(chain).length, depth);
  const ring = Array.from({ length: depth }, (_, index) => [(index + 1) % depth]);
  assert.equal(stronglyConnectedComponents(ring).length, 1);
});

test("an inspection survives JSON and renders without control characters", () => {
  const inspection = inspectText(`(module (func (export "evil\\1b[2J") (result i32) i32.const 1))`);
  assert.deepEqual(JSON.parse(JSON.stringify(inspection)), inspection);
  const text = renderInspection(inspection);
  assert.match(text, /^ {2}evil\\u\{1b\}\[2J: \(\) -> \(i32\)$/m);
});

test("the rendering of a real module shows its exports, features and largest function", () => {
  const xxhash = realModules()[0];
  assert.ok(xxhash !== undefined);
  const text = renderInspection(inspect(parseModule(xxhash.bytes)), { functions: 1 });
  assert.match(text, /^ {2}xxh64: \(i32, i32, i64\) -> \(i64\)$/m);
  assert.match(text, /^features:\n {2}bulk-memory$/m);
  assert.match(text, /^functions \(10, largest 1\):\n {2}628 bytes, 263 instructions, func\[8\] update64$/m);
});
