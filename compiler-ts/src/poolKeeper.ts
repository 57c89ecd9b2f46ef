/** The module and the pool of a jobs file. */
import type { BurstModule } from "./api/module.ts";
import type { JobsOutcome, Pool } from "./api/pool.ts";
import type { RunJobsHooks, RunJobsOptions } from "./runJobs.ts";

/** The module and pool of the batches so far; made anew where a batch needs other functions or more instances. */
export class PoolKeeper {
  readonly #hooks: RunJobsHooks;
  readonly #options: RunJobsOptions;
  #current: { readonly module: BurstModule; readonly pool: Pool } | undefined;
  #releasedSeconds = 0;
  #laneSlices = 0;
  #busyLaneSlices = 0;
  #prepareSeconds = 0;

  constructor(hooks: RunJobsHooks, options: RunJobsOptions) {
    this.#hooks = hooks;
    this.#options = options;
  }

  get deviceSeconds(): number {
    return this.#releasedSeconds + (this.#current?.pool.deviceSeconds ?? 0);
  }

  count({ laneSlices, busyLaneSlices }: JobsOutcome): void {
    this.#laneSlices += laneSlices;
    this.#busyLaneSlices += busyLaneSlices;
  }

  get laneUse(): number | undefined {
    return this.#laneSlices === 0 ? undefined : this.#busyLaneSlices / this.#laneSlices;
  }

  get prepareSeconds(): number {
    return this.#prepareSeconds;
  }

  /** Instances in their initial state. */
  async ready(exports: ReadonlySet<string>, instances: number) {
    let current = this.#current;
    const known = current?.module.functions;
    if (
      current !== undefined &&
      current.pool.instances >= instances &&
      [...exports].every((name) => known?.has(name))
    ) {
      if (!current.pool.canRunJobs) await current.pool.reset();
      return current;
    }
    const start = performance.now();
    const wanted = new Set([...(known?.keys() ?? []), ...exports]);
    await this.release();
    const module = await this.#hooks.compile([...wanted]);
    const pool = await module.instantiate({
      instances,
      memoryPages: this.#options.memoryPages,
      imports: this.#options.imports,
      schedule: this.#options.schedule,
      signal: this.#options.signal,
    });
    this.#prepareSeconds += (performance.now() - start) / 1000;
    current = { module, pool };
    this.#current = current;
    return current;
  }

  async release(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    this.#releasedSeconds += current.pool.deviceSeconds;
    this.#current = undefined;
    await current.pool.release();
    await current.module.release();
  }
}
