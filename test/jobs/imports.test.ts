/** Jobs that call imported functions, unequally long and unequally often: refilled on devices of the host as in rounds on V8, bit by bit. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ImportContext, type Imports, type Pool, perInstance, WasmBurst } from "../../compiler-ts/src/index.ts";
import { type JobResult, parseJobs } from "../../compiler-ts/src/jobs.ts";
import { runJobs } from "../../compiler-ts/src/runJobs.ts";
import { testedDevices } from "../support/devices.ts";
import { wat } from "../support/wat.ts";

/**
 * `walk(calls, length, x)` makes `calls` calls with `length` rounds of work before each; what calls answer goes into the work, and the
 * work traps for some values. `hop` recurses with a call on every level.
 */
const walking = wat(`(module
  (import "env" "next" (func $next (param i32 i64) (result i64)))
  (import "env" "pair" (func $pair (param f64) (result i32 f64)))
  (memory (export "memory") 1)
  (func $mix (param $x i64) (param $rounds i32) (result i64)
    (loop $again
      (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
      (br_if $again (i32.gt_s (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))) (i32.const 0))))
    (if (i64.eqz (i64.rem_u (i64.shr_u (local.get $x) (i64.const 33)) (i64.const 211))) (then unreachable))
    (local.get $x))
  (func (export "walk") (param $calls i32) (param $length i32) (param $x i64) (result i64 f64)
    (local $sum f64) (local $number i32)
    (block $done
      (loop $again
        (local.set $x (call $mix (local.get $x) (local.get $length)))
        (br_if $done (i32.eqz (local.get $calls)))
        (i64.store (i32.const 16) (local.get $x))
        (if (i32.rem_u (local.get $calls) (i32.const 3))
          (then (local.set $x (i64.xor (local.get $x) (call $next (local.get $calls) (local.get $x)))))
          (else
            (call $pair (f64.add (local.get $sum) (f64.convert_i32_u (local.get $calls))))
            (local.set $sum) (local.set $number)
            (local.set $x (i64.add (local.get $x) (i64.extend_i32_u (i32.load (i32.const 32)))))))
        (local.set $calls (i32.sub (local.get $calls) (i32.const 1)))
        (br $again)))
    (local.get $x) (f64.add (local.get $sum) (f64.convert_i32_s (local.get $number))))
  (func $hop (export "hop") (param $depth i32) (param $x i64) (result i64)
    (if (result i64) (i32.eqz (local.get $depth)) (then (local.get $x))
      (else (i64.add (call $next (local.get $depth) (local.get $x))
        (call $hop (i32.sub (local.get $depth) (i32.const 1)) (i64.add (local.get $x) (i64.const 1))))))))`);

/** Depends on values and memory alone, and on no order. */
const walkingImports: Imports = {
  env: {
    async next({ memory }: ImportContext, calls: number, x: bigint) {
      if (BigInt.asUintN(32, x) % 97n === 5n) throw new Error(`no answer to ${x}`);
      const [first = 0] = await memory.read(16, 8);
      return BigInt.asIntN(64, x * 3n + BigInt(calls + first));
    },
    async pair({ memory }: ImportContext, x: number) {
      const bytes = await memory.read(16, 4);
      await memory.write(
        32,
        bytes.map((byte) => byte ^ 0x55),
      );
      return [bytes[0], x / 3];
    },
  },
};

const lines = Array.from({ length: 300 }, (_, job) => {
  const hash = Math.imul(job + 1, 0x9e3779b1) >>> 0;
  if (job % 7 === 3) return `{"invoke":"hop","args":[${hash % 30},"${hash}"]}`;
  const read = job % 5 === 0 ? `,"read":[{"at":16,"length":24}]` : "";
  return `{"invoke":"walk","args":[${hash % 19},${job % 31 === 0 ? 20_000 : 1 + (hash % 300)},"${hash}"]${read}}`;
});

async function* linesOf(all: readonly string[]) {
  yield* all;
}

async function resultsOn(
  burst: WasmBurst,
  bytes: Uint8Array,
  all: readonly string[],
  instances: number,
  imports: Imports,
) {
  const results: JobResult[] = [];
  const exports = new Set(all.map((line) => (JSON.parse(line) as { invoke: string }).invoke));
  const summary = await runJobs(
    parseJobs(linesOf(all)),
    { instances, batch: burst.device.id === "v8" ? instances : all.length, imports },
    {
      exports,
      compile: (names) => burst.compile(bytes, { exports: names }),
      onResult: async (result) => void results.push(result),
    },
  );
  return { results, summary };
}

let onV8: readonly JobResult[];
before(async () => {
  await using burst = await WasmBurst.launch({ device: "v8", threads: 2 });
  onV8 = (await resultsOn(burst, walking, lines, 60, walkingImports)).results;
});

test("the jobs end in every way that they can: with values, with a trap, and with an import that fails", () => {
  const count = (has: (result: JobResult) => boolean) => onV8.filter(has).length;
  assert.equal(onV8.length, lines.length);
  assert.ok(count((result) => "values" in result) > 200);
  assert.ok(count((result) => "trap" in result && result.trap === "unreachable") > 5);
  assert.ok(count((result) => "trap" in result && result.trap === "host function failed") > 5);
});

for (const device of testedDevices.filter((id) => id !== "v8")) {
  describe(`jobs with imports on ${device}`, () => {
    let burst: WasmBurst;
    before(async () => {
      burst = await WasmBurst.launch({ device });
    });
    after(() => burst.close());

    const poolOf = async (text: string, instances: number, imports: Imports): Promise<Pool> =>
      (await burst.compile(wat(text))).instantiate({ instances, imports });

    for (const { instances, jobs } of [
      { instances: 1, jobs: 30 },
      { instances: 13, jobs: 300 },
      { instances: 64, jobs: 300 },
      { instances: 300, jobs: 300 },
    ]) {
      test(`${jobs} jobs over ${instances} instances have V8's results`, async () => {
        const { results, summary } = await resultsOn(burst, walking, lines.slice(0, jobs), instances, walkingImports);
        assert.deepEqual(results, onV8.slice(0, jobs));
        if (instances < jobs) assert.ok(summary.laneUse !== undefined && summary.laneUse > 0);
      });
    }

    test("of what differs from instance to instance jobs get what they have in V8's rounds", async () => {
      const bytes =
        wat(`(module (import "env" "seed" (global $seed i32)) (import "env" "f" (func $f (param i32) (result i32)))
        (import "env" "memory" (memory 1))
        (func (export "run") (param $calls i32) (result i32) (local $sum i32)
          (local.set $sum (i32.load8_u (i32.const 0)))
          (loop $again
            (local.set $sum (i32.add (local.get $sum) (call $f (global.get $seed))))
            (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))
          (local.get $sum)))`);
      const given: Imports = {
        env: {
          seed: perInstance((instance) => instance * 1000),
          f: (_: ImportContext, value: number) => value + 1,
          memory: perInstance((instance) => ({ pages: 1, contents: Uint8Array.of(100 + instance) })),
        },
      };
      const all = Array.from({ length: 50 }, (_, job) => `{"invoke":"run","args":[${1 + ((job * 5) % 13)}]}`);
      await using v8 = await WasmBurst.launch({ device: "v8", threads: 2 });
      assert.deepEqual(
        (await resultsOn(burst, bytes, all, 6, given)).results,
        (await resultsOn(v8, bytes, all, 6, given)).results,
      );
    });

    test("a job that waits is answered in time though most of the others never do", async () => {
      const controller = new AbortController();
      const calls: number[] = [];
      await using pool = await poolOf(
        `(module (import "env" "f" (func $f (param i32)))
          (func (export "g") (param i32)
            (if (local.get 0) (then (loop $forever (br $forever))))
            (loop $again (call $f (local.get 0)) (br $again))))`,
        5,
        {
          env: {
            f({ instance }: ImportContext) {
              if (calls.push(instance) === 4) controller.abort(new Error("enough"));
            },
          },
        },
      );
      const jobs = [1, 1, 0, 1, 1].map((value) => ({ values: [value] }));
      const { outcomes } = await pool.runJobs("g", jobs, { signal: controller.signal });
      assert.ok(outcomes.every((outcome) => "failed" in outcome && outcome.failed === "notRun"));
      assert.deepEqual(calls, [2, 2, 2, 2]);
    });

    test("results do not depend on slices", async () => {
      const module = await burst.compile(walking, { exports: ["walk"] });
      await using pool = await module.instantiate({ instances: 9, imports: walkingImports });
      const jobs = Array.from({ length: 60 }, (_, job) => ({ values: [job % 9, 50 + job, BigInt(job * 977)] }));
      const expected = (await pool.runJobs("walk", jobs)).outcomes;
      assert.deepEqual((await pool.runJobs("walk", jobs, { sliceFuel: 40 })).outcomes, expected);
    });

    test("imports know an instance by its job, and what one throws is the trap of that job", async () => {
      await using pool = await poolOf(
        `(module (import "env" "f" (func $f (param i32) (result i32)))
          (func (export "g") (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $f (local.get 0)))))`,
        4,
        {
          env: {
            f({ instance }: ImportContext, value: number) {
              assert.equal(instance, value);
              if (value === 17) throw new Error("not 17");
              return value;
            },
          },
        },
      );
      const { outcomes } = await pool.runJobs(
        "g",
        Array.from({ length: 30 }, (_, job) => ({ values: [job] })),
      );
      const trap = { trap: "host function failed", function: "env.f", message: "not 17" };
      assert.deepEqual(
        outcomes,
        Array.from({ length: 30 }, (_, job) => (job === 17 ? trap : { values: [2 * job], reads: [] })),
      );
    });

    test("functions of the host serve jobs by their numbers, and their failures are the jobs'", async () => {
      let output = "";
      const onOutput = (text: string) => {
        output += text;
      };
      await using own = await WasmBurst.launch({ device, onOutput });
      const module = await own.compile(
        wat(`(module (import "wasmburst" "instance_index" (func $index (result i32)))
          (import "wasmburst" "log" (func $log (param i32 i32))) (memory (export "memory") 1) (data (i32.const 0) "hello")
          (func (export "f") (param i32) (result i32) (call $log (local.get 0) (i32.const 5)) (call $index)))`),
      );
      await using pool = await module.instantiate({ instances: 3 });
      const jobs = Array.from({ length: 11 }, (_, job) => ({ values: [job === 6 ? 65_535 : 0] }));
      const { outcomes } = await pool.runJobs("f", jobs);
      outcomes.forEach((outcome, job) => {
        if (job !== 6) assert.deepEqual(outcome, { values: [job], reads: [] });
        else
          assert.deepEqual(outcome, {
            trap: "host function failed",
            function: "wasmburst.log",
            message: "5 bytes at 65535 are not within the 65536 bytes of instance 6's memory",
          });
      });
      const said = output.trim().split("\n").toSorted();
      assert.deepEqual(said, [0, 1, 10, 2, 3, 4, 5, 7, 8, 9].map((job) => `instance ${job}: hello`).toSorted());
    });

    test("a start function calls its imports for every job, and one that fails is the trap of its job", async () => {
      let calls = 0;
      await using pool = await poolOf(
        `(module (import "env" "begin" (func $begin (param i32) (result i32)))
          (import "env" "go" (func $go (param i32) (result i32)))
          (memory 1) (global $g (mut i32) (i32.const 0))
          (func $start (global.set $g (call $begin (i32.load (i32.const 8)))) (i32.store (i32.const 8) (i32.const 7)))
          (start $start)
          (func (export "f") (param i32) (result i32 i32 i32)
            (call $go (local.get 0)) (global.get $g) (i32.load (i32.const 8))))`,
        3,
        {
          env: {
            begin({ instance }: ImportContext, memory: number) {
              assert.equal(memory, 0, "memory is as at first");
              calls += 1;
              if (instance === 4) throw new Error("no beginning");
              return 100 + instance;
            },
            go: async (_: ImportContext, value: number) => value * 2,
          },
        },
      );
      assert.equal(calls, 3);
      const { outcomes } = await pool.runJobs(
        "f",
        Array.from({ length: 20 }, (_, job) => ({
          values: [job],
          ...(job === 9 ? { writes: [{ address: 8, bytes: Uint8Array.of(99) }] } : {}),
        })),
      );
      const trap = { trap: "host function failed", function: "env.begin", message: "no beginning" };
      assert.deepEqual(
        outcomes,
        Array.from({ length: 20 }, (_, job) =>
          job === 4 ? trap : { values: [2 * job, 100 + job, job === 9 ? 99 : 7], reads: [] },
        ),
      );
      assert.equal(calls, 23);
    });

    test("jobs that wait are answered while a long one runs on", async () => {
      const seen: number[] = [];
      await using pool = await poolOf(
        `(module (import "env" "mark" (func $mark (param i32)))
          (func (export "f") (param $job i32) (param $length i32)
            (loop $again (br_if $again (i32.gt_s (local.tee $length (i32.sub (local.get $length) (i32.const 1))) (i32.const 0))))
            (call $mark (local.get $job)) (call $mark (local.get $job))))`,
        8,
        { env: { mark: (_: ImportContext, job: number) => void seen.push(job) } },
      );
      const jobs = Array.from({ length: 50 }, (_, job) => ({ values: [job, job === 0 ? 400_000 : 1] }));
      const { outcomes } = await pool.runJobs("f", jobs, { sliceFuel: 1000 });
      assert.ok(outcomes.every((outcome) => "values" in outcome));
      assert.equal(seen.length, 100);
      assert.deepEqual(seen.slice(-2), [0, 0]);
    });

    test("an abort while imports are called keeps what has ended, and the pool can be used again", async () => {
      const controller = new AbortController();
      let calls = 0;
      await using pool = await poolOf(
        `(module (import "env" "f" (func $f (param i32) (result i32)))
          (func (export "g") (param i32) (result i32) (call $f (call $f (local.get 0)))))`,
        4,
        {
          env: {
            async f(_: ImportContext, value: number) {
              calls += 1;
              if (calls === 30) controller.abort(new Error("enough"));
              return value + 1;
            },
          },
        },
      );
      const jobs = Array.from({ length: 40 }, (_, job) => ({ values: [job] }));
      const { outcomes, failure } = await pool.runJobs("g", jobs, { signal: controller.signal });
      assert.equal(failure, undefined);
      const ended = outcomes.filter((outcome) => "values" in outcome).length;
      assert.ok(ended >= 8 && ended <= 16, `${ended} of 40`);
      outcomes.forEach((outcome, job) => {
        assert.deepEqual(outcome, "values" in outcome ? { values: [job + 2], reads: [] } : { failed: "notRun" });
      });
      const again = await pool.runJobs("g", jobs.slice(0, 9));
      assert.deepEqual(
        again.outcomes,
        jobs.slice(0, 9).map((_, job) => ({ values: [job + 2], reads: [] })),
      );
    });

    test("an abort while the device runs keeps what has ended, and what waits is not called", async () => {
      const controller = new AbortController();
      let calls = 0;
      await using pool = await poolOf(
        `(module (import "env" "f" (func $f (param i32) (result i32)))
          (func (export "g") (param i32) (result i32)
            (call $f (local.get 0)) (drop)
            (if (i32.ge_u (local.get 0) (i32.const 4)) (then (loop $forever (br $forever))))
            (call $f (local.get 0))))`,
        8,
        {
          env: {
            f(_: ImportContext, value: number) {
              calls += 1;
              if (calls === 12) setTimeout(() => controller.abort(new Error("enough")), 300);
              return value + 1;
            },
          },
        },
      );
      const jobs = Array.from({ length: 8 }, (_, job) => ({ values: [job] }));
      const { outcomes, failure } = await pool.runJobs("g", jobs, { signal: controller.signal });
      assert.equal(failure, undefined);
      assert.deepEqual(
        outcomes,
        jobs.map((_, job) => (job < 4 ? { values: [job + 1], reads: [] } : { failed: "notRun" })),
      );
      assert.equal(calls, 12);
      const again = await pool.runJobs("g", jobs.slice(0, 3));
      assert.deepEqual(
        again.outcomes,
        jobs.slice(0, 3).map((_, job) => ({ values: [job + 1], reads: [] })),
      );
    });

    test("limits end the job that meets them, its calls or not", async () => {
      await using pool = await poolOf(
        `(module (import "env" "f" (func $f (param i32) (result i32)))
          (func (export "g") (param $n i32) (result i32)
            (loop $again (br_if $again (local.tee $n (call $f (local.get $n))))) (i32.const 1)))`,
        3,
        { env: { f: (_: ImportContext, value: number) => value - 1 } },
      );
      const jobs = [3, 2000, 5, -1, 1, 2].map((value) => ({ values: [value] }));
      const { outcomes } = await pool.runJobs("g", jobs, { fuel: 1000 });
      assert.deepEqual(
        outcomes.map((outcome) => ("values" in outcome ? outcome.values[0] : "trap" in outcome && outcome.trap)),
        [1, "fuel exhausted", 1, "fuel exhausted", 1, 1],
      );
    });
  });
}
