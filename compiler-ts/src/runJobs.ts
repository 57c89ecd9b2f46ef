/** Jobs on a device: as many at once as the pool has instances, the rest in further rounds on instances that are reset. */
import type { ScheduleSettings } from "../../protocol/messages.ts";
import type { Imports } from "./api/imports.ts";
import type { BurstModule } from "./api/module.ts";
import type { InvokeResult, Pool, Trap } from "./api/pool.ts";
import { unknownExport } from "./api/usage.ts";
import type { Value } from "./api/values.ts";
import { CompileError } from "./diagnostics.ts";
import { HostError, messageOf } from "./errors.ts";
import type { Job, JobLine, JobResult } from "./jobs.ts";
import { parseValue, valueToJson } from "./valueText.ts";

export interface RunJobsOptions {
  /** Most instances at once. */
  readonly instances: number;
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
  readonly onRound?: (finished: number) => void;
}

export interface JobsSummary {
  readonly jobs: number;
  readonly traps: number;
  readonly errors: number;
  readonly deviceSeconds: number;
  /** Compiling and instantiating. */
  readonly prepareSeconds: number;
}

interface Placed {
  readonly instance: number;
  readonly job: Job;
  readonly values: readonly Value[];
}

export async function runJobs(
  jobs: AsyncIterable<JobLine>,
  options: RunJobsOptions,
  hooks: RunJobsHooks,
): Promise<JobsSummary> {
  const summary = { jobs: 0, traps: 0, errors: 0 };
  const pools = new PoolKeeper(hooks, options);
  for await (const round of chunks(jobs, options.instances)) {
    options.signal?.throwIfAborted();
    const results = await runRound(round, pools, hooks.exports, options);
    for (const [index, { instance, line }] of round.entries()) {
      const result = results[index] ?? { error: "no result" };
      summary.jobs++;
      if ("trap" in result) summary.traps++;
      if ("error" in result) summary.errors++;
      await hooks.onResult(
        "error" in result ? { instance, error: `line ${line}: ${result.error}` } : { instance, ...result },
        line,
      );
    }
    hooks.onRound?.(summary.jobs);
  }
  await pools.release();
  return { ...summary, deviceSeconds: pools.deviceSeconds, prepareSeconds: pools.prepareSeconds };
}

type Outcome =
  | { readonly values: Extract<JobResult, { values: unknown }>["values"]; readonly read?: readonly string[] }
  | Trap
  | { readonly error: string };

async function runRound(
  round: readonly JobLine[],
  pools: PoolKeeper,
  exports: ReadonlySet<string>,
  options: RunJobsOptions,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(round.length);
  const fail = (instance: number, error: unknown) => {
    outcomes[instance] = { error: messageOf(error) };
  };

  const wanted: { instance: number; job: Job }[] = [];
  round.forEach(({ job }, instance) => {
    if ("error" in job) fail(instance, job.error);
    else if (!exports.has(job.invoke)) {
      fail(instance, unknownExport("function", job.invoke, new Map([...exports].map((name) => [name, name]))));
    } else wanted.push({ instance, job });
  });
  if (wanted.length === 0) return outcomes;
  const { module, pool } = await pools.ready(new Set(wanted.map(({ job }) => job.invoke)), round.length);

  const typed: Placed[] = [];
  for (const { instance, job } of wanted) {
    try {
      typed.push({ instance, job, values: argumentsOf(job, module) });
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      fail(instance, error);
    }
  }
  const writesOf = ({ instance, job }: Placed) => job.memory.map(({ at, bytes }) => ({ instance, address: at, bytes }));
  const written = await each(
    typed,
    (placed) => pool.memory.writeAll(placed.flatMap(writesOf)),
    ({ instance, job }) =>
      fail(
        instance,
        outOfBounds(
          "memory",
          job.memory.map(({ at, bytes }) => ({ at, length: bytes.length })),
        ),
      ),
  );

  const returned: Placed[] = [];
  for (const [name, group] of groupByExport(written)) {
    const results = await invokeGroup(name, group, pool, options);
    if (results instanceof CompileError) {
      for (const { instance } of group) fail(instance, results);
      continue;
    }
    group.forEach((placed, index) => {
      const result = results[index] as InvokeResult;
      if ("trap" in result) outcomes[placed.instance] = result;
      else {
        const types = module.functions.get(name)?.results ?? [];
        outcomes[placed.instance] = { values: types.map((type, at) => valueToJson(type, result.values[at] as Value)) };
        returned.push(placed);
      }
    });
  }
  const readsOf = ({ instance, job }: Placed) => job.read.map(({ at, length }) => ({ instance, address: at, length }));
  await each(
    returned.filter(({ job }) => job.read.length > 0),
    async (placed) => {
      const bytes = (await pool.memory.readAll(placed.flatMap(readsOf))).values();
      for (const { instance, job } of placed) {
        const read = job.read.map(() => Buffer.from(bytes.next().value ?? []).toString("base64"));
        const outcome = outcomes[instance];
        if (outcome !== undefined && "values" in outcome) outcomes[instance] = { ...outcome, read };
      }
    },
    ({ instance, job }) => fail(instance, outOfBounds("read", job.read)),
  );
  return outcomes;
}

function argumentsOf(job: Job, module: BurstModule): Value[] {
  const types = module.functions.get(job.invoke)?.parameters ?? [];
  if (job.args.length !== types.length) {
    const message = `${job.invoke} takes ${types.length} arguments (${types.join(", ")}), not ${job.args.length}`;
    throw new CompileError({ kind: "usage", message });
  }
  return types.map((type, index) => parseValue(type, job.args[index], `argument ${index + 1} of ${job.invoke}`));
}

/** The error where the device cannot make this call at all, whatever the instance. */
async function invokeGroup(
  name: string,
  group: readonly Placed[],
  pool: Pool,
  { fuel, timeLimit, signal }: RunJobsOptions,
): Promise<InvokeResult[] | CompileError> {
  try {
    return await pool.invoke(
      name,
      group.map(({ values }) => values),
      {
        instances: group.map(({ instance }) => instance),
        ...(fuel === undefined ? {} : { fuel }),
        ...(timeLimit === undefined ? {} : { timeLimit }),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  } catch (error) {
    if (error instanceof CompileError && error.diagnostic.kind === "unsupported") return error;
    throw error;
  }
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

function groupByExport(placed: readonly Placed[]): Map<string, Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const one of placed) {
    const group = groups.get(one.job.invoke);
    if (group === undefined) groups.set(one.job.invoke, [one]);
    else group.push(one);
  }
  return groups;
}

/** The module and pool of the rounds so far; made anew where a round needs other functions or more instances. */
class PoolKeeper {
  readonly #hooks: RunJobsHooks;
  readonly #options: RunJobsOptions;
  #current: { readonly module: BurstModule; readonly pool: Pool } | undefined;
  #releasedSeconds = 0;
  #prepareSeconds = 0;

  constructor(hooks: RunJobsHooks, options: RunJobsOptions) {
    this.#hooks = hooks;
    this.#options = options;
  }

  get deviceSeconds(): number {
    return this.#releasedSeconds + (this.#current?.pool.deviceSeconds ?? 0);
  }

  get prepareSeconds(): number {
    return this.#prepareSeconds;
  }

  /** Instances in their initial state. */
  async ready(exports: ReadonlySet<string>, instances: number) {
    let current = this.#current;
    const known = current?.module.functions;
    if (
      current !== undefined &&
      current.pool.instances >= instances &&
      [...exports].every((name) => known?.has(name))
    ) {
      await current.pool.reset();
      return current;
    }
    const start = performance.now();
    const wanted = new Set([...(known?.keys() ?? []), ...exports]);
    await this.release();
    const module = await this.#hooks.compile([...wanted]);
    const pool = await module.instantiate({
      instances,
      memoryPages: this.#options.memoryPages,
      imports: this.#options.imports,
      schedule: this.#options.schedule,
      signal: this.#options.signal,
    });
    this.#prepareSeconds += (performance.now() - start) / 1000;
    current = { module, pool };
    this.#current = current;
    return current;
  }

  async release(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#releasedSeconds += current.pool.deviceSeconds;
    this.#current = undefined;
    await current.pool.release();
    await current.module.release();
  }
}

async function* chunks<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
