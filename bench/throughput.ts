/**
 * Instances a second of the examples on a device against V8 on one core and on all cores: all three in turn in every
 * repetition of one run, results compared bit for bit, medians and their ratios printed. README.md says how to read it.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { readRecord, recordWords, writeRecord } from "../compiler-ts/src/api/values.ts";
import { CompileError, HostError, type RecordsResult, WasmBurst } from "../compiler-ts/src/index.ts";
import type { ValueType } from "../compiler-ts/src/wasm/module.ts";
import type { WasmValue } from "../test/support/v8.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, chosenPrograms, execution, moduleBytes } from "./programs.ts";
import { startV8Baseline } from "./v8Baseline.ts";

const warmUps = 2;
const cores = availableParallelism();

interface Row {
  readonly program: string;
  readonly instances: number;
  /** Medians, instances a second. */
  readonly device: number;
  /** The same by the device's own clock, without the requests around it. */
  readonly deviceAlone: number;
  /** Undefined where it was not measured. */
  readonly v8OneCore: number | undefined;
  readonly v8AllCores: number;
  readonly ratioToOneCore: number | undefined;
  readonly buildSeconds: number;
  readonly poolSeconds: number;
  readonly ratioToAllCores: number;
}

interface Sizes {
  readonly instances: number;
  readonly repetitions: number;
  readonly oneCore: boolean;
}

/** Seconds. */
interface Round {
  readonly device: number;
  readonly deviceAlone: number;
  readonly oneCore: number | undefined;
  readonly allCores: number;
}

async function secondsOf<Result>(run: () => Promise<Result>): Promise<{ seconds: number; result: Result }> {
  const start = performance.now();
  const result = await run();
  return { seconds: (performance.now() - start) / 1000, result };
}

/** Arguments and results travel as records of bit patterns: what is measured is the device and its host, not JavaScript's objects. */
function recordsOf(types: readonly ValueType[], values: readonly (readonly WasmValue[])[]): Uint32Array {
  const words = recordWords(types);
  const records = new Uint32Array(values.length * words);
  values.forEach((record, instance) => {
    writeRecord(types, record, records, instance * words, "the export");
  });
  return records;
}

function assertEqual(
  program: string,
  types: readonly ValueType[],
  device: RecordsResult,
  v8: readonly WasmValue[],
): void {
  const words = recordWords(types);
  v8.forEach((expected, instance) => {
    const trap = device.status[instance * 2];
    const value = trap === 0 ? readRecord(types, device.results, instance * words)[0] : `trap ${trap}`;
    if (!Object.is(value, expected)) {
      throw new Error(`${program}, instance ${instance}: the device says ${value}, V8 ${expected}`);
    }
  });
}

async function measure(
  burst: WasmBurst,
  program: BenchProgram,
  { instances, repetitions, oneCore: withOneCore }: Sizes,
): Promise<Row> {
  const { name, exportName, argumentsOf, memoryPages } = program;
  const bytes = await moduleBytes(program);
  const argumentsOfEach = Array.from({ length: instances }, (_, instance) => argumentsOf(instance));
  const setup = { bytes, exportName, arguments: argumentsOfEach };
  const build = await secondsOf(() => burst.compile(bytes, { exports: [exportName] }));
  await using module = build.result;
  const allocation = await secondsOf(() => module.instantiate({ instances, memoryPages, execution }));
  await using pool = allocation.result;
  await using oneCore = withOneCore ? await startV8Baseline(1, setup) : undefined;
  await using allCores = await startV8Baseline(cores, setup);

  const types = module.functions.get(exportName);
  if (types === undefined) throw new Error(`${name} does not export ${exportName}`);
  const records = recordsOf(types.parameters, argumentsOfEach);
  const seconds: Round[] = [];
  for (let repetition = 0; repetition < warmUps + repetitions; repetition++) {
    const before = pool.deviceSeconds;
    const onDevice = await secondsOf(() => pool.invokeRecords(exportName, records));
    const deviceAlone = pool.deviceSeconds - before;
    const onOneCore = oneCore === undefined ? undefined : await secondsOf(oneCore.run);
    const onAllCores = await secondsOf(allCores.run);
    if (onOneCore !== undefined) assertEqual(name, types.results, onDevice.result, onOneCore.result);
    assertEqual(name, types.results, onDevice.result, onAllCores.result);
    if (repetition >= warmUps) {
      seconds.push({
        device: onDevice.seconds,
        deviceAlone,
        oneCore: onOneCore?.seconds,
        allCores: onAllCores.seconds,
      });
    }
  }
  const rate = (of: (round: Round) => number): number => instances / median(seconds.map(of));
  const [device, deviceAlone, v8AllCores] = [
    rate((s) => s.device),
    rate((s) => s.deviceAlone),
    rate((s) => s.allCores),
  ];
  const v8OneCore = withOneCore ? rate((s) => s.oneCore ?? Number.NaN) : undefined;
  return {
    program: name,
    instances,
    device,
    deviceAlone,
    v8OneCore,
    v8AllCores,
    ratioToOneCore: v8OneCore === undefined ? undefined : device / v8OneCore,
    buildSeconds: build.seconds,
    poolSeconds: allocation.seconds,
    ratioToAllCores: device / v8AllCores,
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function print(rows: readonly Row[], device: WasmBurst["device"]): void {
  const round = (rate: number | undefined): string =>
    rate === undefined ? "-" : Math.round(rate).toLocaleString("en-US");
  const times = (ratio: number | undefined): string => (ratio === undefined ? "-" : `${ratio.toFixed(2)}x`);
  const header = [
    "instances/s",
    device.id,
    `${device.id} alone`,
    "V8, 1 core",
    `V8, ${cores} cores`,
    "to 1 core",
    `to ${cores} cores`,
    "build, s",
    "pool, s",
  ];
  const cells = rows.map((row) => [
    row.program,
    round(row.device),
    round(row.deviceAlone),
    round(row.v8OneCore),
    round(row.v8AllCores),
    times(row.ratioToOneCore),
    times(row.ratioToAllCores),
    row.buildSeconds.toFixed(2),
    row.poolSeconds.toFixed(2),
  ]);
  console.log(`${rows[0]?.instances} instances a program; device ${device.id}: ${device.name}`);
  console.log(formatTable([header, ...cells]));
  const speedup = geometricMean(rows.map((row) => row.ratioToAllCores));
  console.log(`Speedup: ${speedup.toFixed(2)}x over CPU (V8, ${cores} cores; device ${device.id})`);
}

function positive(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${option} ${text}: expected a positive integer`);
  return number;
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      instances: { type: "string", default: "1024" },
      repetitions: { type: "string", default: "7" },
      programs: { type: "string", default: "compute" },
      "all-cores-only": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const sizes = {
    instances: positive(options.instances, "instances"),
    repetitions: positive(options.repetitions, "repetitions"),
    oneCore: !options["all-cores-only"],
  };
  const chosen = chosenPrograms(options.programs);
  await using burst = await WasmBurst.launch({ device: options.device });
  const rows: Row[] = [];
  for (const program of chosen) rows.push(await measure(burst, program, sizes));
  if (options.json) console.log(JSON.stringify({ device: burst.device, cores, rows }, undefined, 2));
  else print(rows, burst.device);
}

try {
  await main();
} catch (error) {
  // parseArgs throws TypeErrors with a code of its own.
  const isUsage =
    error instanceof RangeError || error instanceof CompileError || (error instanceof TypeError && "code" in error);
  if (!isUsage && !(error instanceof HostError)) throw error;
  console.error(`throughput: ${error.message}`);
  process.exitCode = isUsage ? 2 : 70;
}
