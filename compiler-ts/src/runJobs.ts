/**
 * Jobs on a device: as many at once as the pool has instances; the rest take the place of those that end, or, where the device
 * cannot do that, run in further rounds on instances that are reset.
 */
import type { ScheduleSettings } from "../../protocol/messages.ts";
import type { Imports } from "./api/imports.ts";
import type { BurstModule } from "./api/module.ts";
import type { InvokeResult, Pool, Trap } from "./api/pool.ts";
import { unknownExport, wrongNumberOfArguments } from "./api/usage.ts";
import type { Value } from "./api/values.ts";
import { CompileError } from "./diagnostics.ts";
import { HostError, messageOf } from "./errors.ts";
import type { Job, JobLine, JobResult } from "./jobs.ts";
import { PoolKeeper } from "./poolKeeper.ts";
import { parseValue, valueToJson } from "./valueText.ts";

export interface RunJobsOptions {
  /** Most instances at once. */
  readonly instances: number;
  /** Jobs that are read and begun together; default: as many as instances. More are of use where the device refills instances itself. */
  readonly batch?: number | undefined;
  readonly memoryPages?: number | undefined;
  readonly imports?: Imports | undefined;
  readonly schedule?: ScheduleSettings | undefined;
  readonly fuel?: number | undefined;
  /** Seconds. */
  readonly timeLimit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunJobsHooks {
  /** Compiles the module for the exported functions named; called again where a later round names others. */
  readonly compile: (exports: readonly string[]) => Promise<BurstModule>;
  /** Names of the module's exported functions. */
  readonly exports: ReadonlySet<string>;
  /** One call a job, in input order; awaited, so that a slow reader slows the rounds down. */
  readonly onResult: (result: JobResult, line: number) => Promise<void>;
  /** Before a batch runs: jobs finished so far, and how many are in it. */
  readonly onBatch?: (finished: number, size: number) => void;
}

export interface JobsSummary {
  readonly jobs: number;
  readonly traps: number;
  readonly errors: number;
  /** Jobs that the device or its hosts failed at, or were not run for that reason. */
  readonly lost: number;
  readonly deviceSeconds: number;
  /** Jobs that were read but had not ended when `signal` aborted. */
  readonly notRun: number;
  /** Share of the instances' time that jobs were at work in; absent where nothing was measured. */
  readonly laneUse: number | undefined;
  /** Compiling and instantiating. */
  readonly prepareSeconds: number;
}

/** `position`: in its batch. */
interface Wanted {
  readonly position: number;
  readonly job: Job;
}

interface Typed extends Wanted {
  readonly values: readonly Value[];
}

interface Placed extends Typed {
  readonly instance: number;
}

export async function runJobs(
  jobs: AsyncIterable<JobLine>,
  options: RunJobsOptions,
  hooks: RunJobsHooks,
): Promise<JobsSummary> {
  const summary = { jobs: 0, traps: 0, errors: 0, lost: 0, notRun: 0 };
  const pools = new PoolKeeper(hooks, options);
  const { instances, batch = instances, signal } = options;
  for await (const jobsOfBatch of chunks(jobs, batch)) {
    hooks.onBatch?.(summary.jobs, jobsOfBatch.length);
    const results = await runBatch(jobsOfBatch, pools, hooks.exports, options).catch((error) => {
      // Compiling and instantiating are aborted, too.
      if (!signal?.aborted) throw error;
      return [];
    });
    for (const [index, { instance, line }] of jobsOfBatch.entries()) {
      const result = results[index];
      if (result === undefined) {
        summary.notRun++;
        continue;
      }
      summary.jobs++;
      if ("trap" in result) summary.traps++;
      if ("error" in result) summary[result.isLost ? "lost" : "errors"]++;
      await hooks.onResult(
        "error" in result ? { instance, error: `line ${line}: ${result.error}` } : { instance, ...result },
        line,
      );
    }
    if (signal?.aborted) break;
  }
  // An abort may have taken the device's threads with it.
  await pools.release().catch((error) => {
    if (!signal?.aborted) throw error;
  });
  const { deviceSeconds, prepareSeconds, laneUse } = pools;
  return { ...summary, deviceSeconds, prepareSeconds, laneUse };
}

type Outcome =
  | { readonly values: Extract<JobResult, { values: unknown }>["values"]; readonly read?: readonly string[] }
  | Trap
  | { readonly error: string; readonly isLost: boolean };

/** By job: `undefined` where it was not run because the signal aborted. */
async function runBatch(
  batch: readonly JobLine[],
  pools: PoolKeeper,
  exports: ReadonlySet<string>,
  options: RunJobsOptions,
): Promise<(Outcome | undefined)[]> {
  const outcomes: (Outcome | undefined)[] = new Array(batch.length).fill(undefined);
  const fail = (position: number, error: unknown, isLost = false) => {
    outcomes[position] = { error: messageOf(error), isLost };
  };
  if (options.signal?.aborted) return outcomes;
  const wanted: Wanted[] = [];
  batch.forEach(({ job }, position) => {
    if ("error" in job) fail(position, job.error);
    else if (!exports.has(job.invoke)) {
      fail(position, unknownExport("function", job.invoke, exports));
    } else wanted.push({ position, job });
  });
  if (wanted.length === 0) return outcomes;
  const { module, pool } = await pools.ready(
    new Set(wanted.map(({ job }) => job.invoke)),
    Math.min(batch.length, options.instances),
  );

  const typed: Typed[] = [];
  for (const { position, job } of wanted) {
    try {
      typed.push({ position, job, values: argumentsOf(job, module) });
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      fail(position, error);
    }
  }
  const round = { pool, module, options, outcomes, fail };
  if (pool.canRunJobs) {
    await runQueued(typed, round, pools);
    return outcomes;
  }
  // Only v8 runs in rounds, which has no host that could die.
  for (let first = 0; first < typed.length && !options.signal?.aborted; first += pool.instances) {
    const placed = typed.slice(first, first + pool.instances).map((one, instance) => ({ ...one, instance }));
    try {
      if (first > 0) await pool.reset();
      await runRound(placed, round);
    } catch (error) {
      if (!options.signal?.aborted) throw error;
      // What earlier rounds gave is kept.
      for (const { position } of placed) outcomes[position] = undefined;
    }
  }
  return outcomes;
}

interface Round {
  readonly pool: Pool;
  readonly module: BurstModule;
  readonly options: RunJobsOptions;
  readonly outcomes: (Outcome | undefined)[];
  readonly fail: (position: number, error: unknown, isLost?: boolean) => void;
}

/** All of them, on a device that gives an instance its next job itself. */
async function runQueued(typed: readonly Typed[], round: Round, pools: PoolKeeper): Promise<void> {
  const { pool, module, options, outcomes, fail } = round;
  for (const [name, group] of groupByExport(typed)) {
    if (options.signal?.aborted) return;
    const jobs = group.map(({ job, values }) => ({
      values,
      writes: job.memory.map(({ at, bytes }) => ({ address: at, bytes })),
      reads: job.read.map(({ at, length }) => ({ address: at, length })),
    }));
    const ran = await orUnsupported(() => pool.runJobs(name, jobs, limitsOf(options)));
    if (ran instanceof CompileError) {
      for (const { position } of group) fail(position, ran);
      continue;
    }
    pools.count(ran);
    const types = module.functions.get(name)?.results ?? [];
    group.forEach(({ position, job }, index) => {
      const outcome = ran.outcomes[index];
      if (outcome === undefined) return;
      if ("trap" in outcome) outcomes[position] = outcome;
      else if ("values" in outcome) {
        const values = types.map((type, at) => valueToJson(type, outcome.values[at] as Value));
        const read = outcome.reads.map((bytes) => Buffer.from(bytes).toString("base64"));
        outcomes[position] = job.read.length === 0 ? { values } : { values, read };
      } else if (outcome.failed === "writes") fail(position, outsideWrites(job));
      else if (outcome.failed === "reads") fail(position, outOfBounds("read", job.read));
      else if (outcome.failed === "lost") fail(position, outcome.reason, true);
      else if (ran.failure !== undefined) fail(position, `not run: ${ran.failure}`, true);
    });
  }
}

/** At most as many as the pool has instances, which are in their initial state. */
async function runRound(typed: readonly Placed[], { pool, module, options, outcomes, fail }: Round): Promise<void> {
  const writesOf = ({ instance, job }: Placed) => job.memory.map(({ at, bytes }) => ({ instance, address: at, bytes }));
  const written = await each(
    typed,
    (placed) => pool.memory.writeAll(placed.flatMap(writesOf)),
    ({ position, job }) => fail(position, outsideWrites(job)),
  );

  const returned: Placed[] = [];
  for (const [name, group] of groupByExport(written)) {
    const results = await invokeGroup(name, group, pool, options);
    if (results instanceof CompileError) {
      for (const { position } of group) fail(position, results);
      continue;
    }
    group.forEach((placed, index) => {
      const result = results[index] as InvokeResult;
      if ("trap" in result) outcomes[placed.position] = result;
      else {
        const types = module.functions.get(name)?.results ?? [];
        outcomes[placed.position] = { values: types.map((type, at) => valueToJson(type, result.values[at] as Value)) };
        returned.push(placed);
      }
    });
  }
  const readsOf = ({ instance, job }: Placed) => job.read.map(({ at, length }) => ({ instance, address: at, length }));
  await each(
    returned.filter(({ job }) => job.read.length > 0),
    async (placed) => {
      const bytes = (await pool.memory.readAll(placed.flatMap(readsOf))).values();
      for (const { position, job } of placed) {
        const read = job.read.map(() => Buffer.from(bytes.next().value ?? []).toString("base64"));
        const outcome = outcomes[position];
        if (outcome !== undefined && "values" in outcome) outcomes[position] = { ...outcome, read };
      }
    },
    ({ position, job }) => fail(position, outOfBounds("read", job.read)),
  );
}

function argumentsOf(job: Job, module: BurstModule): Value[] {
  const types = module.functions.get(job.invoke)?.parameters ?? [];
  if (job.args.length !== types.length) {
    throw wrongNumberOfArguments(job.invoke, types, job.args.length);
  }
  return types.map((type, index) => parseValue(type, job.args[index], `argument ${index + 1} of ${job.invoke}`));
}

async function invokeGroup(name: string, group: readonly Placed[], pool: Pool, options: RunJobsOptions) {
  const lists = group.map(({ values }) => values);
  const instances = group.map(({ instance }) => instance);
  return orUnsupported(() => pool.invoke(name, lists, { instances, ...limitsOf(options) }));
}

function limitsOf({ fuel, timeLimit, signal }: RunJobsOptions) {
  return {
    ...(fuel === undefined ? {} : { fuel }),
    ...(timeLimit === undefined ? {} : { timeLimit }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** The error where the device cannot make this call at all, whatever the instance. */
async function orUnsupported<Result>(call: () => Promise<Result>): Promise<Result | CompileError> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CompileError && error.diagnostic.kind === "unsupported") return error;
    throw error;
  }
}

function outsideWrites({ memory }: Job): Error {
  return outOfBounds(
    "memory",
    memory.map(({ at, bytes }) => ({ at, length: bytes.length })),
  );
}

/** All in one request; where the memory of one is too small, one by one, so that only that one fails. Returns those that passed. */
async function each(
  placed: readonly Placed[],
  act: (placed: readonly Placed[]) => Promise<void>,
  outside: (placed: Placed) => void,
): Promise<readonly Placed[]> {
  try {
    await act(placed);
    return placed;
  } catch (error) {
    if (!isOutOfBounds(error)) throw error;
  }
  const passed: Placed[] = [];
  for (const one of placed) {
    try {
      await act([one]);
      passed.push(one);
    } catch (error) {
      if (!isOutOfBounds(error)) throw error;
      outside(one);
    }
  }
  return passed;
}

/** The same text on every device; a device's own names an instance of the pool, which is not the job's number. */
function outOfBounds(field: string, ranges: readonly { readonly at: number; readonly length: number }[]): Error {
  const shown = ranges.map(({ at, length }) => `${length} bytes at ${at}`).join(", ");
  return new Error(`"${field}" is not within the instance's memory: ${shown}`);
}

function isOutOfBounds(error: unknown): boolean {
  return error instanceof HostError && error.code === "memoryOutOfBounds";
}

function groupByExport<One extends Wanted>(placed: readonly One[]): Map<string, One[]> {
  const groups = new Map<string, One[]>();
  for (const one of placed) {
    const group = groups.get(one.job.invoke);
    if (group === undefined) groups.set(one.job.invoke, [one]);
    else group.push(one);
  }
  return groups;
}

/** Of memory that a batch's jobs write and read, all of which goes in one message. */
const largestBatchBytes = 2 ** 26;

function bytesOf({ job }: JobLine): number {
  if ("error" in job) return 0;
  const written = job.memory.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return job.read.reduce((sum, { length }) => sum + length, written);
}

async function* chunks(items: AsyncIterable<JobLine>, size: number): AsyncGenerator<JobLine[]> {
  let bytes = 0;
  let chunk: JobLine[] = [];
  for await (const item of items) {
    chunk.push(item);
    bytes += bytesOf(item);
    if (chunk.length < size && bytes < largestBatchBytes) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}
