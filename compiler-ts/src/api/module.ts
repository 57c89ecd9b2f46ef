/** A compiled module on a device. */

import { type Libraries, parseProgram } from "../link/program.ts";
import { maximumMemoryPages } from "../metadata.ts";
import type { Module } from "../wasm/module.ts";
import type { BackendModule, CompileTimings, ExportedFunction, PoolOptions } from "./backend.ts";
import { describeExports, describeImports, type ExportDescriptor, type ImportDescriptor } from "./description.ts";
import { Pool } from "./pool.ts";
import { usage } from "./usage.ts";

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
   * Makes isolated instances. Throws InstantiationTrap where the start function or a segment traps, HostError `poolTooLarge`, with the
   * number that would fit in its data, where the device has no room.
   */
  async instantiate(options: PoolOptions): Promise<Pool> {
    const { instances, memoryPages } = options;
    if (!Number.isSafeInteger(instances) || instances < 1)
      throw usage(`${instances} instances: expected a positive integer`);
    if (
      memoryPages !== undefined &&
      (!Number.isInteger(memoryPages) || memoryPages < 0 || memoryPages > maximumMemoryPages)
    ) {
      throw usage(`${memoryPages} memory pages: expected an integer from 0 to ${maximumMemoryPages}`);
    }
    return new Pool(this.#module, await this.#module.createPool(options), instances);
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
