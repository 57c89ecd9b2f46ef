/** What the throughput bench compares a device with: engines on this machine's CPU, on one core or on all of them, and hand-written code on its GPU. */
import { availableParallelism } from "node:os";
import { recordWords, writeRecord } from "../compiler-ts/src/api/values.ts";
import type { FunctionType } from "../compiler-ts/src/wasm/module.ts";
import type { WasmValue } from "../test/support/v8.ts";
import { MissingProgram, startProcessBaseline } from "./processBaseline.ts";
import { type BenchProgram, moduleBytes, modulePath } from "./programs.ts";
import { startV8Baseline } from "./v8Baseline.ts";

export const cores = availableParallelism();

/** A GPU's times are those of its own clock, without launching and copying: they compare with the device's own clock alone. */
export type Processor = { readonly kind: "cpu"; readonly cores: number } | { readonly kind: "gpu" };

export interface Baseline {
  /** "Wasmtime, 16 cores". */
  readonly label: string;
  readonly processor: Processor;
  /** It runs so many of the jobs, the first ones. */
  readonly instances: number;
  /** What it chose for this program, in words; may be empty. */
  readonly note: string;
  /** One round over all jobs: the time they took and their results as records. */
  readonly run: () => Promise<{ readonly seconds: number; readonly results: Uint32Array }>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export interface BaselineChoice {
  readonly v8: boolean;
  /** Binaries of bench/wasmtime and bench/native. */
  readonly wasmtime: string | undefined;
  readonly native: string | undefined;
  /** Binary of bench/handwritten. */
  readonly handwritten: string | undefined;
  /** On one core too, not only on all. */
  readonly oneCore: boolean;
}

/** The jobs of a program: a record of arguments each. */
export interface Jobs {
  readonly program: BenchProgram;
  readonly type: FunctionType;
  readonly values: readonly (readonly WasmValue[])[];
  /** So many of them, the first ones, run on CPUs. */
  readonly cpuInstances: number;
}

/** Arguments and results travel as records of bit patterns: what is measured is the device and its host, not JavaScript's objects. */
export function recordsOf(types: FunctionType["parameters"], values: readonly (readonly WasmValue[])[]): Uint32Array {
  const words = recordWords(types);
  const records = new Uint32Array(values.length * words);
  values.forEach((record, job) => {
    writeRecord(types, record, records, job * words, "the export");
  });
  return records;
}

/** All chosen ones that have the program, ready to run. */
export async function startBaselines(choice: BaselineChoice, all: Jobs): Promise<readonly Baseline[]> {
  const jobs = { ...all, values: all.values.slice(0, all.cpuInstances) };
  const threads = choice.oneCore && cores > 1 ? [1, cores] : [cores];
  const started: Baseline[] = [];
  try {
    for (const count of choice.v8 ? threads : []) started.push(await v8(count, jobs));
    for (const [name, binary] of [
      ["Wasmtime", choice.wasmtime],
      ["native", choice.native],
    ] as const) {
      if (binary === undefined) continue;
      for (const count of threads) {
        const baseline = await process(labelOf(name, count), { kind: "cpu", cores: count }, binary, jobs);
        if (baseline !== undefined) started.push(baseline);
      }
    }
    if (choice.handwritten !== undefined) {
      const baseline = await process(handwrittenLabel, { kind: "gpu" }, choice.handwritten, all);
      if (baseline !== undefined) started.push(baseline);
    }
  } catch (error) {
    await stopAll(started);
    throw error;
  }
  return started;
}

export async function stopAll(baselines: readonly Baseline[]): Promise<void> {
  await Promise.all(baselines.map((baseline) => baseline[Symbol.asyncDispose]()));
}

const handwrittenLabel = "hand-written CUDA, GPU's clock";

const labelOf = (name: string, threads: number): string => `${name}, ${threads} core${threads === 1 ? "" : "s"}`;

async function v8(threads: number, { program, type, values }: Jobs): Promise<Baseline> {
  const bytes = await moduleBytes(program);
  const baseline = await startV8Baseline(threads, { bytes, exportName: program.exportName, arguments: values });
  return {
    label: labelOf("V8", threads),
    processor: { kind: "cpu", cores: threads },
    instances: values.length,
    note: "",
    run: async () => {
      const start = performance.now();
      const results = await baseline.run();
      const seconds = (performance.now() - start) / 1000;
      const records = results.map((value) => [value]);
      return { seconds, results: recordsOf(type.results, records) };
    },
    [Symbol.asyncDispose]: baseline[Symbol.asyncDispose],
  };
}

async function process(
  label: string,
  processor: Processor,
  binary: string,
  { program, type, values }: Jobs,
): Promise<Baseline | undefined> {
  const records = recordsOf(type.parameters, values);
  try {
    const { exportName } = program;
    // A GPU's threads are its own business.
    const threads = processor.kind === "cpu" ? processor.cores : 1;
    const baseline = await startProcessBaseline(binary, threads, { module: modulePath(program), exportName, records });
    return { ...baseline, label, processor, instances: values.length };
  } catch (error) {
    if (error instanceof MissingProgram) return undefined;
    throw error;
  }
}
