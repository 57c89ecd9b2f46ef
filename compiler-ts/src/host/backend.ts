/** A device of the Swift host: compiles to MSL here, runs there. */

import type { DeviceDescription } from "../../../protocol/messages.ts";
import type {
  Backend,
  BackendEvents,
  BackendModule,
  BackendPool,
  CompileOptions,
  ExportedGlobal,
  Invocation,
  InvocationResult,
  MemoryRange,
  MemoryWrite,
  PoolOptions,
} from "../api/backend.ts";
import { usage } from "../api/usage.ts";
import { recordWords } from "../api/values.ts";
import { CompileError } from "../diagnostics.ts";
import { HostError, InstantiationTrap } from "../errors.ts";
import type { Libraries } from "../link/program.ts";
import { type CompiledModule, type GlobalMetadata, type Profile, trapMessages, wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { HostClient } from "./client.ts";
import { moduleIdentity } from "./identity.ts";

export type CompileModule = (
  bytes: Uint8Array,
  options: { readonly profile: Profile; readonly exports?: readonly string[]; readonly link?: Libraries | undefined },
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
      link: options.link,
    });
    const compileSeconds = (performance.now() - start) / 1000;
    const { metadata } = compiled;
    const client = this.#client;
    const loaded = await client.loadModule(
      {
        device: this.device.id,
        identity: moduleIdentity(bytes, options.exports),
        text: compiled.text,
        image: compiled.image,
        layout: metadata.layout,
        instantiateKernel: metadata.instantiateKernel,
        kernels: metadata.kernels.map(({ kernel }) => kernel),
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
  options: PoolOptions,
  events: BackendEvents,
): Promise<BackendPool> {
  const { instances, memoryPages, execution, signal } = options;
  const created = await client.createPool(
    {
      module,
      instances,
      ...(memoryPages === undefined ? {} : { memoryPages }),
      ...(execution === undefined ? {} : { execution }),
    },
    { signal },
  );
  if (created.trap !== undefined) {
    const { code, function: index } = created.trap;
    const name = compiled.metadata.functionNames[index];
    throw new InstantiationTrap(trapMessages[code] ?? `trap ${code}`, name ?? `func[${index}]`);
  }
  const recordLimit = (execution?.scratch ?? defaultScratchBytes) / 2;
  return new HostPool(client, { ...created, instances, recordLimit }, compiled, events);
}

/** Arguments take half of scratch, results the other (docs/kernel-abi.md). */
const defaultScratchBytes = 16_384;

class HostPool implements BackendPool {
  readonly memoryPages: number;
  readonly #client: HostClient;
  readonly #pool: number;
  readonly #instances: number;
  readonly #recordLimit: number;
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
    },
    compiled: CompiledModule,
    events: BackendEvents,
  ) {
    this.#client = client;
    this.#pool = created.pool;
    this.#instances = created.instances;
    this.#recordLimit = created.recordLimit;
    this.memoryPages = created.memoryPages;
    this.#compiled = compiled;
    this.#events = events;
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
    return {
      status: wordsOfBytes(ofLength(answer.status, count * 8, "pool/invoke")),
      results: wordsOfBytes(ofLength(answer.results, count * recordWords(results) * 4, "pool/invoke")),
      deviceSeconds: answer.deviceSeconds,
    };
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

/** Records are little-endian, as every machine is that runs Node. */
function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** What a host answers is checked before it is taken for values. */
function ofLength(bytes: Uint8Array | undefined, length: number, method: string): Uint8Array {
  if (bytes?.length === length) return bytes;
  throw new HostError(
    "protocolViolation",
    `${method}: the host answered ${bytes?.length ?? "no"} bytes, not ${length}`,
  );
}

/** A copy, because the bytes may not lie on a multiple of four. */
function wordsOfBytes(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
