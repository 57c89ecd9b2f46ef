/** Memory and globals of a pool's instances. */
import { HostError } from "../errors.ts";
import type { BackendModule, BackendPool, ExportedGlobal, MemoryRange, MemoryWrite } from "./backend.ts";
import type { Turns } from "./turns.ts";
import { unknownExport, usage } from "./usage.ts";
import { readValue, recordWords, type Value, writeValue } from "./values.ts";

export class PoolMemory {
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

export class PoolGlobals {
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
    if (found === undefined) throw unknownExport("global", name, this.#module.globals.keys());
    return found;
  }
}

/** The number of instances named; `undefined` where none are named, which stands for all. */
export function checkInstances(instances: readonly number[] | undefined, count: number): number | undefined {
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
