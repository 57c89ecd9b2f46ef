/** The public API on a device of a real host; skipped, by name, where none is built. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type CompileError, type Value, WasmBurst } from "../../compiler-ts/src/index.ts";
import { type JobResult, parseJobs } from "../../compiler-ts/src/jobs.ts";
import { runJobs } from "../../compiler-ts/src/runJobs.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const instances = 40;
const range = Array.from({ length: instances }, (_, index) => index);

const bytes = wat(`(module (memory 1 3) (global $n (export "n") (mut i64) (i64.const 10))
  (table 2 funcref) (type $void (func)) (elem (i32.const 0) $nothing)
  (func $nothing)
  (func (export "count") (param i64) (result i64)
    (global.set $n (i64.add (global.get $n) (local.get 0)))
    (i64.store (i32.const 8) (global.get $n))
    (global.get $n))
  (func $quotient (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "indirect") (param i32) (call_indirect (type $void) (local.get 0)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "floats") (param f32 f64) (result f64 f32) (f64.neg (local.get 1)) (f32.sqrt (local.get 0)))
  (func (export "spin") (loop $l (br $l))))`);

describe("a device of the host", { skip: hostMissing }, () => {
  let burst: WasmBurst;
  let oracle: WasmBurst;
  before(async () => {
    burst = await WasmBurst.launch({ device: "auto", onNotice: (message) => assert.fail(message) });
    oracle = await WasmBurst.launch({ device: "v8" });
  });
  after(async () => {
    await burst.close();
    await oracle.close();
  });

  const pools = async () =>
    Promise.all([burst, oracle].map(async (device) => (await device.compile(bytes)).instantiate({ instances })));

  const calls: readonly (readonly [string, readonly (readonly Value[])[]])[] = [
    ["count", range.map((index) => [BigInt(index) * 2n ** 40n])],
    ["div", range.map((index) => [100 - index, index - 20])],
    ["load", range.map((index) => [65_520 + index])],
    ["indirect", range.map((index) => [index * 2])],
    ["grow", range.map(() => [])],
    ["floats", range.map((index) => [index - 3, index === 0 ? -0 : index / 3])],
  ];
  test("values and traps of every instance are those of V8, and so is the state that stays", async () => {
    const [device, v8] = await pools();
    assert.ok(device !== undefined && v8 !== undefined);
    for (const [name, values] of [...calls, ...calls]) {
      assert.deepEqual(await device.invoke(name, values), await v8.invoke(name, values), name);
    }
    for (const instance of [0, 31, 32, instances - 1]) {
      assert.deepEqual(await device.memory.read(instance, 0, 64), await v8.memory.read(instance, 0, 64));
      assert.equal(await device.globals.get(instance, "n"), await v8.globals.get(instance, "n"));
    }
    await Promise.all([device.reset([3, 33]), v8.reset([3, 33])]);
    const [name, values] = calls[0] as (typeof calls)[number];
    assert.deepEqual(await device.invoke(name, values), await v8.invoke(name, values), "after reset");
  });

  test("memory and globals are written and read at any address, and refused beyond the end", async () => {
    const pool = await (await burst.compile(bytes)).instantiate({ instances });
    const pattern = Uint8Array.from({ length: 37 }, (_, index) => index * 7);
    await pool.memory.writeAll(range.map((instance) => ({ instance, address: 4093 + instance, bytes: pattern })));
    for (const instance of [0, 1, 33]) {
      assert.deepEqual(await pool.memory.read(instance, 4093 + instance, 37), pattern);
      assert.deepEqual(await pool.memory.read(instance, 4092 + instance, 1), Uint8Array.of(0));
    }
    await assert.rejects(pool.memory.write(0, 65_530, pattern), { code: "memoryOutOfBounds" });
    await assert.rejects(pool.memory.read(0, 65_536, 1), { code: "memoryOutOfBounds" });
    await pool.globals.set(5, "n", -1n);
    assert.deepEqual(await pool.invoke("count", [0n], { instances: [5, 6] }), [{ values: [-1n] }, { values: [10n] }]);
  });

  test("an endless loop ends when its fuel does", async () => {
    const pool = await (await burst.compile(bytes)).instantiate({ instances: 2 });
    const [result] = await pool.invoke("spin", [], { fuel: 1000 });
    assert.deepEqual(result, { trap: "fuel exhausted", function: "spin" });
  });

  test("a pool that cannot fit is refused before anything is allocated, with the number that would", async () => {
    const module = await burst.compile(bytes);
    await assert.rejects(
      module.instantiate({ instances: 10 ** 9 }),
      (error: Error & { code?: string; data?: unknown }) => {
        assert.equal(error.code, "poolTooLarge");
        const { instancesThatFit } = error.data as { instancesThatFit: number };
        assert.ok(instancesThatFit > 0 && instancesThatFit < 10 ** 9);
        return true;
      },
    );
  });

  test("a v128 passes through arguments, results and globals as its 16 bytes", async () => {
    const text = `(module (global (export "g") (mut v128) (v128.const i32x4 1 2 3 4))
      (func (export "f") (param i32 v128 i64) (result i64 v128)
        (local.get 2) (i32x4.add (local.get 1) (i32x4.splat (local.get 0)))))`;
    const pool = await (await burst.compile(wat(text))).instantiate({ instances });
    const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
    assert.deepEqual(
      await pool.invoke(
        "f",
        range.map((index) => [index, words(1, 2, 3, 0xffff_ffff), -5n]),
      ),
      range.map((index) => ({ values: [-5n, words(index + 1, index + 2, index + 3, index - 1)] })),
    );
    await pool.globals.set(33, "g", words(9, 8, 7, 6));
    assert.deepEqual(await pool.globals.get(33, "g"), words(9, 8, 7, 6));
    assert.deepEqual(await pool.globals.get(32, "g"), words(1, 2, 3, 4));
    await assert.rejects(pool.globals.set(0, "g", words(1)), /not a v128 \(a Uint8Array of 16 bytes\)/);
  });

  test("more arguments than half of scratch holds are refused with both numbers", async () => {
    const module = await burst.compile(wat(`(module (func (export "f") (param ${"v128 ".repeat(513)})))`));
    const values = Array.from({ length: 513 }, () => new Uint8Array(16));
    const small = await module.instantiate({ instances: 1 });
    await assert.rejects(small.invoke("f", [values]), (error: CompileError) => {
      assert.equal(error.diagnostic.kind, "limit");
      assert.match(error.message, /arguments of f take 8208 bytes, and half of scratch has 8192/);
      return true;
    });
    const large = await module.instantiate({ instances: 1, execution: { scratch: 32_768 } });
    assert.deepEqual(await large.invoke("f", [values]), [{ values: [] }]);
  });

  test("a module whose import is missing is refused by the import's name", async () => {
    const importing = wat(
      '(module (import "env" "log" (func (param i32))) (func (export "f") (call 0 (i32.const 1))))',
    );
    const module = await burst.compile(importing);
    await assert.rejects(module.instantiate({ instances }), (error: Error) => {
      assert.match(error.message, /imports are not provided: env\.log: \(i32\) -> \(\)/);
      return error.name === "CompileError";
    });
  });

  test("instances named in any order, and jobs, take and give records; a trap's record is zero", async () => {
    const pool = await (await burst.compile(bytes)).instantiate({ instances });
    const named = [33, 7, 39, 8, 9, 0];
    const divided = await pool.invokeRecords("div", Uint32Array.of(10, 5, 9, 3, 8, 0, 7, 7, 6, 2, 5, 1), {
      instances: named,
    });
    assert.deepEqual([...divided.results], [2, 3, 0, 1, 3, 5]);
    assert.deepEqual(
      named.filter((_, index) => divided.status[index * 2] !== 0),
      [39],
    );
    const jobs = 1000;
    const records = Uint32Array.from({ length: jobs * 2 }, (_, word) =>
      word % 2 === 0 ? 7000 + word : (word >> 1) % 50,
    );
    const ran = await pool.runJobRecords("div", jobs, records);
    for (let job = 0; job < jobs; job++) {
      const [dividend = 0, divisor = 0] = records.subarray(job * 2, job * 2 + 2);
      assert.equal(ran.results[job], divisor === 0 ? 0 : Math.floor(dividend / divisor));
      assert.equal(ran.status[job * 2] === 0, divisor !== 0);
    }
    assert.ok(ran.hostSeconds > 0);
    const counted = await pool.runJobRecords("count", 3, Uint32Array.of(1, 0, 2, 0, 3, 0));
    assert.deepEqual([...counted.results], [11, 0, 12, 0, 13, 0]);
    assert.deepEqual([...counted.status], [0, 0, 0, 0, 0, 0]);
    await assert.rejects(pool.runJobRecords("div", 2, new Uint32Array(3)), /needs 2 words for each of 2 jobs, not 3/);
  });

  test("a jobs file gives the same lines as on V8", async () => {
    const lines = [
      ...range.map((index) => `{"invoke":"div","args":[9,${index % 4}]}`),
      '{"invoke":"count","args":["-9223372036854775808"],"read":[{"at":8,"length":8}]}',
      '{"invoke":"load","args":[3],"memory":[{"at":2,"utf8":"wasm"}]}',
      '{"invoke":"load","args":[3],"memory":[{"at":65535,"utf8":"wasm"}]}',
      '{"invoke":"floats","args":["0.1","nan"]}',
      "{",
    ];
    const run = async (device: WasmBurst) => {
      const results: JobResult[] = [];
      await runJobs(
        parseJobs(
          (async function* () {
            yield* lines;
          })(),
        ),
        { instances: 16 },
        {
          exports: new Set(["div", "count", "load", "floats"]),
          compile: (exports) => device.compile(bytes, { exports }),
          onResult: async (result) => void results.push(result),
        },
      );
      return results;
    };
    assert.deepEqual(await run(burst), await run(oracle));
  });
});
