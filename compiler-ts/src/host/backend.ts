/** A device of the Swift host: compiles to MSL here, runs there. */
import type { DeviceDescription, HostFunctionDescription } from "../../../protocol/messages.ts";
import type { Backend, BackendEvents, BackendModule, CompileOptions, ExportedGlobal } from "../api/backend.ts";
import type { ImportDescriptor } from "../api/description.ts";
import type { OfferedFunctions } from "../api/resolveImports.ts";
import { recordWords } from "../api/values.ts";
import type { PassOptions } from "../legalize/passOptions.ts";
import type { Libraries } from "../link/program.ts";
import type {
  CompiledModule,
  GlobalMetadata,
  ImportMetadata,
  MemoryCell,
  ModuleMetadata,
  Profile,
} from "../metadata.ts";
import { moduleIdentity } from "./identity.ts";
import { type HostKeeper, survivingDeaths, unlessDead } from "./keeper.ts";
import type { HostModule } from "./pool.ts";
import { createPool, restorePool } from "./poolCreation.ts";

export type CompileModule = (
  bytes: Uint8Array,
  options: {
    readonly profile: Profile;
    readonly exports?: readonly string[];
    readonly link?: Libraries | undefined;
    readonly suspension?: boolean | undefined;
    readonly passes?: PassOptions | undefined;
    readonly memoryCell?: MemoryCell | undefined;
  },
) => CompiledModule;

export interface HostBackendOptions extends BackendEvents {
  /** What the host offers; default: nothing. */
  readonly hostFunctions?: readonly HostFunctionDescription[];
}

export class HostBackend implements Backend {
  readonly device: Backend["device"];
  readonly hostFunctions: OfferedFunctions;
  readonly #host: HostKeeper;
  readonly #profile: Profile;
  readonly #compile: CompileModule;
  readonly #events: BackendEvents;

  constructor(host: HostKeeper, device: DeviceDescription, compile: CompileModule, options: HostBackendOptions = {}) {
    this.#host = host;
    this.device = { id: device.id, name: device.name, count: 1 };
    this.#profile = device.profile;
    this.#compile = compile;
    const { hostFunctions = [], ...events } = options;
    this.hostFunctions = hostFunctions.map((item) => ({ ...item, implementation: { kind: "host" } }));
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
      suspension: options.suspension,
      passes: options.passes,
      memoryCell: options.memoryCell,
    });
    const compileSeconds = (performance.now() - start) / 1000;
    const { metadata } = compiled;
    const parameters = {
      device: this.device.id,
      identity: moduleIdentity(bytes, options.exports, options.link, metadata.recursionLoops),
      text: compiled.text,
      image: compiled.image,
      layout: metadata.layout,
      instantiateKernel: metadata.instantiateKernel,
      kernels: metadata.kernels.map(({ kernel }) => kernel),
      ...(metadata.imports.length === 0 ? {} : { imports: metadata.imports.map(recordSizes) }),
      records: largest(metadata.kernels.map(recordSizes)),
    };
    const load = async (signal: AbortSignal | undefined) => {
      const client = await this.#host.client();
      const loaded = await client.loadModule(parameters, { signal, onProgress: this.#events.onProgress });
      return { client, ...loaded };
    };
    let loaded = await survivingDeaths(() => load(options.signal));
    const { buildSeconds, cached } = loaded;
    const functions = metadata.kernels.map((kernel) => {
      const { exportName: name, functionIndex: index, parameters, results } = kernel;
      return [name, { name, index, parameters, results }] as const;
    });
    const module: HostModule = {
      metadata,
      events: this.#events,
      async load(signal) {
        // Two that do this at once load it twice, which costs a little time and nothing else.
        if (loaded.client.closed.aborted) loaded = await load(signal);
        return loaded;
      },
    };
    return {
      functions: new Map(functions),
      globals: new Map(metadata.globals.map((global) => [global.exportName, exportedGlobal(global)])),
      functionNames: metadata.functionNames,
      imports: neededImports(metadata),
      hostFunctions: this.hostFunctions,
      timings: { compileSeconds, buildSeconds, cached },
      createPool: (options) => createPool(module, options),
      restore: (options) => restorePool(module, options),
      async release() {
        await unlessDead(() => loaded.client.unloadModule(loaded.module));
      },
    };
  }

  close(): Promise<void> {
    return this.#host.close();
  }
}

function exportedGlobal({ exportName, type, mutable }: GlobalMetadata): ExportedGlobal {
  return { name: exportName, type, mutable };
}

/** Each kind in the order of its metadata: functions by their numbers. */
function neededImports(metadata: ModuleMetadata): ImportDescriptor[] {
  const { imports, importedGlobals, importedMemory, importedTables } = metadata;
  return [
    ...imports.map((item) => ({ kind: "function" as const, ...item })),
    ...(importedMemory === undefined ? [] : [{ kind: "memory" as const, ...importedMemory }]),
    ...importedGlobals.map(({ type: value, ...item }) => ({ kind: "global" as const, ...item, value })),
    ...importedTables.map(({ type: element, ...item }) => ({ kind: "table" as const, ...item, element })),
  ];
}

interface RecordSizes {
  readonly argumentBytes: number;
  readonly resultBytes: number;
}

function recordSizes({ parameters, results }: Pick<ImportMetadata, "parameters" | "results">): RecordSizes {
  return { argumentBytes: recordWords(parameters) * 4, resultBytes: recordWords(results) * 4 };
}

function largest(records: readonly RecordSizes[]): RecordSizes {
  return {
    argumentBytes: Math.max(0, ...records.map(({ argumentBytes }) => argumentBytes)),
    resultBytes: Math.max(0, ...records.map(({ resultBytes }) => resultBytes)),
  };
}
