/** A device with one profile, under observation. */

import { readRecord, recordWords, writeRecord } from "../../compiler-ts/src/api/values.ts";
import { type BurstModule, HostError, InstantiationTrap, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import type { PassOptions } from "../../compiler-ts/src/legalize/passOptions.ts";
import { trapMessages } from "../../compiler-ts/src/metadata.ts";
import type { ValueType } from "../../compiler-ts/src/wasm/module.ts";
import { repeated } from "../support/equalRecords.ts";
import { copyDifference } from "./copies.ts";
import { deviceImports } from "./importedFunctions.ts";
import {
  type Call,
  type Case,
  type Interface,
  interfaceOf,
  type Observation,
  type Outcome,
  type Run,
} from "./observe.ts";

/** Of one call: what is miscompiled must not run for ever. */
const mostFuel = 20_000_000;

/** Room for the recursion that the generators' own fuel allows, which V8's stack has too. */
const execution = { values: 1 << 18, callStack: 1 << 16, scratch: 16_384 };

const pageBytes = 65_536;

export class FuzzDevice {
  readonly profile: string;
  readonly #device: string;
  readonly #passes: PassOptions;
  #burst: Promise<WasmBurst>;

  private constructor(profile: string, device: string, passes: PassOptions, burst: WasmBurst) {
    this.profile = profile;
    this.#device = device;
    this.#passes = passes;
    this.#burst = Promise.resolve(burst);
  }

  /** @throws HostError where there is no host. */
  static async launch(profile: string, device = "cpu", passes: PassOptions = {}): Promise<FuzzDevice> {
    return new FuzzDevice(profile, device, passes, await WasmBurst.launch({ device, profile }));
  }

  /** @throws CompileError, HostError */
  async observe(item: Case): Promise<Run> {
    const [run] = await this.observeEach(item, [{}]);
    return run as Run;
  }

  /** One run within each of the limits, in fresh instances of one build. Throws as `observe` does. */
  async observeEach(item: Case, limits: readonly Limits[]): Promise<readonly Run[]> {
    try {
      const burst = await this.#burst;
      const exports = [...new Set(item.calls.map(({ name }) => name))];
      await using module = await burst.compile(item.bytes, { exports, passes: this.#passes });
      const runs: Run[] = [];
      for (const each of limits) runs.push(await observe(module, item, each));
      return runs;
    } catch (error) {
      if (error instanceof HostError && error.code === "hostExited") {
        // One module that kills the host must not fail all after it.
        this.#burst = WasmBurst.launch({ device: this.#device, profile: this.profile });
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await (await this.#burst).close();
  }
}

/** Of one run; where nothing is said there is more than programs need. */
export interface Limits {
  readonly fuel?: number;
  readonly sliceFuel?: number | undefined;
  readonly execution?: { readonly values: number; readonly callStack: number };
}

async function observe(module: BurstModule, item: Case, limits: Limits): Promise<Run> {
  const { instances, copies } = item;
  const seen = interfaceOf(item.bytes);
  const memoryPages = seen.memory?.maximumPages;
  const instantiated = await attempt(() =>
    module.instantiate({
      instances: instances * copies,
      execution: { ...execution, ...limits.execution },
      ...(seen.imports ? { imports: deviceImports } : {}),
      ...(memoryPages === undefined ? {} : { memoryPages }),
    }),
  );
  if ("trap" in instantiated) return instantiated;
  await using pool = instantiated;
  const answers: Answer[] = [];
  for (const call of item.calls) answers.push(await invoke(pool, call, seen, item, limits));
  // Not before it has ended is the pool released.
  return await observePool(pool, item, seen, answers);
}

/** What the calls of `item` have answered and left in a pool of all copies of its instances. */
export async function observePool(
  pool: Pool,
  item: Case,
  seen: Interface,
  answers: readonly Answer[],
): Promise<Extract<Run, { readonly instances: unknown }>> {
  const observePlace = async (place: number): Promise<Observation> => ({
    outcomes: answers.map((answer) => outcomeOf(answer, place)),
    globals: await Promise.all(seen.globals.map(({ name }) => pool.globals.get(place, name))),
    memory: seen.memory && (await readMemory(pool, place)),
  });
  const observations: Observation[] = [];
  for (let instance = 0; instance < item.instances; instance++) observations.push(await observePlace(instance));
  const unlike = await copyDifference(pool, item, seen, answers, observations, observePlace);
  return { instances: observations, unlike };
}

async function attempt(instantiate: () => Promise<Pool>): Promise<Pool | { readonly trap: string }> {
  try {
    return await instantiate();
  } catch (error) {
    if (error instanceof InstantiationTrap) return { trap: error.trap };
    throw error;
  }
}

/** Of all instances of the pool, as records: there may be thousands. */
export interface Answer {
  readonly types: readonly ValueType[];
  readonly status: Uint32Array;
  readonly results: Uint32Array;
}

export async function invoke(
  pool: Pool,
  call: Call,
  seen: Interface,
  { instances, copies }: Case,
  { fuel = mostFuel, sliceFuel }: Limits = {},
): Promise<Answer> {
  const { parameters, results: types } = seen.functions.get(call.name) ?? { parameters: [], results: [] };
  const width = recordWords(parameters);
  const records = new Uint32Array(width * instances);
  call.arguments.forEach((values, instance) => {
    writeRecord(parameters, values, records, instance * width, call.name);
  });
  const { status, results } = await pool.invokeRecords(call.name, repeated(records, copies), {
    fuel,
    ...(sliceFuel === undefined ? {} : { sliceFuel }),
  });
  return { types, status, results };
}

function outcomeOf({ types, status, results }: Answer, place: number): Outcome {
  const code = status[place * 2] ?? 0;
  if (code === 0) return { values: readRecord(types, results, place * recordWords(types)) };
  return { trap: trapMessages[code] ?? `trap ${code}`, functionIndex: status[place * 2 + 1] ?? 0 };
}

/** The API does not tell the memory's size; a read beyond it is refused. */
async function readMemory(pool: Pool, instance: number): Promise<Uint8Array> {
  for (let pages = pool.memoryPages; pages > 0; pages--) {
    try {
      return await pool.memory.read(instance, 0, pages * pageBytes);
    } catch (error) {
      if (!(error instanceof HostError && error.code === "memoryOutOfBounds")) throw error;
    }
  }
  return new Uint8Array(0);
}
