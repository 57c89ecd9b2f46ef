/** Several devices as one: each has a host process of its own, so that what befalls one leaves the others alone. */
import type {
  Backend,
  BackendModule,
  BackendPool,
  BackendPoolOptions,
  CompileOptions,
  RestoredPool,
} from "../api/backend.ts";
import type { OfferedFunctions } from "../api/resolveImports.ts";
import { usage } from "../api/usage.ts";
import type { Progress } from "../host/client.ts";
import { createParts, SpreadPool } from "./pool.ts";

export interface SpreadDevice {
  /** Unlike any other's. */
  readonly label: string;
  readonly backend: Backend;
}

export interface SpreadEvents {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** A device, which the reason names, is given up; the others take its jobs. */
  readonly onLoss?: ((reason: string) => void) | undefined;
}

export class SpreadBackend implements Backend {
  readonly device: Backend["device"];
  readonly hostFunctions: OfferedFunctions;
  readonly #devices: readonly SpreadDevice[];
  readonly #events: SpreadEvents;

  constructor(devices: readonly SpreadDevice[], events: SpreadEvents = {}) {
    this.#devices = devices;
    this.#events = events;
    const id = devices.map(({ label }) => label).join(",");
    this.device = { id, name: namesOf(devices), count: devices.length };
    // One binary is behind all of them.
    this.hostFunctions = devices[0]?.backend.hostFunctions ?? [];
  }

  async compile(bytes: Uint8Array, options: CompileOptions): Promise<BackendModule> {
    const modules = await this.#compileEach(bytes, options);
    const [first] = modules as readonly [BackendModule];
    const timings = modules.map((module) => module.timings);
    return {
      functions: first.functions,
      globals: first.globals,
      functionNames: first.functionNames,
      imports: first.imports,
      hostFunctions: this.hostFunctions,
      timings: {
        compileSeconds: Math.max(...timings.map(({ compileSeconds }) => compileSeconds)),
        buildSeconds: Math.max(...timings.map(({ buildSeconds }) => buildSeconds)),
        cached: timings.every(({ cached }) => cached),
      },
      createPool: (options) => this.#createPool(modules, options),
      async restore(): Promise<RestoredPool> {
        throw usage("a snapshot can be restored on one device only, not on several");
      },
      async release() {
        await Promise.all(modules.map((module) => module.release()));
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#devices.map(({ backend }) => backend.close()));
  }

  /** Of equal devices the first builds, and the others find what it has built in the cache. */
  async #compileEach(bytes: Uint8Array, options: CompileOptions): Promise<readonly BackendModule[]> {
    const firsts = new Map<string, Promise<BackendModule>>();
    return all(
      this.#devices.map(async ({ backend }) => {
        const first = firsts.get(backend.device.name);
        if (first !== undefined) await first;
        const compiled = backend.compile(bytes, options);
        if (first === undefined) firsts.set(backend.device.name, compiled);
        return compiled;
      }),
      (module) => module.release(),
    );
  }

  async #createPool(modules: readonly BackendModule[], options: BackendPoolOptions): Promise<BackendPool> {
    const devices = modules.map((module, index) => ({ label: this.#devices[index]?.label ?? "", module }));
    const parts = await all(createParts(devices, options), ({ pool }) => pool.release());
    return new SpreadPool(parts, this.#events);
  }
}

/** All, or none: where one fails the others are undone, and the first error is thrown. */
async function all<Item>(promises: readonly Promise<Item>[], undo: (item: Item) => Promise<void>): Promise<Item[]> {
  const settled = await Promise.allSettled(promises);
  const failure = settled.find((outcome) => outcome.status === "rejected");
  const made = settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  if (failure === undefined) return made;
  await Promise.allSettled(made.map(undo));
  throw failure.reason;
}

/** "2 × NVIDIA H100". */
function namesOf(devices: readonly SpreadDevice[]): string {
  const counts = new Map<string, number>();
  for (const { backend } of devices) counts.set(backend.device.name, (counts.get(backend.device.name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(" + ");
}
