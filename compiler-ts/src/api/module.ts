/** A compiled module on a device. */

import type { ScheduleSettings } from "../../../protocol/messages.ts";
import { type Libraries, parseProgram } from "../link/program.ts";
import { maximumMemoryPages } from "../metadata.ts";
import type { Module } from "../wasm/module.ts";
import type { BackendModule, CompileTimings, ExportedFunction, PoolOptions } from "./backend.ts";
import { describeExports, describeImports, type ExportDescriptor, type ImportDescriptor } from "./description.ts";
import { HostFunctions } from "./hostFunctions.ts";
import type { Imports } from "./imports.ts";
import { Pool } from "./pool.ts";
import { resolveImports } from "./resolveImports.ts";
import { usage } from "./usage.ts";

export interface ImportOptions {
  /** What the module imports: `{ module: { name: value } }`. Functions that are not given the host serves, where it has them. */
  readonly imports?: Imports | undefined;
  /** Milliseconds after which a call of an imported function that has not settled is a trap; default: 60,000. May be Infinity. */
  readonly importTimeout?: number | undefined;
}

export type InstantiateOptions = PoolOptions & ImportOptions;

export interface RestoreOptions extends ImportOptions {
  /** As for `instantiate`; a snapshot has none. */
  readonly schedule?: ScheduleSettings | undefined;
  readonly signal?: AbortSignal | undefined;
}

const defaultImportTimeout = 60_000;
/** What a timer can wait. */
const longestTimeout = 2 ** 31 - 1;

export class BurstModule {
  readonly #bytes: Uint8Array;
  readonly #libraries: Libraries | undefined;
  readonly #module: BackendModule;
  #decoded: Module | undefined;

  constructor(bytes: Uint8Array, libraries: Libraries | undefined, module: BackendModule) {
    this.#bytes = bytes;
    this.#libraries = libraries;
    this.#module = module;
  }

  /** As `WebAssembly.Module.exports`, with types. */
  exports(): ExportDescriptor[] {
    return describeExports(this.#description());
  }

  /** As `WebAssembly.Module.imports`, with types: what no linked module gives. */
  imports(): ImportDescriptor[] {
    return describeImports(this.#description());
  }

  /** The functions that can be invoked: those that `compile` was asked for. */
  get functions(): ReadonlyMap<string, ExportedFunction> {
    return this.#module.functions;
  }

  get timings(): CompileTimings {
    return this.#module.timings;
  }

  /**
   * Makes isolated instances. Before anything runs it throws CompileError: of kind "missing-import" with all imports that are missing, of
   * kind "usage" where one has a wrong type. Throws InstantiationTrap where the start function or a segment traps, HostError
   * `poolTooLarge`, with the number that would fit in its data, where the device has no room.
   */
  async instantiate(options: InstantiateOptions): Promise<Pool> {
    const { instances, memoryPages } = options;
    if (!Number.isSafeInteger(instances) || instances < 1)
      throw usage(`${instances} instances: expected a positive integer`);
    if (
      memoryPages !== undefined &&
      (!Number.isInteger(memoryPages) || memoryPages < 0 || memoryPages > maximumMemoryPages)
    ) {
      throw usage(`${memoryPages} memory pages: expected an integer from 0 to ${maximumMemoryPages}`);
    }
    const imports = resolveImports(this.#module.imports, options.imports ?? {}, this.#module.hostFunctions, instances);
    for (const memory of imports.memories) {
      const pages = memory.given.items.reduce((most, item) => Math.max(most, item.pages), 0);
      if (memoryPages !== undefined && memoryPages < pages) {
        throw usage(`${memoryPages} memory pages: import ${memory.module}.${memory.name} was given ${pages}`);
      }
    }
    const hostFunctions = new HostFunctions(imports.functions, timeoutOf(options));
    const pool = await this.#module.createPool({ ...options, imports, hostFunctions });
    return new Pool(this.#module, pool, instances, hostFunctions);
  }

  /**
   * A pool of what `Pool.snapshot` gave, of the same module: its imported functions are given anew, all other state is in the bytes.
   * Where the snapshot holds instances suspended, `Pool.resume` goes on with them. Throws HostError `invalidSnapshot`, which says what is
   * wrong with the bytes.
   */
  async restore(snapshot: Uint8Array, options: RestoreOptions = {}): Promise<Pool> {
    const functions = this.#module.imports.filter(({ kind }) => kind === "function");
    const imports = resolveImports(functions, options.imports ?? {}, this.#module.hostFunctions, 0);
    const hostFunctions = new HostFunctions(imports.functions, timeoutOf(options));
    const { pool, instances } = await this.#module.restore({
      snapshot,
      hostFunctions,
      schedule: options.schedule,
      signal: options.signal,
    });
    return new Pool(this.#module, pool, instances, hostFunctions);
  }

  async release(): Promise<void> {
    await this.#module.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #description(): Module {
    this.#decoded ??= parseProgram(this.#bytes, this.#libraries);
    return this.#decoded;
  }
}

function timeoutOf({ importTimeout = defaultImportTimeout }: ImportOptions): number {
  if (importTimeout === Number.POSITIVE_INFINITY || (importTimeout > 0 && importTimeout <= longestTimeout)) {
    return importTimeout;
  }
  throw usage(`importTimeout ${importTimeout}: expected milliseconds from 1 to ${longestTimeout}, or Infinity`);
}
