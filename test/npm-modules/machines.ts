/** The same instances on V8's own API and on a device of WasmBurst, so that one program drives both and its findings can be compared. */
import assert from "node:assert/strict";
import { type Pool, type Value, WasmBurst } from "../../compiler-ts/src/index.ts";

/** What an import does, by the number of the calling instance; it reads no memory, so both sides can serve it. */
export type Effect = (instance: number, ...values: readonly number[]) => number | undefined;
export type Effects = Readonly<Record<string, Readonly<Record<string, Effect>>>>;

export interface Machines {
  readonly count: number;
  /** The first result of each instance, 0 where there is none. */
  call(name: string, argumentsOf: (instance: number) => readonly number[]): Promise<readonly number[]>;
  write(addresses: readonly number[], bytes: readonly Uint8Array[]): Promise<void>;
  read(addresses: readonly number[], lengths: readonly number[]): Promise<readonly Uint8Array[]>;
}

export class V8Machines implements Machines {
  readonly #instances: readonly WebAssembly.Instance[];
  readonly #memory: string;

  constructor(bytes: Uint8Array, count: number, effects: Effects, memory: string) {
    const module = new WebAssembly.Module(bytes);
    this.#memory = memory;
    this.#instances = Array.from(
      { length: count },
      (_, instance) =>
        new WebAssembly.Instance(
          module,
          mapEffects(
            effects,
            (effect) =>
              (...values: number[]) =>
                effect(instance, ...values),
          ),
        ),
    );
  }

  get count(): number {
    return this.#instances.length;
  }

  async call(name: string, argumentsOf: (instance: number) => readonly number[]): Promise<readonly number[]> {
    return this.#instances.map(({ exports }, instance) => {
      const called = exports[name];
      if (typeof called !== "function") throw new Error(`no exported function ${name}`);
      return Number(called(...argumentsOf(instance)) ?? 0);
    });
  }

  async write(addresses: readonly number[], bytes: readonly Uint8Array[]): Promise<void> {
    addresses.forEach((address, instance) => {
      this.#bytes(instance).set(bytes[instance] as Uint8Array, address);
    });
  }

  async read(addresses: readonly number[], lengths: readonly number[]): Promise<readonly Uint8Array[]> {
    return addresses.map((address, instance) =>
      this.#bytes(instance).slice(address, address + (lengths[instance] as number)),
    );
  }

  #bytes(instance: number): Uint8Array {
    const memory = this.#instances[instance]?.exports[this.#memory];
    if (!(memory instanceof WebAssembly.Memory)) throw new Error(`no exported memory ${this.#memory}`);
    return new Uint8Array(memory.buffer);
  }
}

class BurstMachines implements Machines {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get count(): number {
    return this.#pool.instances;
  }

  async call(name: string, argumentsOf: (instance: number) => readonly number[]): Promise<readonly number[]> {
    const calls = Array.from({ length: this.count }, (_, instance): readonly Value[] => argumentsOf(instance));
    const results = await this.#pool.invoke(name, calls);
    return results.map((result, instance) => {
      if ("trap" in result) assert.fail(`instance ${instance}: ${result.trap} in ${result.function}`);
      return Number(result.values[0] ?? 0);
    });
  }

  async write(addresses: readonly number[], bytes: readonly Uint8Array[]): Promise<void> {
    await this.#pool.memory.writeAll(
      addresses.map((address, instance) => ({ instance, address, bytes: bytes[instance] as Uint8Array })),
    );
  }

  read(addresses: readonly number[], lengths: readonly number[]): Promise<readonly Uint8Array[]> {
    return this.#pool.memory.readAll(
      addresses.map((address, instance) => ({ instance, address, length: lengths[instance] as number })),
    );
  }
}

export async function withMachines<Result>(
  device: string,
  bytes: Uint8Array,
  count: number,
  effects: Effects,
  use: (machines: Machines) => Promise<Result>,
  memoryPages?: number,
): Promise<Result> {
  await using burst = await WasmBurst.launch({ device });
  await using module = await burst.compile(bytes);
  const imports = mapEffects(
    effects,
    (effect) =>
      ({ instance }: { readonly instance: number }, ...values: never[]) =>
        effect(instance, ...values),
  );
  await using pool = await module.instantiate({ instances: count, imports, memoryPages });
  return await use(new BurstMachines(pool));
}

function mapEffects<Wrapped>(
  effects: Effects,
  wrap: (effect: Effect) => Wrapped,
): Record<string, Record<string, Wrapped>> {
  return Object.fromEntries(
    Object.entries(effects).map(([module, functions]) => [
      module,
      Object.fromEntries(Object.entries(functions).map(([name, effect]) => [name, wrap(effect)])),
    ]),
  );
}
