/**
 * Instances a second of the examples on a device against V8 on one core and on all cores: all three in turn in every
 * repetition of one run, results compared bit for bit, medians and their ratios printed. README.md says how to read it.
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { CompileError, HostError, type InvokeResult, WasmBurst } from "../compiler-ts/src/index.ts";
import type { WasmValue } from "../test/support/v8.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, programs } from "./programs.ts";
import { startV8Baseline } from "./v8Baseline.ts";

const warmUps = 2;
const cores = availableParallelism();

interface Row {
  readonly program: string;
  readonly instances: number;
  /** Medians, instances a second. */
  readonly device: number;
  readonly v8OneCore: number;
  readonly v8AllCores: number;
  readonly ratioToOneCore: number;
  readonly ratioToAllCores: number;
}

async function secondsOf<Result>(run: () => Promise<Result>): Promise<{ seconds: number; result: Result }> {
  const start = performance.now();
  const result = await run();
  return { seconds: (performance.now() - start) / 1000, result };
}

function assertEqual(program: string, device: readonly InvokeResult[], v8: readonly WasmValue[]): void {
  device.forEach((result, instance) => {
    const value = "trap" in result ? result.trap : result.values[0];
    if (!Object.is(value, v8[instance])) {
      throw new Error(`${program}, instance ${instance}: the device says ${value}, V8 ${v8[instance]}`);
    }
  });
}

async function measure(
  burst: WasmBurst,
  { name, exportName, argumentsOf }: BenchProgram,
  { instances, repetitions }: { readonly instances: number; readonly repetitions: number },
): Promise<Row> {
  const bytes = await readFile(new URL(`../examples/wasm/${name}.wasm`, import.meta.url));
  const argumentsOfEach = Array.from({ length: instances }, (_, instance) => argumentsOf(instance));
  const setup = { bytes, exportName, arguments: argumentsOfEach };
  await using module = await burst.compile(bytes, { exports: [exportName] });
  await using pool = await module.instantiate({ instances });
  await using oneCore = await startV8Baseline(1, setup);
  await using allCores = await startV8Baseline(cores, setup);

  const seconds: { readonly device: number; readonly oneCore: number; readonly allCores: number }[] = [];
  for (let repetition = 0; repetition < warmUps + repetitions; repetition++) {
    const onDevice = await secondsOf(() => pool.invoke(exportName, argumentsOfEach));
    const onOneCore = await secondsOf(oneCore.run);
    const onAllCores = await secondsOf(allCores.run);
    assertEqual(name, onDevice.result, onOneCore.result);
    assertEqual(name, onDevice.result, onAllCores.result);
    if (repetition >= warmUps) {
      seconds.push({ device: onDevice.seconds, oneCore: onOneCore.seconds, allCores: onAllCores.seconds });
    }
  }
  const rate = (of: (round: (typeof seconds)[number]) => number): number => instances / median(seconds.map(of));
  const [device, v8OneCore, v8AllCores] = [rate((s) => s.device), rate((s) => s.oneCore), rate((s) => s.allCores)];
  return {
    program: name,
    instances,
    device,
    v8OneCore,
    v8AllCores,
    ratioToOneCore: device / v8OneCore,
    ratioToAllCores: device / v8AllCores,
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function print(rows: readonly Row[], device: WasmBurst["device"]): void {
  const round = (rate: number): string => Math.round(rate).toLocaleString("en-US");
  const header = ["instances/s", device.id, "V8, 1 core", `V8, ${cores} cores`, "to 1 core", `to ${cores} cores`];
  const cells = rows.map((row) => [
    row.program,
    round(row.device),
    round(row.v8OneCore),
    round(row.v8AllCores),
    `${row.ratioToOneCore.toFixed(2)}x`,
    `${row.ratioToAllCores.toFixed(2)}x`,
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

function chosenPrograms(names: string): BenchProgram[] {
  return names.split(",").map((name) => {
    const found = programs.find((program) => program.name === name);
    if (found !== undefined) return found;
    throw new RangeError(`no program ${name}; there are ${programs.map((program) => program.name).join(", ")}`);
  });
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      instances: { type: "string", default: "1024" },
      repetitions: { type: "string", default: "7" },
      programs: { type: "string", default: programs.map((program) => program.name).join(",") },
      json: { type: "boolean", default: false },
    },
  });
  const sizes = {
    instances: positive(options.instances, "instances"),
    repetitions: positive(options.repetitions, "repetitions"),
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
