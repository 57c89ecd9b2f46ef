/** A pool of a device of the host: the typed calls of BackendPool as requests, with rounds of waiting instances between them. */
import {
  type ResumePoolResult,
  type TrapReport,
  type WaitingCalls,
  waitingStatus,
} from "../../../protocol/messages.ts";
import type {
  BackendEvents,
  BackendPool,
  ExportedFunction,
  Invocation,
  InvocationResult,
  JobsInvocation,
  JobsResult,
  MemoryRange,
  MemoryWrite,
  ResumedResult,
} from "../api/backend.ts";
import type { ServedFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import { usage } from "../api/usage.ts";
import { recordWords } from "../api/values.ts";
import { CompileError } from "../diagnostics.ts";
import { HostError, InstantiationTrap } from "../errors.ts";
import {
  type KernelMetadata,
  type ModuleMetadata,
  trapCode,
  trapMessages,
  trappedFunction,
  wordsOf,
} from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { HostClient, RequestOptions } from "./client.ts";
import { runJobs } from "./jobs.ts";
import { survivingDeaths, unlessDead } from "./keeper.ts";
import { renumbered } from "./numbering.ts";
import { Outcome } from "./outcome.ts";
import { bytesOf, ofLength, statusOf, wordsOfBytes } from "./records.ts";
import { type Answer, serveRounds, type WaitingPool } from "./rounds.ts";
import { runSurviving } from "./survival.ts";

/** A module that can be loaded anew where the host that had it has died. */
export interface HostModule {
  readonly metadata: ModuleMetadata;
  readonly events: BackendEvents;
  /** The living host, and the module's number there. */
  load(signal: AbortSignal | undefined): Promise<{ readonly client: HostClient; readonly module: number }>;
}

/** A pool on a host, as that host has answered. */
export interface CreatedPool extends Answer {
  readonly client: HostClient;
  readonly pool: number;
  readonly memoryPages: number;
  readonly trap?: TrapReport;
}

const pageBytes = 65_536;

function exportedFunction({ exportName: name, functionIndex: index, parameters, results }: KernelMetadata) {
  return { name, index, parameters, results };
}

export class HostPool implements BackendPool {
  readonly memoryPages: number;
  readonly #create: ((signal: AbortSignal | undefined) => Promise<CreatedPool>) | undefined;
  #client: HostClient;
  #pool: number;
  readonly #instances: number;
  readonly #recordLimit: number;
  readonly #hostFunctions: ServedFunctions;
  /** For the calls of instances: by the numbers that they have in the whole. */
  readonly #instanceFunctions: ServedFunctions;
  readonly #isNumbered: boolean;
  readonly #memories: InstanceMemories;
  readonly #metadata: ModuleMetadata;
  readonly #events: BackendEvents;
  #suspended: { readonly kernel: KernelMetadata; readonly waiting: readonly WaitingCalls[] } | undefined;

  constructor(
    { metadata, events }: HostModule,
    created: CreatedPool & {
      readonly instances: number;
      /** Bytes that the arguments of one call may take, and its results. */
      readonly recordLimit: number;
      readonly hostFunctions: ServedFunctions;
      readonly firstInstance: number;
      /** Whether anything depends on the numbers of instances and jobs. */
      readonly isNumbered: boolean;
      /** The same pool again; `undefined` where its state is more than what its instances begin with. */
      readonly create: ((signal: AbortSignal | undefined) => Promise<CreatedPool>) | undefined;
    },
  ) {
    this.#create = created.create;
    this.#client = created.client;
    this.#pool = created.pool;
    this.#instances = created.instances;
    this.#recordLimit = created.recordLimit;
    this.memoryPages = created.memoryPages;
    this.#hostFunctions = created.hostFunctions;
    const first = created.firstInstance;
    this.#instanceFunctions =
      first === 0
        ? created.hostFunctions
        : renumbered(created.hostFunctions, {
            numberOf: (instance) => instance + first,
            instanceOf: (number) => number - first,
          });
    this.#isNumbered = created.isNumbered;
    this.#memories = {
      read: (ranges) => this.readMemory(ranges),
      write: (writes) => this.writeMemory(writes),
      sizes: (instances) => this.#memorySizes(instances),
    };
    this.#metadata = metadata;
    this.#events = events;
  }

  runJobs(invocation: JobsInvocation): Promise<JobsResult> {
    const { kernel } = this.#kernel(invocation.function);
    const onProgress = invocation.onProgress ?? this.#events.onProgress;
    const pool = () => ({ ...this.#waitingPool(this.#hostFunctions), kernel, isNumbered: this.#isNumbered });
    return runSurviving(invocation, {
      revive: (signal) => this.#revive(signal),
      renew: (signal) => this.#renew(signal),
      run: (part, { before, share }) =>
        runJobs(
          pool(),
          part,
          onProgress && (({ message, fraction = 0 }) => onProgress({ message, fraction: before + share * fraction })),
        ),
    });
  }

  get suspended(): ExportedFunction | undefined {
    return this.#suspended === undefined ? undefined : exportedFunction(this.#suspended.kernel);
  }

  /** A restored pool's instances wait within an invocation. */
  suspend(kernelName: string, waiting: readonly WaitingCalls[]): void {
    const kernel = this.#metadata.kernels.find(({ kernel }) => kernel === kernelName);
    if (kernel === undefined) throw new HostError("invalidSnapshot", `the module has no kernel ${kernelName}`);
    this.#suspended = { kernel, waiting };
  }

  /** Goes on where the start function waits for imports. Throws InstantiationTrap. */
  async instantiated(created: Answer & { readonly trap?: TrapReport }, signal: AbortSignal | undefined): Promise<void> {
    let trap = created.trap;
    const failures = await this.#serve(created, this.#options(signal), (resumed) => {
      trap ??= resumed.trap ?? firstTrap(resumed);
    });
    if (trap === undefined) return;
    const { code, function: index } = trap;
    const message = trapMessages[code] ?? `trap ${code}`;
    const [failure] = code === trapCode("host function failed") ? failures.values() : [];
    if (failure !== undefined) throw new InstantiationTrap(message, failure.import, failure.message);
    throw new InstantiationTrap(message, trappedFunction(this.#metadata.functionNames, index));
  }

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { parameters, results } = invocation.function;
    const kernel = this.#kernel(invocation.function);
    const onProgress = invocation.onProgress ?? this.#events.onProgress;
    const answer = await this.#client.invoke(
      {
        pool: this.#pool,
        kernel: kernel.kernel,
        ...(invocation.instances === undefined ? {} : { instances: invocation.instances }),
        arguments: bytesOf(invocation.arguments),
        argumentBytes: recordWords(parameters) * 4,
        resultBytes: recordWords(results) * 4,
        ...(invocation.fuel === undefined ? {} : { fuel: invocation.fuel }),
        ...(invocation.timeLimit === undefined ? {} : { timeLimit: invocation.timeLimit }),
        ...(invocation.sliceFuel === undefined ? {} : { sliceFuel: invocation.sliceFuel }),
      },
      { signal: invocation.signal, onProgress },
    );
    const outcome = new Outcome(invocation.instances, this.#instances, recordWords(results));
    outcome.begin(answer);
    const failures = await this.#serve(answer, { signal: invocation.signal, onProgress }, (resumed) =>
      outcome.add(resumed),
    );
    return outcome.result(invocation.function.name, failures);
  }

  async resume(signal: AbortSignal | undefined): Promise<ResumedResult> {
    if (this.#suspended === undefined) throw usage("no instance of this pool is suspended");
    const { kernel, waiting } = this.#suspended;
    this.#suspended = undefined;
    const instances = waiting.flatMap((calls) => calls.instances).sort((a, b) => a - b);
    const outcome = new Outcome(instances, this.#instances, recordWords(kernel.results));
    const failures = await this.#serve({ waiting }, this.#options(signal), (resumed) => outcome.add(resumed));
    return { instances, ...outcome.result(kernel.exportName, failures) };
  }

  async snapshot(): Promise<Uint8Array> {
    return (await this.#client.snapshotPool(this.#pool)).bytes;
  }

  async reset(instances: readonly number[] | undefined): Promise<void> {
    if (instances === undefined && (await this.#revive(undefined))) return;
    try {
      await this.instantiated(await this.#client.resetPool(this.#pool, instances), undefined);
    } catch (error) {
      // Of a pool whose slice did not end, or that dies in this moment, the state is gone, which is to go anyway.
      const isFailure = error instanceof HostError && (error.code === "deviceError" || error.code === "hostExited");
      if (instances !== undefined || !isFailure || !(await this.#renew(undefined))) throw error;
    }
  }

  async writeMemory(writes: readonly MemoryWrite[]): Promise<void> {
    for (const batch of batches(writes, ({ bytes }) => bytes.length)) {
      await this.#client.writeMemory({ pool: this.#pool, writes: batch });
    }
  }

  async readMemory(reads: readonly MemoryRange[]): Promise<readonly Uint8Array[]> {
    const read: Uint8Array[] = [];
    for (const batch of batches(reads, ({ length }) => length)) {
      const { bytes } = await this.#client.readMemory({ pool: this.#pool, reads: batch });
      batch.forEach(({ length }, index) => {
        read.push(ofLength(bytes[index], length, "memory/read"));
      });
    }
    return read;
  }

  async readGlobal(instance: number, name: string): Promise<Uint32Array> {
    const place = this.#place(name);
    const { bytes } = await this.#client.readState({ pool: this.#pool, instances: [instance], ...place });
    return wordsOfBytes(ofLength(bytes, place.words * 4, "state/read"));
  }

  async writeGlobal(instance: number, name: string, words: Uint32Array): Promise<void> {
    const place = this.#place(name);
    await this.#client.writeState({ pool: this.#pool, instances: [instance], ...place, bytes: bytesOf(words) });
  }

  async release(): Promise<void> {
    await unlessDead(() => this.#client.releasePool(this.#pool));
  }

  /** True where the host had died and the pool is new, its instances in their initial state. */
  async #revive(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#create === undefined || !this.#client.closed.aborted) return false;
    await survivingDeaths(() => this.#makeAgain(signal));
    return true;
  }

  /** After the device gave this pool up: another one, on another host where this one's device fails even so. False where it cannot be. */
  async #renew(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#create === undefined) return false;
    try {
      await this.release();
      await this.#makeAgain(signal);
    } catch (error) {
      if (signal?.aborted || !(error instanceof HostError)) throw error;
      // What a driver holds of a fault goes with the process.
      if (!this.#client.closed.aborted) this.#client.giveUp(error.message);
      await this.#revive(signal);
    }
    return true;
  }

  async #makeAgain(signal: AbortSignal | undefined): Promise<void> {
    const created = await this.#create?.(signal);
    if (created === undefined) return;
    this.#client = created.client;
    this.#pool = created.pool;
    await this.instantiated(created, signal);
  }

  #kernel({ name, parameters, results }: ExportedFunction): KernelMetadata {
    const kernel = this.#metadata.kernels.find(({ exportName }) => exportName === name);
    if (kernel === undefined) throw new Error(`no kernel for ${name}`);
    this.#checkRecord(name, "arguments", parameters);
    this.#checkRecord(name, "results", results);
    return kernel;
  }

  #options(signal: AbortSignal | undefined): RequestOptions {
    return { signal, onProgress: this.#events.onProgress };
  }

  #serve(answer: Answer, options: RequestOptions, onResumed: (result: ResumePoolResult) => void) {
    return serveRounds(this.#waitingPool(this.#instanceFunctions), answer, options, onResumed);
  }

  #waitingPool(hostFunctions: ServedFunctions): WaitingPool {
    return {
      client: this.#client,
      pool: this.#pool,
      hostFunctions,
      memories: this.#memories,
      timeline: this.#events.timeline,
    };
  }

  /** Word 0 of the state is the size in pages. */
  async #memorySizes(instances: readonly number[]): Promise<readonly number[]> {
    const { bytes } = await this.#client.readState({ pool: this.#pool, instances, word: 0, words: 1 });
    return [...wordsOfBytes(ofLength(bytes, instances.length * 4, "state/read"))].map((pages) => pages * pageBytes);
  }

  #checkRecord(name: string, what: string, types: readonly ValueType[]): void {
    const bytes = recordWords(types) * 4;
    if (bytes <= this.#recordLimit) return;
    const message = `the ${what} of ${name} take ${bytes} bytes, and half of scratch has ${this.#recordLimit}: the pool needs a larger execution.scratch`;
    throw new CompileError({ kind: "limit", message });
  }

  #place(name: string): { readonly word: number; readonly words: number } {
    const global = this.#metadata.globals.find(({ exportName }) => exportName === name);
    if (global === undefined) throw new Error(`no global ${name}`);
    return { word: global.stateWord, words: wordsOf(global.type) };
  }
}

/** Of a reset that went on: only an instantiation that fails is reported as a trap, since its pool is gone. */
function firstTrap({ status, instances }: ResumePoolResult): TrapReport | undefined {
  const words = statusOf(status, instances.length, "pool/resume");
  const at = instances.findIndex((_, index) => (words[index * 2] ?? 0) !== 0 && words[index * 2] !== waitingStatus);
  return at === -1 ? undefined : { code: words[at * 2] ?? 0, function: words[at * 2 + 1] ?? 0 };
}

/** A frame of more than 1 GiB would end the connection; well below, so that base64 has room. */
const batchBytes = 2 ** 28;

/** The items in order, in batches of at most `batchBytes`. Only a larger one is checked and done in parts. */
function* batches<Item>(items: readonly Item[], sizeOf: (item: Item) => number): Generator<readonly Item[]> {
  let start = 0;
  let size = 0;
  for (const [index, item] of items.entries()) {
    const more = sizeOf(item);
    if (more > batchBytes) throw usage(`${more} bytes in one piece: at most ${batchBytes} can be transferred at once`);
    if (size + more > batchBytes) {
      yield items.slice(start, index);
      start = index;
      size = 0;
    }
    size += more;
  }
  yield items.slice(start);
}
