/**
 * What is around the kernels: an invocation of a function that does next to nothing, and many small jobs, each in a fresh instance. Where the
 * time goes: device, host, and the request itself. README.md says how to read it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type ExportedFunction, type Pool, WasmBurst } from "../compiler-ts/src/index.ts";
import { wat } from "../test/support/wat.ts";
import { recordsOf } from "./baselines.ts";
import { explainProblems } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, chosenPrograms, execution, moduleBytes, schedule } from "./programs.ts";

explainProblems("overhead");
const { values: flags } = parseArgs({
  options: {
    device: { type: "string", default: "auto" },
    profile: { type: "string" },
    instances: { type: "string", default: "262144" },
    jobs: { type: "string", default: "1000000" },
    repetitions: { type: "string", default: "5" },
    programs: { type: "string", default: "add,image,sha256" },
    json: { type: "boolean", default: false },
  },
});

const instances = Number(flags.instances);
const jobs = Number(flags.jobs);
const repetitions = Number(flags.repetitions);
const warmUps = 2;
const smallSizes = [1, 1024];
/** Of each small size. */
const smallRounds = 500;
/** Milliseconds after which a device and its scheduler count as idle; clocks fall, and heat is asked for anew. */
const pause = 300;
const rested = 10;

const add = `(func (export "work") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))`;

/** `image`: what has to be brought back for every job, a page with a data segment. The result says whether it was. */
const programs = {
  add: { text: `(module ${add})`, expected: (argument: number) => (argument + 1) >>> 0 },
  image: {
    text: `(module (memory 1 1) (data (i32.const 64) "${"0123456789abcdef".repeat(16)}")
      (func (export "work") (param i32) (result i32)
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0)))
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 64)))))`,
    expected: (argument: number) => (argument + 0x33323130 + 1) >>> 0,
  },
} as const;

interface Row {
  readonly what: string;
  readonly count: number;
  /** Medians, in seconds: as the client sees it, in the host where that is known, on the device. */
  readonly seconds: number;
  readonly hostSeconds: number | undefined;
  readonly deviceSeconds: number;
}

interface Round {
  readonly seconds: number;
  readonly hostSeconds?: number | undefined;
  readonly deviceSeconds: number;
}

async function timed<Result extends { readonly status: Uint32Array; readonly results: Uint32Array }>(
  run: () => Promise<Result>,
  expected: Uint32Array,
): Promise<{ readonly seconds: number; readonly result: Result }> {
  const start = performance.now();
  const result = await run();
  const seconds = (performance.now() - start) / 1000;
  if (result.status.some((word) => word !== 0)) throw new Error("a trap, or a job that was not run");
  const wrong = expected.findIndex((word, index) => word !== result.results[index]);
  if (wrong >= 0) throw new Error(`result ${wrong} is ${result.results[wrong]}, not ${expected[wrong]}`);
  return { seconds, result };
}

async function measured(
  what: string,
  count: number,
  round: () => Promise<Round>,
  times: number = repetitions,
): Promise<Row> {
  const rounds: Round[] = [];
  for (let repetition = 0; repetition < warmUps + times; repetition++) {
    const one = await round();
    if (repetition >= warmUps) rounds.push(one);
  }
  const hostSeconds = rounds.flatMap((one) => one.hostSeconds ?? []);
  return {
    what,
    count,
    seconds: median(rounds.map(({ seconds }) => seconds)),
    hostSeconds: hostSeconds.length === 0 ? undefined : median(hostSeconds),
    deviceSeconds: median(rounds.map(({ deviceSeconds }) => deviceSeconds)),
  };
}

const first = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, index) => index);

/** An invocation of all instances. */
async function invocation(pool: Pool, records: Uint32Array, expected: Uint32Array): Promise<Round> {
  const { seconds, result } = await timed(() => pool.invokeRecords("work", records), expected);
  return { seconds, hostSeconds: result.hostSeconds, deviceSeconds: result.deviceSeconds };
}

await using burst = await WasmBurst.launch({ device: flags.device, profile: flags.profile });
const rows: Row[] = [];
for (const [name, { text, expected }] of Object.entries(programs)) {
  if (!flags.programs.split(",").includes(name)) continue;
  await using module = await burst.compile(wat(text));
  if (name === "add") {
    for (const count of smallSizes) {
      await using pool = await module.instantiate({ instances: count, schedule, execution });
      const records = first(count);
      const results = records.map(expected);
      const round = () => invocation(pool, records, results);
      rows.push(await measured(`${name}: invoke`, count, round, smallRounds));
      const afterPause = async () => {
        await sleep(pause);
        return round();
      };
      rows.push(await measured(`${name}: after a pause`, count, afterPause, rested));
    }
  }
  await using pool = await module.instantiate({ instances, schedule, execution });
  const invoked = first(instances);
  const results = invoked.map(expected);
  if (name === "add") {
    rows.push(await measured(`${name}: invoke`, instances, () => invocation(pool, invoked, results)));
  }
  const ran = first(jobs);
  const jobResults = ran.map(expected);
  rows.push(
    await measured(`${name}: jobs`, jobs, async () => {
      const { seconds, result } = await timed(() => pool.runJobRecords("work", jobs, ran), jobResults);
      return { seconds, hostSeconds: result.hostSeconds, deviceSeconds: result.deviceSeconds };
    }),
  );
}

// A job that takes a processor's core a tenth of a millisecond, as jobs that are worth a GPU do: what the request weighs there.
if (flags.programs.split(",").includes("sha256")) {
  const [program] = chosenPrograms("sha256") as [BenchProgram];
  const { exportName, memoryPages, argumentsOf } = program;
  await using module = await burst.compile(await moduleBytes(program), { exports: [exportName] });
  await using pool = await module.instantiate({ instances, memoryPages, schedule, execution });
  const type = module.functions.get(exportName) as ExportedFunction;
  const records = recordsOf(
    type.parameters,
    Array.from({ length: jobs }, (_, job) => argumentsOf(job)),
  );
  // What invocations of the same calls give; bench/throughput.ts compares those with other engines'.
  const expected = new Uint32Array(jobs * 2);
  for (let job = 0; job < jobs; job += instances) {
    const part = new Uint32Array(instances * 2);
    part.set(records.subarray(job * 2, (job + instances) * 2));
    expected.set((await pool.invokeRecords(exportName, part)).results.subarray(0, (jobs - job) * 2), job * 2);
  }
  rows.push(
    await measured("sha256: jobs", jobs, async () => {
      const { seconds, result } = await timed(() => pool.runJobRecords(exportName, jobs, records), expected);
      return { seconds, hostSeconds: result.hostSeconds, deviceSeconds: result.deviceSeconds };
    }),
  );
}

if (flags.json) console.log(JSON.stringify({ device: burst.device, instances, jobs, rows }, undefined, 2));
else {
  const milliseconds = (seconds: number | undefined): string =>
    seconds === undefined ? "-" : (seconds * 1000).toFixed(seconds < 0.01 ? 3 : 1);
  console.log(`${instances} instances on ${burst.device.id} (${burst.device.name})`);
  console.log(
    formatTable([
      ["", "count", "ms", "host ms", "device ms", "ns each beside device", "per second", "request's share"],
      ...rows.map(({ what, count, seconds, hostSeconds, deviceSeconds }) => [
        what,
        count.toLocaleString("en-US"),
        milliseconds(seconds),
        milliseconds(hostSeconds),
        milliseconds(deviceSeconds),
        (((seconds - deviceSeconds) / count) * 1e9).toFixed(0),
        Math.round(count / seconds).toLocaleString("en-US"),
        hostSeconds === undefined ? "-" : `${(((seconds - hostSeconds) / seconds) * 100).toFixed(1)}%`,
      ]),
    ]),
  );
}
