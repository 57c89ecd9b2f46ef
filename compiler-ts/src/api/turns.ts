import type { HostFunctions } from "./hostFunctions.ts";

/**
 * The requests on a pool whose module imports functions, one after the other in the order of their arrival: while instances wait for an
 * import nothing else may come between. Without imports the device itself keeps the order, and requests need not wait for answers.
 */
export class Turns {
  readonly #hostFunctions: HostFunctions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(hostFunctions: HostFunctions) {
    this.#hostFunctions = hostFunctions;
  }

  /** Throws where an import of this pool is the caller: it would wait for itself. */
  async take<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
    this.#hostFunctions.refuseInside(what);
    if (this.#hostFunctions.functions.length === 0) return act();
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
