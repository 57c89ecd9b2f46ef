/**
 * A pool whose instances are all given the same calls, so that they must agree: in what they return to the bit, in whether they trap, and in which function.
 * Bits of NaNs are no exception: instances of a pool run the same text on the same device.
 */

import type { BurstModule } from "../../compiler-ts/src/api/module.ts";
import type { Pool } from "../../compiler-ts/src/api/pool.ts";
import { CompileError, HostError } from "../../compiler-ts/src/index.ts";
import { trapMessages } from "../../compiler-ts/src/metadata.ts";
import type { PoolTooLargeData } from "../../protocol/messages.ts";
import { type Records, repeated, unlikeRecords } from "../support/equalRecords.ts";
import type { Call, Outcome } from "./engine.ts";
import type { Running } from "./machine.ts";
import { showWords } from "./values.ts";

export interface CallLimits {
  readonly fuel?: number;
  readonly sliceFuel?: number;
}

/** Calls in flight at once. */
const batchSize = 64;

/**
 * `instances` of them; where the device has no room, the most of a half, a quarter and so on that leave three quarters of what room there is: a module that is
 * linked with this one is to have instances, too. @throws InstantiationTrap, HostError
 */
export async function instantiateEqual(
  module: BurstModule,
  instances: number,
  memoryPages: number | undefined,
): Promise<Pool> {
  const options = memoryPages === undefined ? {} : { memoryPages };
  for (let count = instances; ; ) {
    try {
      return await module.instantiate({ ...options, instances: count });
    } catch (error) {
      if (count === 1 || !(error instanceof HostError) || error.code !== "poolTooLarge") throw error;
      const { instancesThatFit } = error.data as PoolTooLargeData;
      // 0 where the device could not even give what its limits allow, or has no room for one.
      const most = instancesThatFit === 0 ? count / 2 : Math.max(1, Math.min(count / 2, instancesThatFit / 4));
      while (count > most) count = Math.floor(count / 2);
    }
  }
}

/** `wordings`: what a trap may stand for on this device. */
export function runningOn(
  pool: Pool,
  limits: CallLimits,
  wordings: (trap: string) => readonly string[] = (trap) => [trap],
): Running {
  const { instances } = pool;
  const invoke = async ({ name, arguments: record }: Call): Promise<Outcome> => {
    try {
      return outcomeOf(await pool.invokeRecords(name, repeated(record, instances), limits), instances, wordings);
    } catch (error) {
      if (error instanceof HostError) return { kind: "failure", reason: `host: ${error.code}`, detail: error.message };
      if (error instanceof CompileError)
        return { kind: "failure", reason: error.diagnostic.kind, detail: error.message };
      throw error;
    }
  };
  return {
    /** Requests on one pool run in the order of their arrival, so none waits for the answer to the one before. */
    async invoke(calls) {
      const outcomes: Outcome[] = [];
      for (let first = 0; first < calls.length; first += batchSize) {
        outcomes.push(...(await Promise.all(calls.slice(first, first + batchSize).map(invoke))));
      }
      return outcomes;
    },
    async readGlobal(name) {
      const values = await Promise.all(
        Array.from({ length: instances }, async (_, instance) => {
          const value = await pool.globals.get(instance, name);
          if (typeof value !== "number") throw new Error(`global ${name} is no i32`);
          return value;
        }),
      );
      return outcomeOf(
        { status: new Uint32Array(instances * 2), results: Uint32Array.from(values) },
        instances,
        wordings,
      );
    },
    async release() {
      try {
        await pool.release();
      } catch (error) {
        // A host that has died has no pools.
        if (!(error instanceof HostError)) throw error;
      }
    },
  };
}

function outcomeOf(records: Records, instances: number, wordings: (trap: string) => readonly string[]): Outcome {
  const [other] = unlikeRecords(records, { instances: 1, copies: instances });
  if (other !== undefined) {
    const detail = `instance ${other} ${show(records, instances, other)}, instance 0 ${show(records, instances, 0)}`;
    return { kind: "failure", reason: "equal instances differ", detail: `of ${instances} instances: ${detail}` };
  }
  const { status, results } = records;
  const code = status[0] ?? 0;
  // A copy, since outcomes are kept longer than the records of all instances should be.
  if (code === 0) return { kind: "values", words: results.slice(0, results.length / instances) };
  return { kind: "trap", messages: wordings(trapMessages[code] ?? `trap ${code}`) };
}

function show({ status, results }: Records, instances: number, instance: number): string {
  const words = results.length / instances;
  const code = status[instance * 2] ?? 0;
  if (code === 0) return `has ${showWords(results.subarray(instance * words, (instance + 1) * words))}`;
  return `trapped with "${trapMessages[code] ?? `trap ${code}`}" in function ${status[instance * 2 + 1]}`;
}

/** How many pools there were of each size: what could not be run as wide as it should is no secret. */
export class PoolSizes {
  private readonly wanted: number;
  private readonly counts = new Map<number, number>();

  constructor(wanted: number) {
    this.wanted = wanted;
  }

  add(instances: number): void {
    this.counts.set(instances, (this.counts.get(instances) ?? 0) + 1);
  }

  toString(): string {
    const { wanted } = this;
    const fewer = [...this.counts].filter(([instances]) => instances !== wanted).sort(([a], [b]) => b - a);
    const all = `${this.counts.get(wanted) ?? 0} pools of ${wanted} equal instances`;
    if (fewer.length === 0) return `${all}, none of fewer`;
    return `${all}, for want of memory ${fewer.map(([instances, count]) => `${count} of ${instances}`).join(", ")}`;
  }
}
