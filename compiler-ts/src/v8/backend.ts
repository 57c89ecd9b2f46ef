/**
 * The v8 device: the same jobs on V8 in worker threads, each instance a fresh WebAssembly.Instance. It is the oracle of the tests, the
 * baseline of the benches and the fallback. It has no fuel, its call stack is V8's, and cancelling ends its threads with all pools on them.
 */
import { availableParallelism } from "node:os";
import type {
  Backend,
  BackendModule,
  BackendPool,
  BackendPoolOptions,
  CompileOptions,
  ExportedFunction,
} from "../api/backend.ts";
import { describeImports, exportedFunctions, exportedGlobals } from "../api/description.ts";
import type { Given, OfferedFunctions, ResolvedImports } from "../api/resolveImports.ts";
import { unknownExport, usage } from "../api/usage.ts";
import { CompileError } from "../diagnostics.ts";
import { HostError } from "../errors.ts";
import { asOneModule } from "../link/instantiationCode.ts";
import { type Libraries, parseProgram } from "../link/program.ts";
import { maximumMemoryPages } from "../metadata.ts";
import { encode } from "../wasm/encode.ts";
import type { Module } from "../wasm/module.ts";
import { functionDisplayNames } from "../wasm/names.ts";
import { adapt } from "./adapt.ts";
import type { CreateRequest } from "./messages.ts";
import { instantiationTrap, V8Pool } from "./pool.ts";
import { standardFunctions } from "./standardFunctions.ts";
import { Thread } from "./thread.ts";

export const v8DeviceName = `V8 ${process.versions.v8}`;

/** Beyond it the heap is full of instances before V8 refuses one. */
const maximumInstances = 2 ** 20;

export interface V8Options {
  /** What instances say through `wasmburst.log`; default: to stderr. */
  readonly onOutput?: ((text: string) => void) | undefined;
  /** Worker threads; default: one a core. */
  readonly threads?: number | undefined;
}

export class V8Backend implements Backend {
  readonly device: Backend["device"];
  readonly hostFunctions: OfferedFunctions;
  readonly #threadCount: number;
  #threads: Thread[] = [];
  #nextPool = 1;

  constructor(options: V8Options = {}) {
    const threads = options.threads ?? availableParallelism();
    if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
      throw usage(`${threads} threads: expected an integer from 1 to 1024`);
    }
    this.#threadCount = threads;
    this.hostFunctions = standardFunctions(options.onOutput ?? ((text) => void process.stderr.write(text)));
    this.device = { id: "v8", name: `${v8DeviceName}, ${threads} thread${threads === 1 ? "" : "s"}`, count: 1 };
  }

  async compile(source: Uint8Array, options: CompileOptions): Promise<BackendModule> {
    options.signal?.throwIfAborted();
    const start = performance.now();
    const { bytes, module } = program(source, options.link);
    const functions = selectFunctions(exportedFunctions(module), options.exports);
    const parsed = performance.now();
    const builds = new Map<number, ReturnType<typeof build>>();
    const buildFor = (pages: number) => {
      const built = builds.get(pages) ?? build(bytes, module, pages);
      builds.set(pages, built);
      return built;
    };
    await buildFor(defaultPages(module));
    const compileSeconds = (parsed - start) / 1000;
    return {
      functions,
      globals: exportedGlobals(module),
      functionNames: functionDisplayNames(module),
      imports: describeImports(module),
      hostFunctions: this.hostFunctions,
      timings: { compileSeconds, buildSeconds: (performance.now() - parsed) / 1000, cached: false },
      createPool: (pool) => this.#createPool(module, buildFor, pool),
      async restore(): Promise<never> {
        throw usage("the v8 device cannot restore a snapshot: V8 does not take an instance's stack");
      },
      async release() {
        builds.clear();
      },
    };
  }

  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.terminate(new HostError("closed", "the v8 device is closed"))));
  }

  async #createPool(
    module: Module,
    buildFor: (pages: number) => ReturnType<typeof build>,
    options: BackendPoolOptions,
  ): Promise<BackendPool> {
    options.signal?.throwIfAborted();
    if (options.instances > maximumInstances) throw tooLarge(options.instances, maximumInstances);
    const { functions, ...state } = options.imports;
    if (options.schedule !== undefined) throw usage("the v8 device has no schedule: leave it out");
    refuseUnpassable(options.imports);
    const memoryPages = poolPages(module, options);
    const built = await buildFor(memoryPages);
    const threads = this.#takeThreads(Math.min(this.#threadCount, options.instances));
    const id = this.#nextPool++;
    const names = functionDisplayNames(module);
    const pool = new V8Pool(id, threads, options.instances, memoryPages, exportedGlobals(module), names);
    if (functions.length > 0) pool.serveCalls(options.hostFunctions);
    const types = functions.map(({ implementation: _, ...type }) => type);
    const outcomes = await Promise.all(
      threads.map((thread, index) => {
        const instances = Math.ceil((options.instances - index) / threads.length);
        const shared = { pool: id, ...built, memoryPages, functions: types };
        return thread.request({ kind: "create", ...shared, instances, state: shareOf(state, index, threads.length) });
      }),
    );
    const made = outcomes.reduce((sum, outcome) => sum + (outcome.outcome === "trap" ? 0 : outcome.instances), 0);
    for (const outcome of outcomes) {
      if (outcome.outcome === "created") continue;
      await pool.release();
      if (outcome.outcome === "trap") {
        throw instantiationTrap(outcome, names);
      }
      throw tooLarge(options.instances, made);
    }
    return pool;
  }

  /** Threads that a cancellation ended are replaced. */
  #takeThreads(count: number): Thread[] {
    this.#threads = this.#threads.filter((thread) => thread.alive);
    while (this.#threads.length < count) this.#threads.push(new Thread());
    return this.#threads.slice(0, count);
  }
}

function tooLarge(instances: number, instancesThatFit: number): HostError {
  const message = `V8 has no room for ${instances} instances; about ${instancesThatFit} would fit`;
  return new HostError("poolTooLarge", message, { instances, instancesThatFit });
}

/** As on every device, what was not asked for cannot be invoked. */
function selectFunctions(
  all: ReadonlyMap<string, ExportedFunction>,
  names: readonly string[] | undefined,
): ReadonlyMap<string, ExportedFunction> {
  if (names === undefined) return all;
  return new Map(
    names.map((name) => {
      const found = all.get(name);
      if (found === undefined) throw unknownExport("function", name, all.keys());
      return [name, found];
    }),
  );
}

/** V8 takes one module of one memory: what is linked becomes one. */
function program(
  bytes: Uint8Array,
  libraries: Libraries = {},
): { readonly bytes: Uint8Array; readonly module: Module } {
  const parsed = parseProgram(bytes, libraries);
  if (Object.keys(libraries).length === 0) return { bytes, module: parsed };
  if (parsed.memories.length > 1) {
    const message = `the linked modules have ${parsed.memories.length} memories, which the device v8 does not support`;
    throw new CompileError({ kind: "unsupported", message });
  }
  const module = asOneModule(parsed);
  return { bytes: encode(module), module };
}

async function build(bytes: Uint8Array, module: Module, pages: number) {
  const adapted = adapt(bytes, module, pages);
  return { ...adapted, module: await WebAssembly.compile(adapted.bytes) };
}

/** JavaScript stands between wasm and the import, and it has no v128; a funcref would have to be a function that exists already. */
function refuseUnpassable({ functions, globals, tables }: ResolvedImports): void {
  const refuse = (message: string) => {
    throw new CompileError({ kind: "unsupported", message });
  };
  for (const { module, name, parameters, results } of functions) {
    if ([...parameters, ...results].includes("v128")) {
      refuse(`JavaScript cannot pass the v128 values of import ${module}.${name}`);
    }
  }
  for (const { module, name, type, given } of globals) {
    if (type.value === "v128") refuse(`JavaScript cannot pass the v128 value of import ${module}.${name}`);
    if (type.value === "funcref" && given.items.some(([word]) => word !== 0)) {
      refuse(`on the v8 device the funcref of import ${module}.${name} can only be null`);
    }
  }
  for (const { module, name, type, given } of tables) {
    if (type.element === "funcref" && given.items.some(({ elements }) => elements.some((number) => number !== 0))) {
      refuse(`on the v8 device the funcrefs of import ${module}.${name} can only be null`);
    }
  }
}

type State = CreateRequest["state"];

/** What the instances of one thread are given: instance `i` lives in thread `i mod threads`. */
function shareOf({ globals, memories, tables }: State, thread: number, threads: number): State {
  const share = <Item>({ perInstance, items }: Given<Item>): Given<Item> => ({
    perInstance,
    items: perInstance ? items.filter((_, instance) => instance % threads === thread) : items,
  });
  return {
    globals: globals.map((item) => ({ ...item, given: share(item.given) })),
    memories: memories.map((item) => ({ ...item, given: share(item.given) })),
    tables: tables.map((item) => ({ ...item, given: share(item.given) })),
  };
}

/** The protocol's default for `memoryPages`. */
function defaultPages(module: Module): number {
  const limits = module.memories[0]?.limits;
  return limits === undefined
    ? 0
    : Math.min(limits.maximum ?? maximumMemoryPages, maximumMemoryPages, limits.minimum + 16);
}

function poolPages(module: Module, { memoryPages: asked, imports }: BackendPoolOptions): number {
  const limits = module.memories[0]?.limits;
  if (limits === undefined) return 0;
  const given = imports.memories.flatMap((memory) => memory.given.items.map(({ pages }) => pages));
  const needed = given.reduce((most, pages) => Math.max(most, pages), limits.minimum);
  const most = Math.min(limits.maximum ?? maximumMemoryPages, maximumMemoryPages);
  if (asked === undefined) return Math.min(most, needed + 16);
  if (asked < needed) throw usage(`${asked} memory pages: the module needs at least ${needed}`);
  return Math.min(asked, most);
}
