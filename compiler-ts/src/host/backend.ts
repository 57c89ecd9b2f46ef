/** A device of the Swift host: compiles to MSL here, runs there. */

import type { DeviceDescription, ResumePoolResult, TrapReport, WaitingCalls } from "../../../protocol/messages.ts";
import type {
  Backend,
  BackendEvents,
  BackendModule,
  BackendPool,
  BackendPoolOptions,
  CompileOptions,
  ExportedGlobal,
  Invocation,
  InvocationResult,
  MemoryRange,
  MemoryWrite,
} from "../api/backend.ts";
import type { ImportDescriptor } from "../api/description.ts";
import type { HostFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import { usage } from "../api/usage.ts";
import { recordWords } from "../api/values.ts";
import { CompileError } from "../diagnostics.ts";
import { InstantiationTrap } from "../errors.ts";
import {
  type CompiledModule,
  type GlobalMetadata,
  type ImportMetadata,
  type ModuleMetadata,
  type Profile,
  trapCode,
  trapMessages,
  wordsOf,
} from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { HostClient } from "./client.ts";
import { bytesOf, ofLength, wordsOfBytes } from "./records.ts";
import { serveRounds } from "./rounds.ts";

export type CompileModule = (
  bytes: Uint8Array,
  options: { readonly profile: Profile; readonly exports?: readonly string[] },
) => CompiledModule;

export class HostBackend implements Backend {
  readonly device: Backend["device"];
  readonly #client: HostClient;
  readonly #profile: Profile;
  readonly #compile: CompileModule;
  readonly #events: BackendEvents;

  constructor(client: HostClient, device: DeviceDescription, compile: CompileModule, events: BackendEvents = {}) {
    this.#client = client;
    this.device = { id: device.id, name: device.name };
    this.#profile = device.profile;
    this.#compile = compile;
    this.#events = events;
  }

  async compile(bytes: Uint8Array, options: CompileOptions): Promise<BackendModule> {
    options.signal?.throwIfAborted();
    this.#events.onProgress?.({ message: "compiling" });
    const start = performance.now();
    const compiled = this.#compile(bytes, {
      profile: this.#profile,
      ...(options.exports === undefined ? {} : { exports: options.exports }),
    });
    const compileSeconds = (performance.now() - start) / 1000;
    const { metadata } = compiled;
    const client = this.#client;
    const loaded = await client.loadModule(
      {
        device: this.device.id,
        text: compiled.text,
        image: compiled.image,
        layout: metadata.layout,
        instantiateKernel: metadata.instantiateKernel,
        kernels: metadata.kernels.map(({ kernel }) => kernel),
        ...(metadata.imports.length === 0 ? {} : { imports: metadata.imports.map(recordSizes) }),
      },
      { signal: options.signal, onProgress: this.#events.onProgress },
    );
    const functions = metadata.kernels.map((kernel) => {
      const { exportName: name, functionIndex: index, parameters, results } = kernel;
      return [name, { name, index, parameters, results }] as const;
    });
    return {
      functions: new Map(functions),
      globals: new Map(metadata.globals.map((global) => [global.exportName, exportedGlobal(global)])),
      functionNames: metadata.functionNames,
      imports: neededImports(metadata),
      timings: { compileSeconds, buildSeconds: loaded.buildSeconds, cached: loaded.cached },
      createPool: (pool) => createPool(client, loaded.module, compiled, pool, this.#events),
      async release() {
        await client.unloadModule(loaded.module);
      },
    };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function exportedGlobal({ exportName, type, mutable }: GlobalMetadata): ExportedGlobal {
  return { name: exportName, type, mutable };
}

async function createPool(
  client: HostClient,
  module: number,
  compiled: CompiledModule,
  options: BackendPoolOptions,
  events: BackendEvents,
): Promise<BackendPool> {
  const { instances, memoryPages, execution, signal, hostFunctions } = options;
  const created = await client.createPool(
    {
      module,
      instances,
      ...(memoryPages === undefined ? {} : { memoryPages }),
      ...(execution === undefined ? {} : { execution }),
    },
    { signal },
  );
  const recordLimit = (execution?.scratch ?? defaultScratchBytes) / 2;
  const pool = new HostPool(client, { ...created, instances, recordLimit, hostFunctions }, compiled, events);
  await pool.instantiated(created, signal);
  return pool;
}

/** Functions first, in the order of their numbers. */
function neededImports({ imports }: ModuleMetadata): ImportDescriptor[] {
  return imports.map((item) => ({ kind: "function", ...item }));
}

function recordSizes({ parameters, results }: ImportMetadata) {
  return { argumentBytes: recordWords(parameters) * 4, resultBytes: recordWords(results) * 4 };
}

const pageBytes = 65_536;

/** Arguments take half of scratch, results the other (docs/kernel-abi.md). */
const defaultScratchBytes = 16_384;

class HostPool implements BackendPool {
  readonly memoryPages: number;
  readonly #client: HostClient;
  readonly #pool: number;
  readonly #instances: number;
  readonly #recordLimit: number;
  readonly #hostFunctions: HostFunctions;
  readonly #memories: InstanceMemories;
  readonly #compiled: CompiledModule;
  readonly #events: BackendEvents;

  constructor(
    client: HostClient,
    created: {
      readonly pool: number;
      readonly memoryPages: number;
      readonly instances: number;
      /** Bytes that the arguments of one call may take, and its results. */
      readonly recordLimit: number;
      readonly hostFunctions: HostFunctions;
    },
    compiled: CompiledModule,
    events: BackendEvents,
  ) {
    this.#client = client;
    this.#pool = created.pool;
    this.#instances = created.instances;
    this.#recordLimit = created.recordLimit;
    this.memoryPages = created.memoryPages;
    this.#hostFunctions = created.hostFunctions;
    this.#memories = {
      read: (ranges) => this.readMemory(ranges),
      write: (writes) => this.writeMemory(writes),
      sizes: (instances) => this.#memorySizes(instances),
    };
    this.#compiled = compiled;
    this.#events = events;
  }

  /** Goes on where the start function waits for imports. Throws InstantiationTrap; the pool then does not exist any more. */
  async instantiated(
    created: { readonly trap?: TrapReport; readonly waiting?: readonly WaitingCalls[] },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let trap = created.trap;
    const failures = await this.#serve(created.waiting, signal, (resumed) => {
      trap ??= resumed.trap;
    });
    if (trap === undefined) return;
    const { code, function: index } = trap;
    const message = trapMessages[code] ?? `trap ${code}`;
    const [failure] = code === trapCode("host function failed") ? failures.values() : [];
    if (failure !== undefined) throw new InstantiationTrap(message, failure.import, failure.message);
    throw new InstantiationTrap(message, this.#compiled.metadata.functionNames[index] ?? `func[${index}]`);
  }

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { name, parameters, results } = invocation.function;
    const kernel = this.#compiled.metadata.kernels.find(({ exportName }) => exportName === name);
    if (kernel === undefined) throw new Error(`no kernel for ${name}`);
    this.#checkRecord(name, "arguments", parameters);
    this.#checkRecord(name, "results", results);
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
      { signal: invocation.signal, onProgress: this.#events.onProgress },
    );
    const count = invocation.instances?.length ?? this.#instances;
    const words = recordWords(results);
    const status = wordsOfBytes(ofLength(answer.status, count * 8, "pool/invoke"));
    const records = wordsOfBytes(ofLength(answer.results, count * words * 4, "pool/invoke"));
    let { deviceSeconds } = answer;
    const positions = new Map(invocation.instances?.map((instance, position) => [instance, position]));
    const failures = await this.#serve(answer.waiting, invocation.signal, (resumed) => {
      const resumedStatus = wordsOfBytes(ofLength(resumed.status, resumed.instances.length * 8, "pool/resume"));
      const bytes = resumed.instances.length * words * 4;
      const resumedRecords = wordsOfBytes(ofLength(resumed.results, bytes, "pool/resume"));
      resumed.instances.forEach((instance, index) => {
        const position = positions.get(instance) ?? instance;
        status.set(resumedStatus.subarray(index * 2, index * 2 + 2), position * 2);
        records.set(resumedRecords.subarray(index * words, (index + 1) * words), position * words);
      });
      deviceSeconds += resumed.deviceSeconds;
    });
    return { status, results: records, deviceSeconds, failures };
  }

  async reset(instances: readonly number[] | undefined): Promise<void> {
    await this.#client.resetPool(this.#pool, instances);
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
    await this.#client.releasePool(this.#pool);
  }

  #serve(
    waiting: readonly WaitingCalls[] | undefined,
    signal: AbortSignal | undefined,
    onResumed: (result: ResumePoolResult) => void,
  ) {
    const pool = {
      client: this.#client,
      pool: this.#pool,
      hostFunctions: this.#hostFunctions,
      memories: this.#memories,
    };
    return serveRounds(pool, waiting, { signal, onProgress: this.#events.onProgress }, onResumed);
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
    const global = this.#compiled.metadata.globals.find(({ exportName }) => exportName === name);
    if (global === undefined) throw new Error(`no global ${name}`);
    return { word: global.stateWord, words: wordsOf(global.type) };
  }
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
