/** A pool of the v8 device: instance `i` lives in thread `i mod threads`, so that costs that grow with `i` are shared evenly. */
import { AsyncResource } from "node:async_hooks";
import type {
  BackendPool,
  ExportedGlobal,
  Invocation,
  InvocationResult,
  MemoryRange,
  MemoryWrite,
} from "../api/backend.ts";
import type { Answers, HostFailure, ServedFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import { usage } from "../api/usage.ts";
import { recordWords } from "../api/values.ts";
import { CompileError } from "../diagnostics.ts";
import { HostError, InstantiationTrap } from "../errors.ts";
import { trapMessages, trappedFunction } from "../metadata.ts";
import type { ThreadTrap } from "./messages.ts";
import type { Thread } from "./thread.ts";

/** What one thread has to do of a request: positions in the request, and the instances as the thread numbers them. */
interface Share {
  readonly thread: Thread;
  readonly positions: readonly number[];
  readonly locals: readonly number[];
}

export class V8Pool implements BackendPool {
  readonly memoryPages: number;
  readonly #id: number;
  readonly #threads: readonly Thread[];
  readonly #instances: number;
  readonly #globals: ReadonlyMap<string, ExportedGlobal>;
  readonly #functionNames: readonly string[];
  /** Runs a round in the asynchronous context of the request that its calls belong to. */
  #asCaller: (round: () => Promise<Answers>) => Promise<Answers> = (round) => round();

  constructor(
    id: number,
    threads: readonly Thread[],
    instances: number,
    memoryPages: number,
    globals: ReadonlyMap<string, ExportedGlobal>,
    functionNames: readonly string[],
  ) {
    this.#id = id;
    this.#threads = threads;
    this.#instances = instances;
    this.memoryPages = memoryPages;
    this.#globals = globals;
    this.#functionNames = functionNames;
  }

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { name, parameters, results: resultTypes } = invocation.function;
    if (invocation.fuel !== undefined) throw usage("the v8 device has no fuel: leave it out, or cancel with a signal");
    if (invocation.timeLimit !== undefined) {
      throw usage("the v8 device has no time limit: leave it out, or cancel with a signal");
    }
    if ([...parameters, ...resultTypes].includes("v128")) {
      throw new CompileError({ kind: "unsupported", message: `JavaScript cannot pass the v128 values of ${name}` });
    }
    invocation.signal?.throwIfAborted();
    const cancel = () => this.#cancel(invocation.signal?.reason);
    invocation.signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#invoke(invocation);
    } finally {
      invocation.signal?.removeEventListener("abort", cancel);
    }
  }

  async #invoke(invocation: Invocation): Promise<InvocationResult> {
    this.#beginCalls();
    const { name, parameters, results: resultTypes } = invocation.function;
    const count = invocation.instances?.length ?? this.#instances;
    const parameterWords = recordWords(parameters);
    const resultWords = recordWords(resultTypes);
    const status = new Uint32Array(count * 2);
    const results = new Uint32Array(count * resultWords);
    const failures = new Map<number, HostFailure>();
    const times = await Promise.all(
      this.#shares(invocation.instances).map(async ({ thread, positions, locals }) => {
        const answer = await thread.request({
          kind: "invoke",
          pool: this.#id,
          name,
          parameters,
          results: resultTypes,
          instances: invocation.instances === undefined ? undefined : locals,
          arguments: gather(invocation.arguments, positions, parameterWords),
        });
        scatter(answer.status, positions, 2, status);
        scatter(answer.results, positions, resultWords, results);
        for (const [local, failure] of answer.failures) failures.set(this.#instanceOf(thread, local), failure);
        return answer.seconds;
      }),
    );
    return { status, results, deviceSeconds: Math.max(0, ...times), failures };
  }

  get suspended(): undefined {
    return undefined;
  }

  async resume(): Promise<never> {
    throw usage("no instance of this pool is suspended");
  }

  async snapshot(): Promise<never> {
    throw usage("the v8 device has no snapshots: V8 does not give out an instance's stack");
  }

  async reset(instances: readonly number[] | undefined): Promise<void> {
    this.#beginCalls();
    const traps: ThreadTrap[] = [];
    await this.#eachShare(instances, async ({ thread, locals }) => {
      const named = instances === undefined ? undefined : locals;
      const trap = await thread.request({ kind: "reset", pool: this.#id, instances: named });
      if (trap !== null) traps.push(trap);
    });
    if (traps[0] !== undefined) throw instantiationTrap(traps[0], this.#functionNames);
  }

  async writeMemory(writes: readonly MemoryWrite[]): Promise<void> {
    await this.#check(writes.map(({ instance, address, bytes }) => ({ instance, address, length: bytes.length })));
    await this.#eachShare(
      writes.map(({ instance }) => instance),
      ({ thread, positions, locals }) =>
        thread.request({
          kind: "write",
          pool: this.#id,
          writes: positions.map((position, index) => {
            const { address, bytes } = writes[position] as MemoryWrite;
            return { instance: locals[index] as number, address, bytes };
          }),
        }),
    );
  }

  async readMemory(ranges: readonly MemoryRange[]): Promise<readonly Uint8Array[]> {
    await this.#check(ranges);
    const read: Uint8Array[] = new Array(ranges.length);
    await this.#eachShare(
      ranges.map(({ instance }) => instance),
      async (share) => {
        const answer = await share.thread.request({ kind: "read", pool: this.#id, ranges: localRanges(ranges, share) });
        share.positions.forEach((position, index) => {
          read[position] = answer[index] as Uint8Array;
        });
      },
    );
    return read;
  }

  readGlobal(instance: number, name: string): Promise<Uint32Array> {
    return this.#accessGlobal(instance, name, undefined);
  }

  async writeGlobal(instance: number, name: string, words: Uint32Array): Promise<void> {
    await this.#accessGlobal(instance, name, words);
  }

  async release(): Promise<void> {
    const alive = this.#threads.filter((thread) => thread.alive);
    await Promise.all(alive.map((thread) => thread.request({ kind: "release", pool: this.#id })));
  }

  /** Serves the calls that this pool's instances make; to be called before there are any. */
  serveCalls(hostFunctions: ServedFunctions): void {
    this.#beginCalls();
    // A thread that waits for a call serves these.
    const memories: InstanceMemories = {
      read: (ranges) => this.readMemory(ranges),
      write: (writes) => this.writeMemory(writes),
      sizes: (instances) => this.#memorySizes(instances),
    };
    for (const thread of this.#threads) {
      thread.serve(this.#id, async (call, ended) => {
        const instance = this.#instanceOf(thread, call.instance);
        const waiting = { import: call.import, instances: [instance], arguments: call.arguments };
        const round = () => hostFunctions.answer([waiting], memories, ended);
        const { answers, failures } = await this.#asCaller(round);
        const failure = failures.get(instance);
        return failure === undefined ? { results: answers[0]?.results ?? new Uint32Array() } : { failure };
      });
    }
  }

  /** Calls arrive as messages of a thread, which know nothing of who asked the pool for what it does. */
  #beginCalls(): void {
    this.#asCaller = AsyncResource.bind((round: () => Promise<Answers>) => round());
  }

  async #memorySizes(instances: readonly number[]): Promise<readonly number[]> {
    const sizes: number[] = new Array(instances.length);
    await this.#eachShare(instances, async ({ thread, positions, locals }) => {
      const answer = await thread.request({ kind: "sizes", pool: this.#id, instances: locals });
      positions.forEach((position, index) => {
        sizes[position] = answer[index] ?? 0;
      });
    });
    return sizes;
  }

  #instanceOf(thread: Thread, local: number): number {
    return local * this.#threads.length + this.#threads.indexOf(thread);
  }

  /** Threads check all ranges before any of them is touched. */
  async #check(ranges: readonly MemoryRange[]): Promise<void> {
    await this.#eachShare(
      ranges.map(({ instance }) => instance),
      async (share) => {
        const outside = await share.thread.request({
          kind: "check",
          pool: this.#id,
          ranges: localRanges(ranges, share),
        });
        if (outside === null) return;
        const { range, memoryBytes } = outside;
        const instance = this.#instanceOf(share.thread, range.instance);
        throw new HostError(
          "memoryOutOfBounds",
          `${range.length} bytes at ${range.address} are not within the ${memoryBytes} bytes of instance ${instance}'s memory`,
        );
      },
    );
  }

  async #accessGlobal(instance: number, name: string, words: Uint32Array | undefined): Promise<Uint32Array> {
    const type = this.#globals.get(name)?.type;
    const [share] = this.#shares([instance]);
    if (type === undefined || share === undefined) throw new Error(`no global ${name} of instance ${instance}`);
    if (type === "v128") {
      throw new CompileError({ kind: "unsupported", message: `JavaScript cannot pass the v128 value of ${name}` });
    }
    const [local] = share.locals as [number];
    return share.thread.request({ kind: "global", pool: this.#id, instance: local, name, type, words });
  }

  async #eachShare(instances: readonly number[] | undefined, act: (share: Share) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#shares(instances).map(act));
  }

  /** The shares of a request that names `instances` (`undefined`: all, in order), threads without one left out. */
  #shares(instances: readonly number[] | undefined): Share[] {
    const count = this.#threads.length;
    const shares = this.#threads.map((thread) => ({ thread, positions: [] as number[], locals: [] as number[] }));
    const total = instances?.length ?? this.#instances;
    for (let position = 0; position < total; position++) {
      const instance = instances === undefined ? position : (instances[position] as number);
      const share = shares[instance % count] as (typeof shares)[number];
      share.positions.push(position);
      share.locals.push(Math.floor(instance / count));
    }
    return shares.filter(({ positions }) => positions.length > 0);
  }

  #cancel(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    for (const thread of this.#threads) void thread.terminate(error);
  }
}

export function instantiationTrap(
  { code, functionIndex, failure }: ThreadTrap,
  functionNames: readonly string[],
): InstantiationTrap {
  const name = failure?.import ?? trappedFunction(functionNames, functionIndex);
  return new InstantiationTrap(trapMessages[code] ?? `trap ${code}`, name, failure?.message);
}

function localRanges(ranges: readonly MemoryRange[], { positions, locals }: Share) {
  return positions.map((position, index) => ({
    ...(ranges[position] as MemoryRange),
    instance: locals[index] as number,
  }));
}

/** The records at `positions`, close together. */
function gather(records: Uint32Array, positions: readonly number[], words: number): Uint32Array {
  const gathered = new Uint32Array(positions.length * words);
  positions.forEach((position, index) => {
    gathered.set(records.subarray(position * words, (position + 1) * words), index * words);
  });
  return gathered;
}

function scatter(records: Uint32Array, positions: readonly number[], words: number, target: Uint32Array): void {
  positions.forEach((position, index) => {
    target.set(records.subarray(index * words, (index + 1) * words), position * words);
  });
}
