/** A pool of isolated instances of one module: invoke, reset, snapshot. */
import { jobStatus } from "../../../protocol/messages.ts";
import { trapMessages, trappedFunction } from "../metadata.ts";
import type { BackendModule, BackendPool, ExportedFunction, JobsInvocation, JobsResult } from "./backend.ts";
import type { HostFailure, HostFunctions } from "./hostFunctions.ts";
import { checkInstances, PoolGlobals, PoolMemory } from "./poolState.ts";
import { Turns } from "./turns.ts";
import { unknownExport, usage } from "./usage.ts";
import { readRecord, recordWords, type Value, writeRecord } from "./values.ts";

export interface InvokeOptions {
  /** The instances to run, in the order of arguments and results. Default: all. */
  readonly instances?: readonly number[];
  /** Units of fuel, estimated instructions (docs/suspension.md), after which an instance traps with `fuel exhausted`. */
  readonly fuel?: number;
  /** How much of it one launch may use before the instance is suspended and goes on in the next; default: adapted to the device's time. Results do not depend on it. */
  readonly sliceFuel?: number;
  /** Seconds on the device after which an instance traps with `time limit exceeded`. Waiting for imports does not count. */
  readonly timeLimit?: number;
  readonly signal?: AbortSignal;
}

export interface Trap {
  /** In the specification's wording. */
  readonly trap: string;
  /** Name of the wasm function that trapped, or `module.name` of the import that failed. */
  readonly function: string;
  /** With the trap `host function failed`: what the import threw, or what is wrong with what it returned; with `device failed`: the device's reason. */
  readonly message?: string;
}

export type InvokeResult = { readonly values: readonly Value[] } | Trap;

/** One of many: its arguments, and what of its memory is written before and read after it. */
export interface PoolJob {
  readonly values: readonly Value[];
  readonly writes?: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  readonly reads?: readonly { readonly address: number; readonly length: number }[];
}

/**
 * `lost`: the device failed while it ran, or one host after the other died of it; `notRun`: the run was aborted, or the device gave up,
 * before it had ended; `writes` and `reads`: a range is not within its memory.
 */
export type JobOutcome =
  | { readonly values: readonly Value[]; readonly reads: readonly Uint8Array[] }
  | Trap
  | { readonly failed: "lost"; readonly reason: string }
  | { readonly failed: "notRun" | "writes" | "reads" };

export interface JobsOutcome {
  readonly outcomes: readonly JobOutcome[];
  /** Lanes times launches until the last job had begun, and what of them jobs were at work in. */
  readonly laneSlices: number;
  readonly busyLaneSlices: number;
  /** Why jobs were not run, where the run was not aborted. */
  readonly failure: string | undefined;
}

/** `status`: for each job two words, trap code (0: none) or one of the protocol's `jobStatus`, and index of the function that trapped. */
export type JobRecordsResult = Omit<JobsResult, "reads">;

export interface RecordsResult {
  /** For each instance run two words: trap code (0: none), index of the function that trapped. */
  readonly status: Uint32Array;
  readonly results: Uint32Array;
  readonly deviceSeconds: number;
  /** What the host took, requests not included; `undefined` where there is none, or where several shared the work. */
  readonly hostSeconds?: number | undefined;
  /** By instance: which import failed and why, where the trap is `host function failed`; the device's reason, where it is `device failed`. */
  readonly failures: ReadonlyMap<number, HostFailure>;
}

export interface ResumeResult {
  /** Name of the exported function that had been invoked. */
  readonly function: string;
  /** The instances that were suspended, ascending: the order of the results. */
  readonly instances: readonly number[];
  readonly results: readonly InvokeResult[];
}

export class Pool {
  readonly instances: number;
  /** Limit of `memory.grow` for each instance in pages. */
  readonly memoryPages: number;
  readonly memory: PoolMemory;
  readonly globals: PoolGlobals;
  readonly #module: BackendModule;
  readonly #pool: BackendPool;
  readonly #turns: Turns;
  #deviceSeconds = 0;

  constructor(module: BackendModule, pool: BackendPool, instances: number, hostFunctions: HostFunctions) {
    this.#module = module;
    this.#pool = pool;
    this.#turns = new Turns(hostFunctions);
    this.instances = instances;
    this.memoryPages = pool.memoryPages;
    this.memory = new PoolMemory(pool, instances, this.#turns);
    this.globals = new PoolGlobals(module, pool, instances, this.#turns);
  }

  /** Time that the device spent in all invocations so far. */
  get deviceSeconds(): number {
    return this.#deviceSeconds;
  }

  /**
   * Calls the exported function `name` in every instance named. `argumentsOfEachInstance` has one list an instance, or is one list for
   * all. The answer has one entry an instance; an instance that traps has its trap there and the others go on. Instances keep their
   * state from one call to the next; what it is after the trap `device failed` nobody knows. Throws CompileError of kind "usage" for an unknown export or a wrong argument.
   */
  async invoke(
    name: string,
    argumentsOfEachInstance: readonly Value[] | readonly (readonly Value[])[] = [],
    options: InvokeOptions = {},
  ): Promise<InvokeResult[]> {
    const target = this.#function(name);
    const count = checkInstances(options.instances, this.instances) ?? this.instances;
    const records = encodeArguments(target, argumentsOfEachInstance, count);
    return this.#values(target, options.instances, count, await this.invokeRecords(name, records, options));
  }

  /**
   * `invoke` on raw records: bit patterns go in and come out unchanged, NaN payloads included, and nothing is allocated per value.
   * One record an instance, its values in order in 32-bit words, low word first.
   */
  async invokeRecords(name: string, records: Uint32Array, options: InvokeOptions = {}): Promise<RecordsResult> {
    const target = this.#function(name);
    const count = checkInstances(options.instances, this.instances) ?? this.instances;
    const words = recordWords(target.parameters);
    if (records.length !== words * count) {
      throw usage(`${name} needs ${words} words for each of ${count} instances, not ${records.length} in all`);
    }
    checkLimits(options);
    const invocation = {
      function: target,
      instances: options.instances,
      arguments: records,
      fuel: options.fuel,
      sliceFuel: options.sliceFuel,
      timeLimit: options.timeLimit,
      signal: options.signal,
    };
    const result = await this.#turns.take("invoke", () => this.#pool.invoke(invocation));
    this.#deviceSeconds += result.deviceSeconds;
    return result;
  }

  /** Whether `runJobs` can be called: on devices of the host. */
  get canRunJobs(): boolean {
    return this.#pool.runJobs !== undefined;
  }

  /**
   * Any number of jobs over the pool's instances, each in the state after instantiation: an instance whose job has ended gets the next
   * one between launches. Where `options.signal` aborts, the answer has what had ended. Leaves the instances in an undefined state.
   * Where the host dies, another takes its place, and the jobs whose results have not arrived are run again. Imported functions know an
   * instance by the number of its job, the place in `jobs`; start functions run for every job, and once for each instance of the pool.
   */
  async runJobs(
    name: string,
    jobs: readonly PoolJob[],
    options: Omit<InvokeOptions, "instances"> = {},
  ): Promise<JobsOutcome> {
    const target = this.#function(name);
    const words = recordWords(target.parameters);
    const records = new Uint32Array(words * jobs.length);
    jobs.forEach(({ values }, index) => {
      writeRecord(target.parameters, values, records, index * words, name);
    });
    const hasMemory = jobs.some(({ writes = [], reads = [] }) => writes.length + reads.length > 0);
    const memory = hasMemory ? jobs.map(({ writes = [], reads = [] }) => ({ writes, reads })) : [];
    const result = await this.#runJobs({ function: target, jobs: jobs.length, arguments: records, memory }, options);
    const outcomes = jobs.map((_, index) => this.#outcome(target, result, index));
    const { laneSlices, busyLaneSlices, failure } = result;
    return { outcomes, laneSlices, busyLaneSlices, failure };
  }

  /**
   * `runJobs` on raw records, as `invokeRecords` is to `invoke`: nothing is allocated for a job. One record of arguments a job; `jobs`
   * counts them, since a record may have no words.
   */
  async runJobRecords(
    name: string,
    jobs: number,
    records: Uint32Array,
    options: Omit<InvokeOptions, "instances"> = {},
  ): Promise<JobRecordsResult> {
    const target = this.#function(name);
    const words = recordWords(target.parameters);
    if (!Number.isInteger(jobs) || jobs < 0) throw usage(`${jobs} jobs: expected a whole number`);
    if (records.length !== words * jobs) {
      throw usage(`${name} needs ${words} words for each of ${jobs} jobs, not ${records.length} in all`);
    }
    return this.#runJobs({ function: target, jobs, arguments: records, memory: [] }, options);
  }

  async #runJobs(
    wanted: Pick<JobsInvocation, "function" | "jobs" | "arguments" | "memory">,
    options: Omit<InvokeOptions, "instances">,
  ): Promise<JobsResult> {
    const run = this.#pool.runJobs?.bind(this.#pool);
    if (run === undefined) throw usage("jobs need a device of the host");
    checkLimits(options);
    const { fuel, sliceFuel, timeLimit, signal } = options;
    const result = await this.#turns.take("invoke", () => run({ ...wanted, fuel, sliceFuel, timeLimit, signal }));
    this.#deviceSeconds += result.deviceSeconds;
    return result;
  }

  #outcome({ results: types }: ExportedFunction, answer: JobsResult, job: number): JobOutcome {
    const { status, results, reads, reasons, failures } = answer;
    const code = status[job * 2] ?? jobStatus.notRun;
    const detail = status[job * 2 + 1] ?? 0;
    switch (code) {
      case 0:
        return { values: readRecord(types, results, job * recordWords(types)), reads: reads[job] ?? [] };
      case jobStatus.notRun:
        return { failed: "notRun" };
      case jobStatus.lost:
        return { failed: "lost", reason: reasons.get(job) ?? "no reason given" };
      case jobStatus.outOfBounds:
        return { failed: detail === 0 ? "writes" : "reads" };
      default:
        return this.#trap(code, detail, failures.get(job));
    }
  }

  /**
   * The complete state of all instances, which `module.restore` makes a pool of: in another process, and on another device. Taken while
   * instances wait for imports (an import may take it itself) it holds them suspended; but not while jobs run, which are no instance's.
   */
  async snapshot(): Promise<Uint8Array> {
    return this.#pool.snapshot();
  }

  /** Name of the exported function that instances were running when the snapshot was taken; until `resume` nothing can be invoked. */
  get suspended(): string | undefined {
    return this.#pool.suspended?.name;
  }

  /** Goes on with the invocation that a restored pool's instances wait in. Throws CompileError of kind "usage" where none does. */
  async resume(options: { readonly signal?: AbortSignal } = {}): Promise<ResumeResult> {
    const target = this.#pool.suspended;
    if (target === undefined) throw usage("no instance of this pool is suspended");
    const result = await this.#turns.take("resume", () => this.#pool.resume(options.signal));
    this.#deviceSeconds += result.deviceSeconds;
    const { instances } = result;
    return { function: target.name, instances, results: this.#values(target, instances, instances.length, result) };
  }

  /** Name of a function of the module's index space, as traps report it. */
  functionName(index: number): string {
    return trappedFunction(this.#module.functionNames, index);
  }

  /** Brings instances (default: all) back to the state after instantiation; all of them also where the host that had them has died. */
  async reset(instances?: readonly number[]): Promise<void> {
    checkInstances(instances, this.instances);
    await this.#turns.take("reset", () => this.#pool.reset(instances));
  }

  async release(): Promise<void> {
    await this.#turns.take("release", () => this.#pool.release());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #values(
    { results: types }: ExportedFunction,
    instances: readonly number[] | undefined,
    count: number,
    { status, results, failures }: RecordsResult,
  ): InvokeResult[] {
    const words = recordWords(types);
    return Array.from({ length: count }, (_, index) => {
      const code = status[index * 2] ?? 0;
      if (code === 0) return { values: readRecord(types, results, index * words) };
      return this.#trap(code, status[index * 2 + 1] ?? 0, failures.get(instances?.[index] ?? index));
    });
  }

  #trap(code: number, functionIndex: number, failure: HostFailure | undefined): Trap {
    const trap = trapMessages[code] ?? `trap ${code}`;
    if (failure !== undefined) return { trap, function: failure.import, message: failure.message };
    return { trap, function: this.functionName(functionIndex) };
  }

  #function(name: string): ExportedFunction {
    const found = this.#module.functions.get(name);
    if (found === undefined) throw unknownExport("function", name, this.#module.functions.keys());
    return found;
  }
}

function encodeArguments(
  target: ExportedFunction,
  values: readonly Value[] | readonly (readonly Value[])[],
  count: number,
): Uint32Array {
  const words = recordWords(target.parameters);
  const records = new Uint32Array(words * count);
  if (isPerInstance(values)) {
    if (values.length !== count) throw usage(`${values.length} argument lists for ${count} instances`);
    values.forEach((list, index) => {
      writeRecord(target.parameters, list, records, index * words, target.name);
    });
  } else {
    const shared = new Uint32Array(words);
    writeRecord(target.parameters, values, shared, 0, target.name);
    for (let index = 0; index < count; index++) records.set(shared, index * words);
  }
  return records;
}

function isPerInstance(
  values: readonly Value[] | readonly (readonly Value[])[],
): values is readonly (readonly Value[])[] {
  return values.length > 0 && Array.isArray(values[0]);
}

function checkLimits({ fuel, sliceFuel, timeLimit }: Omit<InvokeOptions, "instances">): void {
  checkFuel("fuel", fuel);
  checkFuel("sliceFuel", sliceFuel);
  checkTimeLimit(timeLimit);
}

function checkFuel(name: string, fuel: number | undefined): void {
  if (fuel !== undefined && (!Number.isSafeInteger(fuel) || fuel < 1)) {
    throw usage(`${name} ${fuel} is not a positive integer`);
  }
}

function checkTimeLimit(seconds: number | undefined): void {
  if (seconds !== undefined && !(Number.isFinite(seconds) && seconds > 0)) {
    throw usage(`timeLimit ${seconds} is not a positive number of seconds`);
  }
}
