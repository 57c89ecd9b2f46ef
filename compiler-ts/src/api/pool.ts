/** A pool of isolated instances of one module: invoke, memory, globals. */
import { HostError } from "../errors.ts";
import { trapMessages } from "../metadata.ts";
import type {
  BackendModule,
  BackendPool,
  ExportedFunction,
  ExportedGlobal,
  MemoryRange,
  MemoryWrite,
} from "./backend.ts";
import type { HostFailure, HostFunctions } from "./hostFunctions.ts";
import { Turns } from "./turns.ts";
import { unknownExport, usage } from "./usage.ts";
import { readRecord, readValue, recordWords, type Value, writeRecord, writeValue } from "./values.ts";

export interface InvokeOptions {
  /** The instances to run, in the order of arguments and results. Default: all. */
  readonly instances?: readonly number[];
  /** Loop iterations and calls after which an instance traps with `fuel exhausted`. */
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
  /** What the import threw, or what is wrong with what it returned; with the trap `host function failed`. */
  readonly message?: string;
}

export type InvokeResult = { readonly values: readonly Value[] } | Trap;

export interface RecordsResult {
  /** For each instance run two words: trap code (0: none), index of the function that trapped. */
  readonly status: Uint32Array;
  readonly results: Uint32Array;
  readonly deviceSeconds: number;
  /** By instance: which import failed and why, where the trap is `host function failed`. */
  readonly failures: ReadonlyMap<number, HostFailure>;
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
   * state from one call to the next. Throws CompileError of kind "usage" for an unknown export or a wrong argument.
   */
  async invoke(
    name: string,
    argumentsOfEachInstance: readonly Value[] | readonly (readonly Value[])[] = [],
    options: InvokeOptions = {},
  ): Promise<InvokeResult[]> {
    const target = this.#function(name);
    const count = checkInstances(options.instances, this.instances) ?? this.instances;
    const records = encodeArguments(target, argumentsOfEachInstance, count);
    const { status, results, failures } = await this.invokeRecords(name, records, options);
    const words = recordWords(target.results);
    return Array.from({ length: count }, (_, index) => {
      const code = status[index * 2] ?? 0;
      if (code === 0) return { values: readRecord(target.results, results, index * words) };
      const trap = trapMessages[code] ?? `trap ${code}`;
      const failure = failures.get(options.instances?.[index] ?? index);
      if (failure !== undefined) return { trap, function: failure.import, message: failure.message };
      return { trap, function: this.functionName(status[index * 2 + 1] ?? 0) };
    });
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
    checkFuel("fuel", options.fuel);
    checkFuel("sliceFuel", options.sliceFuel);
    checkTimeLimit(options.timeLimit);
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

  /** Name of a function of the module's index space, as traps report it. */
  functionName(index: number): string {
    return this.#module.functionNames[index] ?? `func[${index}]`;
  }

  /** Brings instances (default: all) back to the state after instantiation. */
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

  #function(name: string): ExportedFunction {
    const found = this.#module.functions.get(name);
    if (found === undefined) throw unknownExport("function", name, this.#module.functions);
    return found;
  }
}

class PoolMemory {
  readonly #pool: BackendPool;
  readonly #instances: number;
  readonly #turns: Turns;

  constructor(pool: BackendPool, instances: number, turns: Turns) {
    this.#pool = pool;
    this.#instances = instances;
    this.#turns = turns;
  }

  /** Throws HostError `memoryOutOfBounds` where the range is not within the instance's current memory. */
  async write(instance: number, address: number, bytes: Uint8Array): Promise<void> {
    await this.writeAll([{ instance, address, bytes }]);
  }

  /** Many writes in one request; all are checked before the first is done. */
  async writeAll(writes: readonly MemoryWrite[]): Promise<void> {
    for (const { instance, address, bytes } of writes) {
      checkRange({ instance, address, length: bytes.length }, this.#instances);
    }
    if (writes.length > 0) await this.#turns.take("memory.write", () => this.#pool.writeMemory(writes));
  }

  async read(instance: number, address: number, length: number): Promise<Uint8Array> {
    const [bytes] = await this.readAll([{ instance, address, length }]);
    return bytes as Uint8Array;
  }

  /** Many reads in one request, answered in their order. */
  async readAll(ranges: readonly MemoryRange[]): Promise<readonly Uint8Array[]> {
    for (const range of ranges) checkRange(range, this.#instances);
    return ranges.length === 0 ? [] : this.#turns.take("memory.read", () => this.#pool.readMemory(ranges));
  }
}

class PoolGlobals {
  readonly #module: BackendModule;
  readonly #pool: BackendPool;
  readonly #instances: number;
  readonly #turns: Turns;

  constructor(module: BackendModule, pool: BackendPool, instances: number, turns: Turns) {
    this.#module = module;
    this.#pool = pool;
    this.#instances = instances;
    this.#turns = turns;
  }

  async get(instance: number, name: string): Promise<Value> {
    checkInstances([instance], this.#instances);
    const global = this.#global(name);
    const words = await this.#turns.take("globals.get", () => this.#pool.readGlobal(instance, name));
    return readValue(global.type, words, 0);
  }

  async set(instance: number, name: string, value: Value): Promise<void> {
    checkInstances([instance], this.#instances);
    const global = this.#global(name);
    if (!global.mutable) throw usage(`global ${name} is immutable`);
    const words = new Uint32Array(recordWords([global.type]));
    writeValue(global.type, value, words, 0, () => `global ${name}`);
    await this.#turns.take("globals.set", () => this.#pool.writeGlobal(instance, name, words));
  }

  #global(name: string): ExportedGlobal {
    const found = this.#module.globals.get(name);
    if (found === undefined) throw unknownExport("global", name, this.#module.globals);
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

/** The number of instances named; `undefined` where none are named, which stands for all. */
function checkInstances(instances: readonly number[] | undefined, count: number): number | undefined {
  if (instances === undefined) return undefined;
  for (const instance of instances) {
    if (!Number.isInteger(instance) || instance < 0 || instance >= count) {
      throw usage(`no instance ${instance}: the pool has ${count}`);
    }
  }
  if (new Set(instances).size !== instances.length) throw usage("an instance is named twice");
  return instances.length;
}

function checkRange({ instance, address, length }: MemoryRange, count: number): void {
  checkInstances([instance], count);
  for (const [what, number] of [
    ["address", address],
    ["length", length],
  ] as const) {
    if (!Number.isInteger(number) || number < 0) throw usage(`${what} ${number} is not a non-negative integer`);
  }
  if (address + length > 2 ** 32) {
    throw new HostError("memoryOutOfBounds", `${length} bytes at ${address} are beyond any 32-bit memory`);
  }
}

function checkTimeLimit(seconds: number | undefined): void {
  if (seconds !== undefined && !(Number.isFinite(seconds) && seconds > 0)) {
    throw usage(`timeLimit ${seconds} is not a positive number of seconds`);
  }
}

function checkFuel(name: string, fuel: number | undefined): void {
  if (fuel !== undefined && (!Number.isSafeInteger(fuel) || fuel < 1)) {
    throw usage(`${name} ${fuel} is not a positive integer`);
  }
}
