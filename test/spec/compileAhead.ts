/** Compiles modules of the suite before the runner asks for them, so that builds overlap with runs and with each other. */
import type { ModulePlan } from "./commands.ts";
import type { SpecEngine, SpecModule } from "./engine.ts";

export class CompileAhead {
  private readonly engine: SpecEngine;
  private readonly order: readonly ModulePlan[];
  private readonly places: ReadonlyMap<ModulePlan, number>;
  private readonly started = new Map<ModulePlan, Promise<SpecModule>>();

  /** `order` is the order in which the runner will ask. */
  constructor(engine: SpecEngine, order: readonly ModulePlan[]) {
    this.engine = engine;
    this.order = order;
    this.places = new Map(order.map((plan, index) => [plan, index]));
  }

  /** Each plan may be asked for once. Starts the engine's `compileAhead` next ones too. */
  compile(plan: ModulePlan): Promise<SpecModule> {
    const place = this.places.get(plan) ?? 0;
    for (const next of this.order.slice(place, place + 1 + this.engine.compileAhead)) void this.start(next);
    const module = this.start(plan);
    this.started.delete(plan);
    return module;
  }

  /** Ends with what was started and never asked for. */
  async close(): Promise<void> {
    for (const started of this.started.values()) {
      await started.then((module) => module.release()).catch(() => {});
    }
  }

  private start(plan: ModulePlan): Promise<SpecModule> {
    const known = this.started.get(plan);
    if (known !== undefined) return known;
    const module = this.engine.compile(plan.file.read(plan.filename), plan.exports);
    // A refusal belongs to whoever asks later; until then it must not count as unhandled.
    module.catch(() => {});
    this.started.set(plan, module);
    return module;
  }
}
