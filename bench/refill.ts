/**
 * What it gains that an instance whose job has ended gets the next one: jobs of very unequal length over a fixed pool, refilled; in rounds
 * of as many jobs as instances; and in rounds of one launch each, where lanes that have ended are not left out either. README.md says how
 * to read it.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { type BatchedCalls, batched, type Pool, WasmBurst } from "../compiler-ts/src/index.ts";
import { wat } from "../test/support/wat.ts";
import { positive, runBench } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { execution, schedule } from "./programs.ts";

const work = `(func $work (param $left i32) (param $x i32) (result i32)
    (loop $again
      (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 1664525)) (i32.shr_u (local.get $x) (i32.const 9))))
      (br_if $again (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 1))) (i32.const 0))))
    (i32.store (i32.const 8) (local.get $x))
    (local.get $x))`;

const plain = wat(`(module (memory 1 1) ${work}
  (func (export "run") (param $left i32) (param $calls i32) (result i32)
    (call $work (local.get $left) (i32.const 12345))))`);

/** The same work in `calls` parts, each with a call of the client behind it. */
const calling = wat(`(module (import "env" "mix" (func $mix (param i32) (result i32))) (memory 1 1) ${work}
  (func (export "run") (param $left i32) (param $calls i32) (result i32) (local $part i32) (local $x i32)
    (local.set $part (i32.div_u (local.get $left) (local.get $calls)))
    (local.set $x (i32.const 12345))
    (loop $again
      (local.set $x (call $mix (call $work (local.get $part) (local.get $x))))
      (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))
    (local.get $x)))`);

const imports = {
  env: { mix: batched(({ columns: [values] }: BatchedCalls) => (values as Int32Array).map((value) => value ^ 0x5555)) },
};

type Lengths = "uniform" | "logarithmic";

/** Jobs' lengths relative to the shortest one's, 1 to `spread`; the same numbers every time. */
function lengthsOf(kind: Lengths, jobs: number, spread: number): Float64Array {
  let state = 12345n;
  return Float64Array.from({ length: jobs }, () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    const random = Number(state >> 33n) / 2 ** 31;
    return kind === "uniform" ? 1 + Math.floor(random * spread) : spread ** random;
  });
}

/** Iterations and calls of each job. */
function recordsOf(lengths: Float64Array, unit: number): Uint32Array {
  const records = new Uint32Array(lengths.length * 2);
  lengths.forEach((length, job) => {
    records[job * 2] = Math.round(length * unit);
    records[job * 2 + 1] = 1 + (job % 8);
  });
  return records;
}

interface Run {
  readonly refilled: Measured;
  readonly rounds: Measured;
  readonly oneLaunch: Measured | undefined;
}

interface Measured {
  readonly seconds: number;
  readonly deviceSeconds: number;
  readonly results: Uint32Array;
  readonly laneUse: number;
}

async function refilled(pool: Pool, records: Uint32Array): Promise<Measured> {
  const start = performance.now();
  const { results, status, deviceSeconds, laneSlices, busyLaneSlices } = await pool.runJobRecords(
    "run",
    records.length / 2,
    records,
  );
  const seconds = (performance.now() - start) / 1000;
  assert.ok(status.every((word) => word === 0));
  return { seconds, deviceSeconds, results, laneUse: busyLaneSlices / laneSlices };
}

async function inRounds(pool: Pool, records: Uint32Array): Promise<Measured> {
  const start = performance.now();
  const jobs = records.length / 2;
  const results = new Uint32Array(jobs);
  let deviceSeconds = 0;
  let held = 0;
  let worked = 0;
  for (let first = 0; first < jobs; first += pool.instances) {
    await pool.reset();
    const round = records.subarray(first * 2, (first + pool.instances) * 2);
    const instances = Array.from({ length: round.length / 2 }, (_, index) => index);
    const ran = await pool.invokeRecords("run", round, { instances });
    assert.ok(ran.status.every((word) => word === 0));
    results.set(ran.results, first);
    deviceSeconds += ran.deviceSeconds;
    let longest = 0;
    for (let at = 0; at < round.length; at += 2) {
      longest = Math.max(longest, round[at] ?? 0);
      worked += round[at] ?? 0;
    }
    held += longest * pool.instances;
  }
  return { seconds: (performance.now() - start) / 1000, deviceSeconds, results, laneUse: worked / held };
}

/** Of an iteration in all instances at once. */
async function secondsOfIteration(pool: Pool): Promise<number> {
  const lengths = new Float64Array(pool.instances).fill(1);
  let iterations = 1000;
  for (;;) {
    const { deviceSeconds } = await refilled(pool, recordsOf(lengths, iterations));
    // Long enough that launches are little of it.
    if (deviceSeconds > 0.1) return deviceSeconds / iterations;
    iterations *= 4;
  }
}

await runBench("refill", async () => {
  const { values: flags } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      profile: { type: "string" },
      jobs: { type: "string", default: "100000" },
      instances: { type: "string", default: "1024" },
      /** Iterations of the shortest job. Default: such that a refilled run takes `milliseconds`. */
      unit: { type: "string" },
      milliseconds: { type: "string", default: "700" },
      repetitions: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const jobs = positive(flags.jobs, "jobs");
  const instances = positive(flags.instances, "instances");
  const repetitions = positive(flags.repetitions, "repetitions");
  const target = positive(flags.milliseconds, "milliseconds") / 1000;
  const fixedUnit = flags.unit === undefined ? undefined : positive(flags.unit, "unit");

  await using burst = await WasmBurst.launch({ device: flags.device, profile: flags.profile });
  const poolOf = async (bytes: Uint8Array, options: { readonly suspension?: boolean; readonly calls?: boolean }) => {
    const module = await burst.compile(bytes, { exports: ["run"], suspension: options.suspension });
    return module.instantiate({ instances, execution, schedule, ...(options.calls === true ? { imports } : {}) });
  };
  await using compacted = await poolOf(plain, {});
  await using oneLaunch = await poolOf(plain, { suspension: false });
  await using withCalls = await poolOf(calling, { calls: true });

  const cases = [
    ...[100, 1000].flatMap((spread) =>
      (["uniform", "logarithmic"] as const).map((kind) => ({ kind, spread, count: jobs, calls: false })),
    ),
    // Each call is JavaScript's, once in either run.
    { kind: "logarithmic" as const, spread: 1000, count: Math.max(instances * 2, Math.ceil(jobs / 10)), calls: true },
  ];
  const iterationSeconds = fixedUnit === undefined ? await secondsOfIteration(compacted) : 0;
  const rows = [];
  for (const { kind, spread, count, calls } of cases) {
    const pool = calls ? withCalls : compacted;
    const lengths = lengthsOf(kind, count, spread);
    const waves = lengths.reduce((sum, length) => sum + length, 0) / instances;
    // In one digit.
    const unit = fixedUnit ?? Math.max(1, Number((target / (iterationSeconds * waves)).toPrecision(1)));
    const records = recordsOf(lengths, unit);
    const warm = records.slice(0, instances * 2);
    await refilled(pool, warm);
    await inRounds(pool, warm);
    const runs: Run[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const run = {
        refilled: await refilled(pool, records),
        rounds: await inRounds(pool, records),
        oneLaunch: calls ? undefined : await inRounds(oneLaunch, records),
      };
      assert.deepEqual(run.rounds.results, run.refilled.results);
      if (run.oneLaunch !== undefined) assert.deepEqual(run.oneLaunch.results, run.refilled.results);
      runs.push(run);
    }
    const of = (get: (run: Run) => number) => median(runs.map(get));
    rows.push({
      lengths: `${kind} 1:${spread}${calls ? ", 1 to 8 calls" : ""}`,
      jobs: count,
      unit,
      laneUse: of((run) => run.refilled.laneUse),
      roundsLaneUse: of((run) => run.rounds.laneUse),
      seconds: of((run) => run.refilled.seconds),
      deviceSeconds: of((run) => run.refilled.deviceSeconds),
      roundsSeconds: of((run) => run.rounds.seconds),
      roundsDeviceSeconds: of((run) => run.rounds.deviceSeconds),
      ...(calls
        ? {}
        : {
            oneLaunchSeconds: of((run) => run.oneLaunch?.seconds ?? 0),
            oneLaunchDeviceSeconds: of((run) => run.oneLaunch?.deviceSeconds ?? 0),
          }),
    });
  }

  if (flags.json) {
    console.log(JSON.stringify({ device: burst.device, instances, rows }, null, 2));
    return;
  }
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  const both = (seconds: number | undefined, device: number | undefined) =>
    seconds === undefined || device === undefined ? "-" : `${seconds.toFixed(2)} (${device.toFixed(2)})`;
  const ratio = (seconds: number | undefined, row: { readonly seconds: number }) =>
    seconds === undefined ? "-" : (seconds / row.seconds).toFixed(2);
  console.log(
    `${instances} instances on ${burst.device.id} (${burst.device.name}); seconds of the clock (of the device)`,
  );
  console.log(
    formatTable([
      ["lengths", "jobs", "shortest", "lane use", "in rounds", "refilled", "rounds", "ratio", "one launch", "ratio"],
      ...rows.map((row) => [
        row.lengths,
        String(row.jobs),
        String(row.unit),
        percent(row.laneUse),
        percent(row.roundsLaneUse),
        both(row.seconds, row.deviceSeconds),
        both(row.roundsSeconds, row.roundsDeviceSeconds),
        ratio(row.roundsSeconds, row),
        both(row.oneLaunchSeconds, row.oneLaunchDeviceSeconds),
        ratio(row.oneLaunchSeconds, row),
      ]),
    ]),
  );
});
