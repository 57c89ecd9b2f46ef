/** `wasmburst run`: one export in many instances, or a jobs file. */

import { basename } from "node:path";
import type { ScheduleSettings } from "../../../protocol/messages.ts";
import { WasmBurst } from "../api/burst.ts";
import { describeImports, exportedFunctions } from "../api/description.ts";
import type { Imports } from "../api/imports.ts";
import type { BurstModule } from "../api/module.ts";
import type { InvokeResult } from "../api/pool.ts";
import { refuseMissing } from "../api/resolveImports.ts";
import { wrongNumberOfArguments } from "../api/usage.ts";
import { formatResult, type JobText, parseJobs } from "../jobs.ts";
import { type Libraries, parseProgram } from "../link/program.ts";
import type { MemoryCell } from "../metadata.ts";
import { runJobs } from "../runJobs.ts";
import { parseValue, valueToJson } from "../valueText.ts";
import type { ValueType } from "../wasm/module.ts";
import { Activity, WorkDone } from "./activity.ts";
import {
  attachNegatives,
  type InvokeArguments,
  memoryCell,
  modulePath,
  readLibraries,
  readModule,
  seconds,
  takeInvoke,
  wholeNumber,
} from "./arguments.ts";
import { type ExitCode, exitCodes, usageError } from "./exitCodes.ts";
import { readImports } from "./imports.ts";
import { openLines } from "./jobLines.ts";
import { parseOptions } from "./options.ts";
import { note, type Output, openOutput, ProgressLine, refuseOverwriting } from "./output.ts";
import { scheduleFlags, scheduleHelp, scheduleOf } from "./schedule.ts";
import { timelinePage } from "./timeline.ts";

export const runHelp = `usage: wasmburst run MODULE.wasm --invoke NAME [ARGUMENT...] [--instances N]
       wasmburst run MODULE.wasm --jobs FILE [--instances N]

Runs an exported function in many isolated instances of the module.

  --invoke NAME ARGS...  call NAME with the same arguments in every instance; prints each distinct
                         result once, with the number of instances that gave it
  --jobs FILE            one JSON object a line, one instance each ("-": stdin):
                         {"invoke": "f", "args": [1], "memory": [{"at": 0, "utf8": "x"}], "read": [{"at": 0, "length": 4}]}
                         prints one line a job, in input order
  --instances N          instances at once (with --invoke: default 1; with --jobs: default 1024; more jobs follow those that end)
  --device ID            auto (default), v8, or a device that "wasmburst devices" lists; several with commas
                         between, or cuda:all for all of a kind, share the instances and the jobs
  --profile NAME         emit for apple, native or cpu instead of the device's own profile
  --link NAME=FILE.wasm  resolve imports from NAME with the exports of another module; may be repeated,
                         a library may import from those before it
  --memory-pages N       limit of memory.grow for an instance, in pages of 64 KiB
  --memory-cell N        bytes of an instance's memory that lie together: 4, 8, 16, 32, 64 or 128; default: what suits the code
  --imports FILE.mjs     what the module imports: the file's default export, { module: { name: function or value } }
  --fuel-limit N         end an instance after N units of fuel, about one an instruction: the trap "fuel exhausted"
  --timeout SECONDS      end an instance after so long on the device: the trap "time limit exceeded"
${scheduleHelp}
  --progress, --no-progress
                         a line about what is being done; default: on a terminal
  --timeline FILE.html   a page that shows bursts, slices, cool-downs, heat, live lanes and host calls over time
  --threads N            worker threads of the v8 device
  --output, -o FILE      results to FILE instead of stdout`;

const defaultRoundSize = 1024;
/** Of each device: those of the host refill instances themselves. Enough that the last jobs of a batch, when lanes stand idle, are few. */
const largestBatch = 65_536;

interface RunOptions {
  readonly bytes: Uint8Array;
  readonly link: Libraries;
  readonly instances: number | undefined;
  readonly memoryPages: number | undefined;
  readonly memoryCell: MemoryCell | undefined;
  readonly imports: Imports;
  readonly fuel: number | undefined;
  /** Seconds. */
  readonly timeLimit: number | undefined;
  readonly schedule: ScheduleSettings | undefined;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly progress: ProgressLine;
  readonly activity: Activity;
  readonly work: WorkDone;
}

export async function run(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const { invoke, rest } = takeInvoke(argv);
  const { values, positionals } = parseOptions(
    "run",
    {
      args: attachNegatives(rest),
      allowPositionals: true,
      options: {
        jobs: { type: "string" },
        instances: { type: "string" },
        device: { type: "string" },
        profile: { type: "string" },
        "memory-pages": { type: "string" },
        "memory-cell": { type: "string" },
        imports: { type: "string" },
        "fuel-limit": { type: "string" },
        timeout: { type: "string" },
        link: { type: "string", multiple: true },
        ...scheduleFlags,
        progress: { type: "boolean" },
        "no-progress": { type: "boolean" },
        timeline: { type: "string" },
        threads: { type: "string" },
        output: { type: "string", short: "o" },
      },
    },
    ["--invoke"],
  );
  if (positionals.length === 0 && invoke !== undefined && invoke.args.length > 0)
    throw usageError(`which module? what follows --invoke ${invoke.name} are its arguments: the path comes before`);
  const path = modulePath(positionals);
  if ((invoke === undefined) === (values.jobs === undefined)) throw usageError("give either --invoke or --jobs");
  const options = {
    instances: wholeNumber(values.instances, "--instances"),
    memoryPages: wholeNumber(values["memory-pages"], "--memory-pages", 0),
    memoryCell: memoryCell(values["memory-cell"]),
    fuel: wholeNumber(values["fuel-limit"], "--fuel-limit"),
    timeLimit: seconds(values.timeout, "--timeout"),
    schedule: scheduleOf(values),
    signal,
    progress: new ProgressLine(values["no-progress"] === true ? false : values.progress),
    activity: new Activity(values.timeline !== undefined),
    work: new WorkDone(),
  };
  const threads = wholeNumber(values.threads, "--threads");
  for (const written of [values.output, values.timeline]) await refuseOverwriting(written, [path, values.jobs]);
  const bytes = await readModule(path);
  const link = await readLibraries(values.link);
  const imports = await readImports(values.imports);
  const needed = describeImports(parseProgram(bytes, link));
  const timeline = values.timeline === undefined ? undefined : await openOutput(values.timeline);
  const lines = values.jobs === undefined ? undefined : await openLines(values.jobs, options.work, signal);

  const burst = await WasmBurst.launch({
    device: values.device,
    profile: values.profile,
    threads,
    onTimeline:
      timeline === undefined && !options.progress.isEnabled ? undefined : (events) => options.activity.add(events),
    onOutput: (text) => {
      options.progress.clear();
      process.stderr.write(text);
    },
    onProgress: ({ message, fraction }) => {
      const percent = fraction === undefined ? "" : ` ${Math.round(fraction * 100)}%`;
      options.progress.show(options.work.text(fraction ?? 0, options.activity) ?? `${message}${percent}`);
    },
  });
  try {
    refuseMissing(needed, imports, burst.hostFunctions);
    const output = await openOutput(values.output);
    const all = { ...options, bytes, link, imports, output };
    const exitCode =
      lines === undefined ? await runOne(burst, invoke as InvokeArguments, all) : await runAll(burst, lines, all);
    await output.end();
    await timeline?.write(
      timelinePage(`${basename(path)} on ${burst.device.id} (${burst.device.name})`, options.activity.events),
    );
    await timeline?.end();
    return exitCode;
  } finally {
    options.progress.clear();
    await burst.close();
  }
}

async function runOne(burst: WasmBurst, invoke: InvokeArguments, options: RunOptions): Promise<ExitCode> {
  const instances = options.instances ?? 1;
  const module = await burst.compile(options.bytes, {
    exports: [invoke.name],
    link: options.link,
    memoryCell: options.memoryCell,
    signal: options.signal,
  });
  const { parameters = [], results: types = [] } = module.functions.get(invoke.name) ?? {};
  if (invoke.args.length !== parameters.length) {
    throw wrongNumberOfArguments(invoke.name, parameters, invoke.args.length);
  }
  const values = parameters.map((type, index) =>
    parseValue(type, invoke.args[index], `argument ${index + 1} of ${invoke.name}`),
  );
  const { memoryPages, imports, schedule, signal } = options;
  const pool = await module.instantiate({ instances, memoryPages, imports, schedule, signal });
  options.progress.show(`running ${instances} instances`);
  const start = performance.now();
  const results = await pool.invoke(invoke.name, values, {
    signal,
    ...(options.fuel === undefined ? {} : { fuel: options.fuel }),
    ...(options.timeLimit === undefined ? {} : { timeLimit: options.timeLimit }),
  });
  const elapsed = (performance.now() - start) / 1000;
  options.progress.clear();

  const counts = new Map<string, number>();
  for (const result of results) {
    const text = formatOutcome(types, result);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  for (const [text, count] of counts) await options.output.write(`${text}  (${counted(count, "instance")})\n`);
  note(summary(burst, module, instances, elapsed));
  return results.some((result) => "trap" in result) ? exitCodes.trap : exitCodes.ok;
}

function formatOutcome(types: readonly ValueType[], result: InvokeResult): string {
  if ("trap" in result) {
    const reason = result.message === undefined ? "" : `: ${result.message}`;
    return `trap: ${result.trap} in ${result.function}${reason}`;
  }
  return types.map((type, index) => String(valueToJson(type, result.values[index] ?? null))).join(" ") || "(no result)";
}

async function runAll(burst: WasmBurst, lines: AsyncIterable<JobText>, options: RunOptions): Promise<ExitCode> {
  const { signal, instances = defaultRoundSize } = options;
  const batch = burst.device.id === "v8" ? instances : Math.max(instances, largestBatch * burst.device.count);
  const exports = new Set(exportedFunctions(parseProgram(options.bytes, options.link)).keys());
  let module: BurstModule | undefined;
  const start = performance.now();
  const result = await runJobs(
    parseJobs(lines),
    { ...options, instances, batch },
    {
      exports,
      compile: async (names) => {
        const { bytes, link, memoryCell, signal } = options;
        module = await burst.compile(bytes, { exports: names, link, memoryCell, signal });
        return module;
      },
      onResult: async (job) => {
        if ("error" in job) note(job.error);
        await options.output.write(formatResult(job));
      },
      onBatch: (finished, size) => options.work.begin(finished, size),
    },
  );
  options.progress.clear();
  const elapsed = (performance.now() - start) / 1000 - result.prepareSeconds;
  const failed = [
    ...(result.traps > 0 ? [`${result.traps} trapped`] : []),
    ...(result.errors > 0 ? [`${result.errors} in error`] : []),
    ...(result.lost > 0 ? [`${result.lost} lost`] : []),
  ];
  if (signal.aborted) {
    const read = result.notRun === 0 ? "" : `${counted(result.notRun, "job")} that had been read, and `;
    note(`interrupted: ${counted(result.jobs, "job")} done; not run: ${read}what had not been read`);
    return exitCodes.interrupted;
  }
  const suffix = failed.length === 0 ? "" : ` (${failed.join(", ")})`;
  note(
    module === undefined
      ? `${counted(result.jobs, "job")}${suffix}`
      : `${summary(burst, module, result.jobs, elapsed)}${laneUseText(result.laneUse)}${suffix}`,
  );
  if (result.lost > 0) return exitCodes.failure;
  if (result.errors > 0) return exitCodes.badInput;
  return result.traps > 0 ? exitCodes.trap : exitCodes.ok;
}

function summary(burst: WasmBurst, module: BurstModule, instances: number, seconds: number): string {
  const { compileSeconds, buildSeconds, cached } = module.timings;
  const rate = seconds > 0 ? Math.round(instances / seconds).toLocaleString("en") : "∞";
  return [
    `${counted(instances, "instance")} on ${burst.device.id} (${burst.device.name})`,
    `${rate} instances/s`,
    `compile ${milliseconds(compileSeconds)}`,
    `build ${milliseconds(buildSeconds)}${cached ? " (cached)" : ""}`,
    `run ${milliseconds(seconds)}`,
  ].join(", ");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function laneUseText(laneUse: number | undefined): string {
  return laneUse === undefined ? "" : `, lane use ${Math.round(laneUse * 100)}%`;
}

function milliseconds(seconds: number): string {
  const value = seconds * 1000;
  return `${value < 10 ? value.toFixed(2) : Math.round(value)} ms`;
}
