/**
 * Instances a second of the examples on a device against engines on the CPU, on one core and on all cores, and hand-written code on the GPU: all in turn in
 * every repetition of one run, results compared bit for bit, medians and their ratios printed. README.md says how to read it.
 */
import { parseArgs } from "node:util";
import { recordWords } from "../compiler-ts/src/api/values.ts";
import { type RecordsResult, WasmBurst } from "../compiler-ts/src/index.ts";
import { type PassOptions, passNames, without } from "../compiler-ts/src/legalize/passOptions.ts";
import { type MemoryCell, memoryCells } from "../compiler-ts/src/metadata.ts";
import { type BaselineChoice, cores, type Processor, recordsOf, startBaselines, stopAll } from "./baselines.ts";
import { positive, runBench } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, chosenPrograms, execution, moduleBytes, schedule } from "./programs.ts";

interface Row {
  readonly program: string;
  readonly instances: number;
  /** Medians, instances a second. */
  readonly device: number;
  /** The same by the device's own clock, without the requests around it. */
  readonly deviceAlone: number;
  readonly baselines: readonly BaselineRate[];
  readonly buildSeconds: number;
  readonly poolSeconds: number;
}

interface BaselineRate {
  readonly label: string;
  readonly processor: Processor;
  readonly note: string;
  /** Median, instances a second. */
  readonly rate: number;
  /** How many times as fast the device is: by its own clock alone against a GPU's. */
  readonly ratio: number;
}

interface Sizes {
  readonly instances: number;
  /** So many of them, the first ones, run on the CPU's baselines: their rate does not depend on it, but the time that the bench takes does. */
  readonly baselineInstances: number;
  readonly repetitions: number;
  /** Rounds before them that are not measured. */
  readonly warmUps: number;
  /** Invocations of a round of the device's, sent without waiting for one another: one travels while another runs. */
  readonly inFlight: number;
  /** All instances have the first one's arguments. */
  readonly alike: boolean;
  /** CompileOptions. */
  readonly memoryCell: MemoryCell | undefined;
  readonly passes: PassOptions;
}

async function secondsOf<Result>(run: () => Promise<Result>): Promise<{ seconds: number; result: Result }> {
  const start = performance.now();
  const result = await run();
  return { seconds: (performance.now() - start) / 1000, result };
}

function assertNoTrap(program: string, { status }: RecordsResult): void {
  for (let word = 0; word < status.length; word += 2) {
    if (status[word] !== 0) throw new Error(`${program}, instance ${word / 2}: trap ${status[word]} on the device`);
  }
}

/** `words` to a record; the baseline may have run fewer instances. */
function assertEqual(program: string, label: string, words: number, device: Uint32Array, baseline: Uint32Array): void {
  const word = baseline.findIndex((bits, index) => bits !== device[index]);
  if (word < 0) return;
  const at = `${program}, instance ${Math.floor(word / words)}, word ${word % words} of the results`;
  throw new Error(`${at}: ${device[word]} on the device, ${baseline[word]} on ${label}`);
}

async function measure(burst: WasmBurst, program: BenchProgram, sizes: Sizes, choice: BaselineChoice): Promise<Row> {
  const { name, exportName, argumentsOf, memoryPages } = program;
  const { instances, baselineInstances, repetitions, inFlight } = sizes;
  const bytes = await moduleBytes(program);
  const values = Array.from({ length: instances }, (_, instance) => argumentsOf(sizes.alike ? 0 : instance));
  const build = await secondsOf(() =>
    burst.compile(bytes, {
      exports: [exportName],
      memoryCell: sizes.memoryCell,
      passes: sizes.passes,
    }),
  );
  await using module = build.result;
  // V8's own has no schedule.
  const paced = burst.device.id === "v8" ? {} : { schedule };
  const allocation = await secondsOf(() => module.instantiate({ instances, memoryPages, execution, ...paced }));
  await using pool = allocation.result;

  const type = module.functions.get(exportName);
  if (type === undefined) throw new Error(`${name} does not export ${exportName}`);
  const records = recordsOf(type.parameters, values);
  const baselines = await startBaselines(choice, { program, type, values, cpuInstances: baselineInstances });
  const seconds = {
    device: [] as number[],
    deviceAlone: [] as number[],
    baselines: baselines.map((): number[] => []),
  };
  try {
    for (let repetition = 0; repetition < sizes.warmUps + repetitions; repetition++) {
      const isMeasured = repetition >= sizes.warmUps;
      const before = pool.deviceSeconds;
      const onDevice = await secondsOf(() =>
        Promise.all(Array.from({ length: inFlight }, () => pool.invokeRecords(exportName, records))),
      );
      if (isMeasured) {
        seconds.device.push(onDevice.seconds / inFlight);
        seconds.deviceAlone.push((pool.deviceSeconds - before) / inFlight);
      }
      for (const result of onDevice.result) assertNoTrap(name, result);
      for (const [index, baseline] of baselines.entries()) {
        const round = await baseline.run();
        for (const { results } of onDevice.result) {
          assertEqual(name, baseline.label, recordWords(type.results), results, round.results);
        }
        if (isMeasured) seconds.baselines[index]?.push(round.seconds);
      }
    }
  } finally {
    await stopAll(baselines);
  }

  const device = instances / median(seconds.device);
  const deviceAlone = instances / median(seconds.deviceAlone);
  return {
    program: name,
    instances,
    device,
    deviceAlone,
    baselines: baselines.map(({ label, processor, note, instances }, index) => {
      const rate = instances / median(seconds.baselines[index] ?? []);
      return { label, processor, note, rate, ratio: (processor.kind === "gpu" ? deviceAlone : device) / rate };
    }),
    buildSeconds: build.seconds,
    poolSeconds: allocation.seconds,
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function print(rows: readonly Row[], inFlight: number, device: WasmBurst["device"]): void {
  const count = (rate: number | undefined): string =>
    rate === undefined ? "-" : Math.round(rate).toLocaleString("en-US");
  const times = (ratio: number | undefined): string => (ratio === undefined ? "-" : `${ratio.toFixed(2)}x`);
  const labels = [...new Set(rows.flatMap((row) => row.baselines.map(({ label }) => label)))];
  const of = (row: Row, label: string): BaselineRate | undefined => row.baselines.find((rate) => rate.label === label);
  console.log(
    `${rows[0]?.instances} instances a program, ${inFlight} invocations in flight; device ${device.id}: ${device.name}`,
  );
  console.log(
    formatTable([
      ["instances/s", device.id, `${device.id} alone`, ...labels, "build, s", "pool, s"],
      ...rows.map((row) => [
        row.program,
        count(row.device),
        count(row.deviceAlone),
        ...labels.map((label) => count(of(row, label)?.rate)),
        row.buildSeconds.toFixed(2),
        row.poolSeconds.toFixed(2),
      ]),
    ]),
  );
  if (labels.length === 0) return;
  console.log();
  console.log(
    formatTable([
      [`${device.id} against`, ...labels],
      ...rows.map((row) => [row.program, ...labels.map((label) => times(of(row, label)?.ratio))]),
    ]),
  );
  for (const label of labels) {
    const rates = rows.flatMap((row) => of(row, label) ?? []);
    const mean = times(geometricMean(rates.map(({ ratio }) => ratio)));
    const processor = rates[0]?.processor;
    if (processor?.kind === "gpu") console.log(`${device.id} alone against ${label}: ${mean} on the geometric mean`);
    if (processor?.kind === "cpu" && processor.cores === cores)
      console.log(`Speedup: ${mean} over CPU (${label}; device ${device.id})`);
  }
  for (const row of rows) {
    for (const { label, note } of row.baselines) if (note !== "") console.log(`${row.program}, ${label}: ${note}`);
  }
}

function memoryCellNamed(text: string | undefined): MemoryCell | undefined {
  const cell = memoryCells.find((bytes) => `${bytes}` === text);
  if (text !== undefined && cell === undefined)
    throw new RangeError(`--memory-cell ${text}: expected one of ${memoryCells.join(", ")}`);
  return cell;
}

/** Passes to leave out, separated by commas. Throws RangeError. */
function withoutPasses(names: string | undefined): PassOptions {
  return without(
    (names?.split(",") ?? []).map((text) => {
      const name = passNames.find((known) => known === text);
      if (name === undefined) throw new RangeError(`--without ${text}: expected some of ${passNames.join(", ")}`);
      return name;
    }),
  );
}

/** Threads that share a threadgroup. Throws RangeError. */
function threadgroupOf(text: string): number {
  const threads = positive(text, "threadgroup");
  if (threads > 64) throw new RangeError(`--threadgroup ${text}: a threadgroup has at most 64 threads`);
  return threads;
}

/** A GPU is far from busy with what a CPU takes seconds for; the baselines' rates do not depend on the number. */
function usualInstances(device: string): { readonly device: number; readonly baselines: number } {
  return device === "cpu" || device === "v8" ? { device: 1024, baselines: 1024 } : { device: 65_536, baselines: 2048 };
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      instances: { type: "string" },
      "baseline-instances": { type: "string" },
      repetitions: { type: "string", default: "7" },
      "warm-ups": { type: "string", default: "2" },
      "in-flight": { type: "string", default: "1" },
      programs: { type: "string", default: "compute" },
      "without-v8": { type: "boolean", default: false },
      wasmtime: { type: "string" },
      native: { type: "string" },
      handwritten: { type: "string" },
      "memory-cell": { type: "string" },
      without: { type: "string" },
      threadgroup: { type: "string" },
      "all-cores-only": { type: "boolean", default: false },
      alike: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const countsNamed = options.instances?.split(",").map((text) => positive(text, "instances"));
  const baselineInstancesNamed =
    options["baseline-instances"] === undefined
      ? undefined
      : positive(options["baseline-instances"], "baseline-instances");
  const sizes = {
    repetitions: positive(options.repetitions, "repetitions"),
    warmUps: positive(options["warm-ups"], "warm-ups"),
    inFlight: positive(options["in-flight"], "in-flight"),
    alike: options.alike,
    memoryCell: memoryCellNamed(options["memory-cell"]),
    passes: withoutPasses(options.without),
  };
  const choice: BaselineChoice = {
    v8: !options["without-v8"],
    wasmtime: options.wasmtime,
    native: options.native,
    handwritten: options.handwritten,
    oneCore: !options["all-cores-only"],
  };
  // The host's, which is started with this environment.
  if (options.threadgroup !== undefined) process.env.WASMBURST_THREADGROUP = String(threadgroupOf(options.threadgroup));
  const chosen = chosenPrograms(options.programs);
  await using burst = await WasmBurst.launch({ device: options.device });
  const usual = usualInstances(burst.device.id);
  const counts = [...new Set(countsNamed ?? [usual.device])];
  const most = baselineInstancesNamed ?? (countsNamed === undefined ? usual.baselines : Infinity);
  const rows: Row[] = [];
  for (const program of chosen) {
    for (const instances of counts) {
      const baselineInstances = Math.min(instances, most);
      rows.push(await measure(burst, program, { ...sizes, instances, baselineInstances }, choice));
    }
  }
  if (options.json) {
    console.log(JSON.stringify({ device: burst.device, cores, instances: counts, ...sizes, rows }, undefined, 2));
  } else {
    for (const count of counts) {
      if (count !== counts[0]) console.log();
      print(
        rows.filter(({ instances }) => instances === count),
        sizes.inFlight,
        burst.device,
      );
    }
  }
}

await runBench("throughput", main);
