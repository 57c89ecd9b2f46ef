/** Copies of an instance (docs/fuzzing.md, "Copies"): whatever one of them does otherwise is seen, and named. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type BurstModule, HostError, listDevices, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import { repeated, unlikeRecords } from "../support/equalRecords.ts";
import { assemble } from "../wasm/support.ts";
import { copyDifference, repeats } from "./copies.ts";
import { type Answer, invoke, observePool } from "./device.ts";
import { type Case, difference, interfaceOf, observeOnV8 } from "./observe.ts";
import { readRegression, regressionText } from "./regressionFile.ts";

const text = `(module
  (memory (export "memory") 1 2)
  (global (export "count") (mut i32) (i32.const 7))
  (table 1 funcref)
  (func (export "divide") (param i64 i32) (result i64)
    (global.set 0 (i32.add (global.get 0) (i32.const 1)))
    (i32.store (i32.const 65532) (local.get 1))
    (i64.div_s (local.get 0) (i64.extend_i32_s (local.get 1))))
  (func (export "not a number") (result f32) (f32.const nan))
  (func (export "grow") (drop (memory.grow (i32.const 1)))))`;
/** The third one traps. */
const divisors = [3, -7, 0];
const item: Case = {
  bytes: assemble(text),
  instances: divisors.length,
  copies: 15,
  calls: [
    { name: "divide", arguments: divisors.map((divisor) => [1n << 40n, divisor]) },
    { name: "not a number", arguments: divisors.map(() => []) },
  ],
};
const places = item.instances * item.copies;
const seen = interfaceOf(item.bytes);

test("records of all copies are those of the instances, again and again", () => {
  assert.deepEqual(repeated(Uint32Array.of(1, 2, 3), 2), Uint32Array.of(1, 2, 3, 1, 2, 3));
});

test("bytes repeat, or one is another, or there are more or fewer", () => {
  const bytes = Uint8Array.from({ length: 12 }, (_, index) => index % 3);
  assert.ok(repeats(bytes, 4) && repeats(bytes, 2) && repeats(bytes.subarray(0, 0), 4));
  assert.ok(!repeats(bytes.with(11, 0), 4) && !repeats(bytes.with(0, 1), 4));
  assert.ok(!repeats(bytes.subarray(1), 4) && !repeats(bytes.subarray(3), 4));
});

test("another bit of a result, another trap and another place of it are unlike; what lies where a trapped instance has no results is not", () => {
  const shape = { instances: 2, copies: 2 };
  const status = Uint32Array.of(0, 0, 6, 1, 0, 0, 6, 1);
  const results = Uint32Array.of(1, 2, 3, 4, 1, 2, 8, 9);
  assert.deepEqual(unlikeRecords({ status, results }, shape), []);
  assert.deepEqual(unlikeRecords({ status, results: results.with(5, 3) }, shape), [2]);
  assert.deepEqual(unlikeRecords({ status: status.with(6, 5), results }, shape), [3]);
  assert.deepEqual(unlikeRecords({ status: status.with(7, 2), results }, shape), [3]);
  assert.deepEqual(unlikeRecords({ status: status.with(4, 6), results }, shape), [2]);
});

test("a regression's text says with how many copies something differed", () => {
  const directory = mkdtempSync(join(tmpdir(), "wasmburst-regression-"));
  try {
    const file = join(directory, "a.wat");
    const written = regressionText({ profile: "cpu", message: "a", case: item, text });
    writeFileSync(file, written);
    assert.equal(readRegression(pathToFileURL(file)).copies, item.copies);
    for (const wrong of ["0", "many"]) {
      writeFileSync(file, written.replace(`copies: ${item.copies}`, `copies: ${wrong}`));
      assert.throws(() => readRegression(pathToFileURL(file)), /copies: /);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

const { hostProblem } = await listDevices();

describe(`a pool of ${item.copies} copies`, { skip: hostProblem ?? false }, () => {
  let burst: WasmBurst;
  let module: BurstModule;
  before(async () => {
    burst = await WasmBurst.launch({ device: "cpu", profile: "native" });
    module = await burst.compile(item.bytes);
  });
  after(() => burst.close());

  /** What is said about a pool in which all calls were made, after something was done to it or to their answers. */
  async function differenceAfter(
    change: (pool: Pool, answers: Answer[]) => Promise<unknown> | unknown,
  ): Promise<string | undefined> {
    await using pool = await module.instantiate({ instances: places });
    const answers: Answer[] = [];
    for (const call of item.calls) answers.push(await invoke(pool, call, seen, item));
    await change(pool, answers);
    return difference(observeOnV8(item), await observePool(pool, item, seen, answers), item);
  }

  test("does what V8 does", async () => {
    assert.equal(await differenceAfter(() => {}), undefined);
  });

  /** Copy 11 of instance 1: in the second SIMD-group. */
  const place = 34;

  const changes: readonly [
    what: string,
    change: (pool: Pool, answers: Answer[]) => Promise<unknown> | unknown,
    message: RegExp,
  ][] = [
    [
      "a result",
      (_, [divide]) => divide?.results.fill(5, place * 2, place * 2 + 1),
      /^copy 11 of instance 1, call 0, divide\(1099511627776 -7\): copy 0 has \[-157073089682\], the device \[/,
    ],
    [
      "a trap that V8 has not",
      (_, [divide]) => divide?.status.set([6, 0], place * 2),
      /^copy 11 of instance 1, call 0, .* the device trap /,
    ],
    [
      "another place of a trap",
      (_, [divide]) => divide?.status.fill(1, (place + 1) * 2 + 1, (place + 1) * 2 + 2),
      /^copy 11 of instance 2, call 0, .* in function 0, the device trap integer divide by zero in function 1$/,
    ],
    [
      "a global",
      (pool) => pool.globals.set(place, "count", 9),
      /^copy 11 of instance 1, global count: copy 0 has 8, the device 9$/,
    ],
    [
      "a byte of memory",
      (pool) => pool.memory.write(place, 40_000, Uint8Array.of(1)),
      /^copy 11 of instance 1, memory: byte 40000: copy 0 has 0, the device 1$/,
    ],
    [
      "the memory's size",
      (pool) => pool.invoke("grow", [], { instances: [place] }),
      /^copy 11 of instance 1, memory: copy 0 has 65536 bytes, the device 131072$/,
    ],
  ];
  for (const [what, change, message] of changes) {
    test(`${what} of one copy counts`, async () => assert.match((await differenceAfter(change)) ?? "", message));
  }

  test("the bits of a NaN do not count", async () => {
    const change = (_: Pool, answers: Answer[]) => answers[1]?.results.fill(0x7fc0_0001, place, place + 1);
    assert.equal(await differenceAfter(change), undefined);
  });

  test("where there is no snapshot every copy is looked at", async () => {
    await using pool = await module.instantiate({ instances: places });
    await pool.globals.set(place, "count", 9);
    const observe = async (at: number) => {
      const value = await pool.globals.get(at, "count");
      return { outcomes: [], globals: [value], memory: undefined };
    };
    const snapshot = () => Promise.reject(new HostError("invalidParams", "it does not fit in one message"));
    const originals = await Promise.all(divisors.map((_, instance) => observe(instance)));
    assert.match(
      (await copyDifference({ snapshot }, { ...item, calls: [] }, seen, [], originals, observe)) ?? "",
      /^copy 11 of instance 1, global count: copy 0 has 7, the device 9$/,
    );
  });
});
