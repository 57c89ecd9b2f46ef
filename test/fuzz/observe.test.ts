/** The comparison itself: what it must see, and what it must not mind. Needs no host. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { assemble } from "../wasm/support.ts";
import { program, suspendingProgram } from "./arbitraries.ts";
import { type Case, difference, type Observation, observeOnV8, type Run } from "./observe.ts";
import { caseOf } from "./ownSource.ts";
import { readRegression, regressionText } from "./regressionFile.ts";

const text = `(module
  (memory (export "memory") 1 2)
  (global (export "count") (mut i32) (i32.const 7))
  (table 1 funcref)
  (func (export "same") (param f64) (result f64) local.get 0)
  (func (export "cut") (param f32) (result i32) local.get 0 i32.trunc_f32_s)
  (func (export "null") (call_indirect (i32.const 0))))`;
const item: Case = {
  bytes: assemble(text),
  instances: 2,
  copies: 3,
  calls: [
    { name: "same", arguments: [[-0], [Number.NaN]] },
    { name: "cut", arguments: [[1.5], [Number.NaN]] },
    { name: "null", arguments: [[], []] },
  ],
};
const run = observeOnV8(item);

/** The run of V8 with one instance changed. */
function changed(index: number, change: (observation: Observation) => Partial<Observation>): Run {
  assert.ok("instances" in run);
  return { instances: run.instances.map((seen, at) => (at === index ? { ...seen, ...change(seen) } : seen)) };
}

const outcome = (call: number, replacement: Observation["outcomes"][number]) => (seen: Observation) => ({
  outcomes: seen.outcomes.map((value, at) => (at === call ? replacement : value)),
});

test("a run does not differ from itself", () => {
  assert.equal(difference(run, run, item), undefined);
});

test("the sign of a zero, a NaN, a trap, its function, a global, a byte and the memory's size all count", () => {
  const actual: Run[] = [
    changed(0, outcome(0, { values: [0] })),
    changed(1, outcome(0, { values: [1] })),
    changed(0, outcome(1, { trap: "integer overflow", functionIndex: 1 })),
    changed(1, outcome(1, { trap: "invalid conversion to integer", functionIndex: 0 })),
    changed(1, outcome(1, { trap: "unreachable", functionIndex: 1 })),
    changed(0, () => ({ globals: [8] })),
    changed(1, () => ({ memory: new Uint8Array(65_536).fill(1, 65_535) })),
    changed(1, () => ({ memory: new Uint8Array(131_072) })),
    { trap: "unreachable" },
  ];
  for (const other of actual) assert.notEqual(difference(run, other, item), undefined);
});

test("traps that V8 does not tell apart are equal", () => {
  assert.equal(
    difference(run, changed(1, outcome(1, { trap: "invalid conversion to integer", functionIndex: 1 })), item),
    undefined,
  );
  assert.equal(
    difference(run, changed(0, outcome(2, { trap: "uninitialized element", functionIndex: 2 })), item),
    undefined,
  );
});

test("a regression's text gives the same module and calls again", () => {
  const directory = mkdtempSync(join(tmpdir(), "wasmburst-regression-"));
  try {
    const path = join(directory, "a.wat");
    writeFileSync(path, regressionText({ profile: "cpu", message: "a\nb", case: item, text }));
    assert.deepEqual(readRegression(pathToFileURL(path)), item);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("200 generated programs are valid, and their runs on V8 end and repeat", () => {
  fc.assert(
    fc.property(fc.oneof(program, suspendingProgram), (drawn) => {
      const generated = caseOf([drawn]);
      assert.equal(difference(observeOnV8(generated), observeOnV8(generated), generated), undefined);
    }),
    { seed: 1, numRuns: 200 },
  );
});
