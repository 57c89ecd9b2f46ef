/** A pool whose instances are on several devices, a range of them on each. */
import type {
  BackendModule,
  BackendPool,
  BackendPoolOptions,
  Invocation,
  InvocationResult,
  JobsInvocation,
  JobsResult,
  MemoryRange,
  MemoryWrite,
  ResumedResult,
} from "../api/backend.ts";
import { usage } from "../api/usage.ts";
import { HostError } from "../errors.ts";
import type { SpreadEvents } from "./backend.ts";
import { labelled } from "./errors.ts";
import { invokeSpread } from "./invocation.ts";
import { SharedQueue } from "./jobs.ts";
import { partOptions, type Range, rangesOf } from "./shares.ts";

export interface Part extends Range {
  readonly label: string;
  readonly pool: BackendPool;
}

/** The pools of the ranges, as promises of each. */
export function createParts(
  devices: readonly { readonly label: string; readonly module: BackendModule }[],
  options: BackendPoolOptions,
): readonly Promise<Part>[] {
  const ranges = rangesOf(options.instances, devices.length);
  return ranges.map(async (range, index) => {
    const { label, module } = devices[index] as (typeof devices)[number];
    try {
      return { label, ...range, pool: await module.createPool(partOptions(options, range)) };
    } catch (error) {
      throw labelled(label, tooLargeInAll(error, options.instances, ranges.length));
    }
  });
}

/** What fits on one of them fits as often as there are devices. */
function tooLargeInAll(error: unknown, instances: number, parts: number): unknown {
  if (!(error instanceof HostError) || error.code !== "poolTooLarge") return error;
  const data = error.data as { readonly instancesThatFit?: unknown } | undefined;
  if (typeof data?.instancesThatFit !== "number") return error;
  const all = { ...data, instances, instancesThatFit: data.instancesThatFit * parts };
  return new HostError(error.code, error.message, all);
}

export class SpreadPool implements BackendPool {
  readonly suspended = undefined;
  readonly memoryPages: number;
  readonly #parts: readonly Part[];
  readonly #events: SpreadEvents;
  /** Devices that were given up for jobs. */
  readonly #lost = new Set<Part>();

  constructor(parts: readonly Part[], events: SpreadEvents) {
    this.#parts = parts;
    this.#events = events;
    this.memoryPages = parts[0]?.pool.memoryPages ?? 0;
  }

  runJobs(invocation: JobsInvocation): Promise<JobsResult> {
    return new SharedQueue(this.#parts, this.#lost, invocation, this.#events).run();
  }

  invoke(invocation: Invocation): Promise<InvocationResult> {
    return invokeSpread(this.#parts, invocation, this.#events);
  }

  async resume(): Promise<ResumedResult> {
    throw usage("no instance of this pool is suspended");
  }

  async snapshot(): Promise<Uint8Array> {
    throw usage("a pool on several devices has no snapshot: take it on one");
  }

  async reset(instances: readonly number[] | undefined): Promise<void> {
    await this.#onEach(async (part) => {
      if (instances === undefined) return part.pool.reset(undefined);
      const own = instances.filter((instance) => holds(part, instance)).map((instance) => instance - part.first);
      if (own.length > 0) await part.pool.reset(own);
    });
  }

  async writeMemory(writes: readonly MemoryWrite[]): Promise<void> {
    const concerned = this.#parts.filter((part) => writes.some(({ instance }) => holds(part, instance)));
    // No device may write before all of them have checked: nothing is read at the end of each range, which has to be there.
    if (concerned.length > 1) {
      const ends = writes.map(({ instance, address, bytes }) => ({
        instance,
        address: address + bytes.length,
        length: 0,
      }));
      await this.readMemory(ends);
    }
    await this.#onEach(async (part) => {
      const own = itemsOf(part, writes);
      if (own.length > 0) await part.pool.writeMemory(own.map(({ item }) => item));
    });
  }

  async readMemory(ranges: readonly MemoryRange[]): Promise<readonly Uint8Array[]> {
    const read = new Array<Uint8Array>(ranges.length);
    await this.#onEach(async (part) => {
      const own = itemsOf(part, ranges);
      if (own.length === 0) return;
      const bytes = await part.pool.readMemory(own.map(({ item }) => item));
      own.forEach(({ position }, index) => {
        read[position] = bytes[index] as Uint8Array;
      });
    });
    return read;
  }

  readGlobal(instance: number, name: string): Promise<Uint32Array> {
    return this.#on(instance, (pool, own) => pool.readGlobal(own, name));
  }

  writeGlobal(instance: number, name: string, words: Uint32Array): Promise<void> {
    return this.#on(instance, (pool, own) => pool.writeGlobal(own, name, words));
  }

  async release(): Promise<void> {
    await this.#onEach(({ pool }) => pool.release());
  }

  async #on<Result>(instance: number, act: (pool: BackendPool, own: number) => Promise<Result>): Promise<Result> {
    const part = this.#parts.find((part) => holds(part, instance));
    if (part === undefined) throw new Error(`no device has instance ${instance}`);
    return act(part.pool, instance - part.first).catch((error) => {
      throw labelled(part.label, error);
    });
  }

  /** At once; the first error, in the order of the devices, after all have ended. */
  async #onEach(act: (part: Part) => Promise<void>): Promise<void> {
    const settled = await Promise.allSettled(this.#parts.map(act));
    settled.forEach((outcome, index) => {
      if (outcome.status === "rejected") throw labelled(this.#parts[index]?.label ?? "", outcome.reason);
    });
  }
}

function holds({ first, count }: Range, instance: number): boolean {
  return instance >= first && instance < first + count;
}

/** Those of the part's instances, by its own numbers, with their positions among all. */
function itemsOf<Item extends { readonly instance: number }>(part: Range, items: readonly Item[]) {
  return items.flatMap((item, position) =>
    holds(part, item.instance) ? [{ position, item: { ...item, instance: item.instance - part.first } }] : [],
  );
}
