/**
 * Operations a second that the device achieved, against what it could: the rates of `throughput.ts --json` by the device's own clock, times what an instance
 * executes as wasm (`operations.ts`). Prints a table or JSON and draws a roofline. README.md says how to read it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { positive, runBench } from "./main.ts";
import { formatTable } from "./measure.ts";
import { meanOperations, type Operations } from "./operations.ts";
import { type Run, readRun } from "./plots.ts";
import { moduleBytes, programs } from "./programs.ts";
import { rooflinePlot } from "./rooflinePlot.ts";
import { type Roof, roofs } from "./roofs.ts";

export interface Achieved {
  readonly program: string;
  readonly instances: number;
  /** A second. */
  readonly rate: number;
  /** Of an instance. */
  readonly operations: Operations;
  /** A second. */
  readonly integer: number;
  readonly float: number;
  readonly bytes: number;
  /** Parts of the device's peaks, where they are known; 64-bit integers have a peak of their own. */
  readonly shares: { readonly integer: number; readonly float: number; readonly bandwidth: number } | undefined;
}

/** Of each program the row with the most instances, in the order of the files. */
export function fullest(runs: readonly Run[]): readonly Run["rows"][number][] {
  const found = new Map<string, Run["rows"][number]>();
  for (const row of runs.flatMap((run) => run.rows)) {
    if (row.instances > (found.get(row.program)?.instances ?? 0)) found.set(row.program, row);
  }
  return [...found.values()];
}

/** Throws RangeError where the device has no clock of its own. */
export function achieved(row: Run["rows"][number], operations: Operations, roof: Roof | undefined): Achieved {
  const { program, instances, deviceAlone: rate } = row;
  if (!Number.isFinite(rate) || rate <= 0) throw new RangeError(`${program}: no rate by the device's own clock`);
  const { i32, i64, f32, f64, bytes } = operations;
  const shares = roof && {
    integer: rate * (i32 / roof.peaks.i32 + i64 / roof.peaks.i64),
    float: rate * (f32 / roof.peaks.f32 + f64 / roof.peaks.f64),
    bandwidth: (rate * bytes) / roof.bandwidth,
  };
  const rates = { integer: rate * (i32 + i64), float: rate * (f32 + f64), bytes: rate * bytes };
  return { program, instances, rate, operations, ...rates, shares };
}

export function table(rows: readonly Achieved[]): string {
  const billions = (value: number): string => (value / 1e9).toLocaleString("en-US", { maximumSignificantDigits: 4 });
  const percent = (share: number | undefined): string => (share === undefined ? "-" : `${(share * 100).toFixed(1)}%`);
  return formatTable([
    ["", "instances", "int Gop/s", "float Gop/s", "GB/s", "of int peak", "of float peak", "of bandwidth"],
    ...rows.map(({ program, instances, integer, float, bytes, shares }) => [
      program,
      instances.toLocaleString("en-US"),
      ...[integer, float, bytes].map(billions),
      ...[shares?.integer, shares?.float, shares?.bandwidth].map(percent),
    ]),
  ]);
}

/** The mean over the first instances. Throws RangeError. */
async function operationsOf(name: string, sample: number): Promise<Operations> {
  const program = programs.find((known) => known.name === name);
  if (program === undefined) throw new RangeError(`no program ${name}`);
  const calls = Array.from({ length: sample }, (_, instance) => program.argumentsOf(instance));
  return meanOperations(await moduleBytes(program), program.exportName, calls);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: "string" },
      prefix: { type: "string", default: "" },
      // A multiple of what the programs' arguments repeat after: 2, 12, 32, 256.
      sample: { type: "string", default: "768" },
      json: { type: "boolean", default: false },
    },
  });
  const runs = await Promise.all(positionals.map(readRun));
  const [device, other] = new Set(runs.map((run) => run.device.name));
  if (device === undefined) throw new RangeError("no file: expected what throughput.ts --json has printed");
  if (other !== undefined) throw new RangeError(`files of several devices: ${device}, ${other}`);
  const roof = roofs.get(device);
  const sample = positive(values.sample, "sample");
  const rows: Achieved[] = [];
  for (const row of fullest(runs)) rows.push(achieved(row, await operationsOf(row.program, sample), roof));
  console.log(values.json ? JSON.stringify({ device, roof, rows }, undefined, 2) : `${device}\n${table(rows)}`);
  if (values.out === undefined) return;
  await mkdir(values.out, { recursive: true });
  await writeFile(join(values.out, `${values.prefix}roofline.svg`), rooflinePlot(device, rows, roof));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await runBench("roofline", main);
