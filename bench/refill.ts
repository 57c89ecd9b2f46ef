/**
 * What it gains that an instance whose job has ended gets the next one: jobs of very unequal length over a fixed pool, against rounds of as
 * many jobs as instances, on a pool that is reset in between. README.md says how to read it.
 */
import { parseArgs } from "node:util";
import { WasmBurst } from "../compiler-ts/src/index.ts";
import { wat } from "../test/support/wat.ts";
import { formatTable, median } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    device: { type: "string", default: "auto" },
    profile: { type: "string" },
    jobs: { type: "string", default: "100000" },
    instances: { type: "string", default: "1024" },
    /** Loop iterations of the shortest job; the longest has a thousand times as many. */
    unit: { type: "string", default: "100" },
    repetitions: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});

const bytes = wat(`(module (memory 1)
  (func (export "work") (param $left i32) (result i32) (local $x i32)
    (local.set $x (i32.const 12345))
    (loop $again
      (local.set $x (i32.xor (i32.mul (local.get $x) (i32.const 1664525)) (i32.shr_u (local.get $x) (i32.const 9))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.store (i32.const 8) (local.get $x))
    (local.get $x)))`);

/** The same numbers every time, 0 to 1. */
function* random(): Generator<number, never> {
  let state = 12345n;
  for (;;) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    yield Number(state >> 33n) / 2 ** 31;
  }
}

const jobCount = Number(flags.jobs);
const instances = Number(flags.instances);
const numbers = random();
const lengths = {
  uniform: Array.from({ length: jobCount }, () => Number(flags.unit) * (1 + Math.floor(numbers.next().value * 1000))),
  logarithmic: Array.from({ length: jobCount }, () => Math.round(Number(flags.unit) * 1000 ** numbers.next().value)),
};

await using burst = await WasmBurst.launch({ device: flags.device, profile: flags.profile });
const module = await burst.compile(bytes);
await using pool = await module.instantiate({ instances, schedule: { policy: "unthrottled" } });

interface Measured {
  readonly seconds: number;
  readonly deviceSeconds: number;
  readonly values: readonly unknown[];
  readonly laneUse?: number;
}

async function refilled(jobs: readonly number[]): Promise<Measured> {
  const start = performance.now();
  const before = pool.deviceSeconds;
  const { outcomes, laneSlices, busyLaneSlices } = await pool.runJobs(
    "work",
    jobs.map((length) => ({ values: [length] })),
  );
  const seconds = (performance.now() - start) / 1000;
  const values = outcomes.map((outcome) => ("values" in outcome ? outcome.values[0] : outcome));
  return { seconds, deviceSeconds: pool.deviceSeconds - before, values, laneUse: busyLaneSlices / laneSlices };
}

async function inRounds(jobs: readonly number[]): Promise<Measured> {
  const start = performance.now();
  const before = pool.deviceSeconds;
  const values: unknown[] = [];
  for (let first = 0; first < jobs.length; first += instances) {
    await pool.reset();
    const round = jobs.slice(first, first + instances);
    const running = round.map((_, index) => index);
    const results = await pool.invoke(
      "work",
      round.map((length) => [length]),
      { instances: running },
    );
    for (const result of results) values.push("values" in result ? result.values[0] : result);
  }
  return { seconds: (performance.now() - start) / 1000, deviceSeconds: pool.deviceSeconds - before, values };
}

const rows = [];
for (const [name, jobs] of Object.entries(lengths)) {
  const warm = jobs.slice(0, instances * 2);
  await refilled(warm);
  await inRounds(warm);
  const runs: { readonly refilled: Measured; readonly rounds: Measured }[] = [];
  for (let repetition = 0; repetition < Number(flags.repetitions); repetition++) {
    const run = { refilled: await refilled(jobs), rounds: await inRounds(jobs) };
    run.refilled.values.forEach((value, index) => {
      if (value !== run.rounds.values[index])
        throw new Error(`job ${index}: ${value} against ${run.rounds.values[index]}`);
    });
    runs.push(run);
  }
  const seconds = median(runs.map((run) => run.refilled.seconds));
  const roundSeconds = median(runs.map((run) => run.rounds.seconds));
  rows.push({
    lengths: name,
    laneUse: median(runs.map((run) => run.refilled.laneUse ?? 0)),
    seconds,
    deviceSeconds: median(runs.map((run) => run.refilled.deviceSeconds)),
    roundSeconds,
    roundDeviceSeconds: median(runs.map((run) => run.rounds.deviceSeconds)),
    ratio: roundSeconds / seconds,
  });
}

if (flags.json) console.log(JSON.stringify({ device: burst.device, jobs: jobCount, instances, rows }, null, 2));
else {
  console.log(
    `${jobCount} jobs, lengths 1:1000, over ${instances} instances on ${burst.device.id} (${burst.device.name})`,
  );
  console.log(
    formatTable([
      ["lengths", "lane use", "refilled s", "device s", "rounds s", "device s", "ratio"],
      ...rows.map((row) => [
        row.lengths,
        `${(row.laneUse * 100).toFixed(1)}%`,
        row.seconds.toFixed(2),
        row.deviceSeconds.toFixed(2),
        row.roundSeconds.toFixed(2),
        row.roundDeviceSeconds.toFixed(2),
        row.ratio.toFixed(2),
      ]),
    ]),
  );
}
