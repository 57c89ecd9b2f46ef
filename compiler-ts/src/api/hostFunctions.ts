/** Serves the calls of a pool's imported functions: rounds of waiting instances in, records of results or failures out. */
import { AsyncLocalStorage } from "node:async_hooks";
import { messageOf } from "../errors.ts";
import { columnsOf, recordsOfColumns } from "./columns.ts";
import { writeReturned } from "./conversions.ts";
import type { BatchedFunction, BatchedMemory, ImportContext, ImportFunction, InstanceMemory } from "./imports.ts";
import { type InstanceMemories, MemoryRequests } from "./memoryRequests.ts";
import type { ResolvedFunction } from "./resolveImports.ts";
import { usage } from "./usage.ts";
import { readRecord, recordWords } from "./values.ts";

export interface WaitingCalls {
  /** Number of the import among the functions that the module needs. */
  readonly import: number;
  readonly instances: readonly number[];
  /** One record an instance, in their order. */
  readonly arguments: Uint32Array;
}

/** Why the trap `host function failed`. */
export interface HostFailure {
  /** `module.name` of the import. */
  readonly import: string;
  readonly message: string;
}

export interface Answers {
  /** Without the instances that failed. */
  readonly answers: readonly {
    readonly import: number;
    readonly instances: readonly number[];
    readonly results: Uint32Array;
  }[];
  /** By instance. */
  readonly failures: ReadonlyMap<number, HostFailure>;
}

interface Round {
  readonly functions: HostFunctions;
  /** The round of another pool, one of whose imports invoked this one. */
  readonly outer: Round | undefined;
  open: boolean;
}

/** Follows an import's own asynchronous work, so that it is known whatever else runs at the same time. */
const currentRound = new AsyncLocalStorage<Round>();

/** What a device needs of them. */
export type ServedFunctions = Pick<HostFunctions, "functions" | "answer">;

export class HostFunctions {
  readonly functions: readonly ResolvedFunction[];
  readonly #timeout: number;

  /** `timeout`: milliseconds after which a call that has not settled fails; may be Infinity. */
  constructor(functions: readonly ResolvedFunction[], timeout: number) {
    this.functions = functions;
    this.#timeout = timeout;
  }

  /** Throws where the caller is one of these functions: its pool is busy with the invocation that called it. */
  refuseInside(what: string): void {
    for (let round = currentRound.getStore(); round !== undefined; round = round.outer) {
      if (!round.open || round.functions !== this) continue;
      throw usage(`${what} was called from inside an import of the same pool, which waits for that import to return`);
    }
  }

  /** All calls of the round at once. Rejects only where `signal` aborts; whatever the functions do is a result or a failure. */
  async answer(
    waiting: readonly WaitingCalls[],
    memories: InstanceMemories,
    signal?: AbortSignal | undefined,
  ): Promise<Answers> {
    const round: Round = { functions: this, outer: currentRound.getStore(), open: true };
    const memory = new MemoryRequests(memories);
    const failures = new Map<number, HostFailure>();
    const deadline = new Deadline(this.#timeout, signal);
    try {
      const answers = await currentRound.run(round, () =>
        Promise.all(waiting.map((calls) => this.#serve(calls, memory, deadline, failures))),
      );
      // Functions that return at once never look at the signal, and their instances may call them for ever.
      signal?.throwIfAborted();
      return { answers: answers.filter(({ instances }) => instances.length > 0), failures };
    } finally {
      round.open = false;
      memory.close();
      deadline.clear();
    }
  }

  async #serve(
    calls: WaitingCalls,
    memory: MemoryRequests,
    deadline: Deadline,
    failures: Map<number, HostFailure>,
  ): Promise<Answers["answers"][number]> {
    const target = this.functions[calls.import];
    if (target === undefined) throw new Error(`no imported function has the number ${calls.import}`);
    const what = `${target.module}.${target.name}`;
    const failed = new Set<number>();
    const fail = (position: number, reason: unknown) => {
      failed.add(position);
      const instance = calls.instances[position] as number;
      // The first reason is the cause of what follows.
      if (!failures.has(instance)) failures.set(instance, { import: what, message: textOf(reason) });
    };
    const served = { target, what, calls, memory, deadline, fail };
    const { implementation } = target;
    if (implementation.kind === "host") throw new Error(`${what} is the host's to serve`);
    const results =
      implementation.kind === "batched"
        ? await serveBatch(implementation.serve, served)
        : await serveEach(implementation.call, served);
    return withoutFailed(calls, results, recordWords(target.results), failed);
  }
}

interface Served {
  readonly target: ResolvedFunction;
  readonly what: string;
  readonly calls: WaitingCalls;
  readonly memory: MemoryRequests;
  readonly deadline: Deadline;
  readonly fail: (position: number, reason: unknown) => void;
}

/** Nothing is allocated for a promise where a call returns its result at once. */
async function serveEach(call: ImportFunction, served: Served): Promise<Uint32Array> {
  const { target, what, calls, memory, deadline, fail } = served;
  const { parameters, results: types } = target;
  const parameterWords = recordWords(parameters);
  const resultWords = recordWords(types);
  const results = new Uint32Array(calls.instances.length * resultWords);
  const settle = (position: number, returned: unknown) => {
    try {
      writeReturned(types, returned, results, position * resultWords, what);
    } catch (error) {
      fail(position, error);
    }
  };
  const pending = new Pending();
  calls.instances.forEach((instance, position) => {
    const values = readRecord(parameters, calls.arguments, position * parameterWords);
    try {
      const returned = call(new CallContext(instance, memory), ...(values as never[]));
      if (!isThenable(returned)) settle(position, returned);
      else {
        pending.add(
          position,
          returned,
          (value) => settle(position, value),
          (error) => fail(position, error),
        );
      }
    } catch (error) {
      fail(position, error);
    }
  });
  if (!(await deadline.before(pending.allSettled()))) {
    for (const position of pending.positions) fail(position, deadline.missed(what));
    pending.abandon();
  }
  return results;
}

/** Calls that returned promises. One wait for all of them: a race for each would cost more than most calls. */
class Pending {
  readonly #positions = new Set<number>();
  #done: (() => void) | undefined;

  get positions(): ReadonlySet<number> {
    return this.#positions;
  }

  add(
    position: number,
    promise: PromiseLike<unknown>,
    onValue: (value: unknown) => void,
    onError: (error: unknown) => void,
  ): void {
    this.#positions.add(position);
    const settled = (act: () => void) => {
      if (!this.#positions.delete(position)) return;
      act();
      if (this.#positions.size === 0) this.#done?.();
    };
    promise.then(
      (value) => settled(() => onValue(value)),
      (error) => settled(() => onError(error)),
    );
  }

  allSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      if (this.#positions.size === 0) resolve();
    });
  }

  /** What settles from now on has no effect. */
  abandon(): void {
    this.#positions.clear();
  }
}

async function serveBatch(serve: BatchedFunction, served: Served): Promise<Uint32Array> {
  const { target, what, calls, memory, deadline, fail } = served;
  const count = calls.instances.length;
  try {
    const returned = serve({
      instances: Uint32Array.from(calls.instances),
      columns: columnsOf(target.parameters, calls.arguments, count),
      memory: batchedMemory(memory, calls.instances, fail),
      fail(position, reason) {
        if (!Number.isInteger(position) || position < 0 || position >= count) {
          throw new RangeError(`no call at position ${position}: there are ${count}`);
        }
        fail(position, reason);
      },
    });
    let columns = returned;
    if (isThenable(returned)) {
      const awaited = Promise.resolve(returned).then((value) => {
        columns = value;
      });
      if (!(await deadline.before(awaited))) throw deadline.missed(what);
    }
    return recordsOfColumns(target.results, columns, count, what, fail);
  } catch (error) {
    if (deadline.aborted) throw error;
    for (let position = 0; position < count; position++) fail(position, error);
    return new Uint32Array(count * recordWords(target.results));
  }
}

/** Context and memory in one object: there may be a hundred thousand of them a round. */
class CallContext implements ImportContext, InstanceMemory {
  readonly instance: number;
  readonly #requests: MemoryRequests;

  constructor(instance: number, requests: MemoryRequests) {
    this.instance = instance;
    this.#requests = requests;
  }

  get memory(): InstanceMemory {
    return this;
  }

  read(address: number, length: number): Promise<Uint8Array> {
    return this.#requests.read(this.instance, address, length);
  }

  write(address: number, bytes: Uint8Array): Promise<void> {
    return this.#requests.write(this.instance, address, bytes);
  }

  size(): Promise<number> {
    return this.#requests.size(this.instance);
  }
}

function batchedMemory(
  memory: MemoryRequests,
  instances: readonly number[],
  fail: (position: number, reason: unknown) => void,
): BatchedMemory {
  const each = <Result>(act: (instance: number, position: number) => Promise<Result>) =>
    Promise.all(
      instances.map((instance, position) =>
        act(instance, position).catch((error) => {
          fail(position, error);
          return undefined;
        }),
      ),
    );
  const at = <Item>(items: ArrayLike<Item>, position: number): Item => {
    if (items.length !== instances.length) throw usage(`${items.length} items for ${instances.length} calls`);
    return items[position] as Item;
  };
  return {
    async read(addresses, lengths) {
      const read = await each((instance, position) => {
        const length = typeof lengths === "number" ? lengths : at(lengths, position);
        return memory.read(instance, at(addresses, position), length);
      });
      return read.map((bytes) => bytes ?? new Uint8Array());
    },
    async write(addresses, bytes) {
      await each((instance, position) => memory.write(instance, at(addresses, position), at(bytes, position)));
    },
  };
}

/** The time limit of one round, and its cancellation. */
class Deadline {
  readonly #timeout: number;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended: Promise<false> | undefined;
  readonly #cleanUp: (() => void)[] = [];

  constructor(timeout: number, signal: AbortSignal | undefined) {
    this.#timeout = timeout;
    this.#signal = signal;
  }

  /** Whether `work` is done in time. Rejects with what it rejects with, and where the signal aborts. */
  async before(work: Promise<void>): Promise<boolean> {
    this.#signal?.throwIfAborted();
    this.#ended ??= this.#start();
    return Promise.race([work.then(() => true), this.#ended]);
  }

  missed(what: string): Error {
    return new Error(`${what} did not settle within ${this.#timeout} ms`);
  }

  get aborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  clear(): void {
    clearTimeout(this.#timer);
    for (const step of this.#cleanUp) step();
  }

  #start(): Promise<false> {
    return new Promise((resolve, reject) => {
      if (this.#timeout < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => resolve(false), this.#timeout);
      const abort = () => reject(this.#signal?.reason);
      this.#signal?.addEventListener("abort", abort, { once: true });
      this.#cleanUp.push(() => this.#signal?.removeEventListener("abort", abort));
    });
  }
}

function withoutFailed(
  { import: number, instances }: WaitingCalls,
  results: Uint32Array,
  words: number,
  failed: ReadonlySet<number>,
): Answers["answers"][number] {
  if (failed.size === 0) return { import: number, instances, results };
  const kept = [...instances.keys()].filter((position) => !failed.has(position));
  const records = new Uint32Array(kept.length * words);
  kept.forEach((position, index) => {
    records.set(results.subarray(position * words, (position + 1) * words), index * words);
  });
  return { import: number, instances: kept.map((position) => instances[position] as number), results: records };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "then" in value &&
    typeof value.then === "function"
  );
}

/** Whatever was thrown; even an object whose conversion to a string throws. */
function textOf(reason: unknown): string {
  try {
    return messageOf(reason);
  } catch {
    return "an object without a text was thrown";
  }
}
