/**
 * Jobs whose hosts may die, and whose device may fail. What was in flight then is tried again in halves: that finds the job that kills hosts
 * in few deaths, and ends whatever else happens to hosts, since what is in flight becomes smaller than the time between two deaths.
 */

/** Hosts that a job alone may kill, and failures of the device that it may meet alone. */
const triesOfOne = 3;
/** With no job ended between them. More than one job among the largest number of jobs needs to be found and given up. */
const failuresInARow = 64;
/**
 * Pools that the device gave up before a job had ended, and before all had begun: nothing is found by the next one. A lost device gives a
 * pool up for one job, so that a few jobs can have some in a row; one that hangs takes minutes for each.
 */
const poolsInARow = 8;

interface Group<Item> {
  readonly items: readonly Item[];
  /** How many hosts died of these items, or failures of the device they met. */
  readonly failures: number;
}

/** After a failure: `lost` is not tried again, and after `isOver`, which says why, nothing should be. */
export interface Verdict<Item> {
  readonly lost?: { readonly item: Item; readonly reason: string } | undefined;
  readonly isOver?: string | undefined;
}

export class Attempts<Item> {
  readonly #groups: Group<Item>[];
  #current: Group<Item> | undefined;
  #failures = 0;
  #pools = 0;

  constructor(items: readonly Item[]) {
    this.#groups = [{ items, failures: 0 }];
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** What is to be run next. */
  next(): readonly Item[] | undefined {
    this.#current = this.#groups.shift();
    return this.#current?.items;
  }

  /**
   * What became of them: how many have `ended`, what was not run, which is run next, and what was in flight when the device failed, which is
   * run after all others. `reasonOf` says why, of one of them or of the whole.
   */
  ran(
    {
      ended,
      rest,
      failed,
    }: { readonly ended: number; readonly rest: readonly Item[]; readonly failed: readonly Item[] },
    reasonOf: (item?: Item) => string,
  ): Verdict<Item> {
    if (ended > 0) {
      this.#failures = 0;
      this.#pools = 0;
    } else {
      this.#failures += 1;
      if (rest.length > 0) this.#pools += 1;
    }
    if (rest.length > 0) this.#groups.unshift({ items: rest, failures: 0 });
    const { groups, lost } = this.#again(failed, (item) => `${reasonOf(item)}, ${triesOfOne} times with it alone`);
    this.#groups.push(...groups);
    const row =
      this.#pools >= poolsInARow ? poolsInARow : this.#failures >= failuresInARow ? failuresInARow : undefined;
    return {
      lost,
      isOver: row === undefined ? undefined : `${row} pools one after the other ended no job: ${reasonOf()}`,
    };
  }

  /** The host died of them, or while they ran. */
  died(reason: string): Verdict<Item> {
    this.#failures += 1;
    const { groups, lost } = this.#again(this.#current?.items ?? [], () => `${triesOfOne} hosts died of it: ${reason}`);
    this.#groups.unshift(...groups);
    const isOver = this.#failures >= failuresInARow;
    return {
      lost,
      isOver: isOver ? `${failuresInARow} hosts died one after the other: ${reason}` : undefined,
    };
  }

  #again(
    items: readonly Item[],
    reasonOf: (item: Item) => string,
  ): { readonly groups: readonly Group<Item>[]; readonly lost?: Verdict<Item>["lost"] } {
    const current = this.#current;
    const [first] = items;
    if (first === undefined) return { groups: [] };
    if (items.length > 1) {
      const half = Math.ceil(items.length / 2);
      return { groups: [items.slice(0, half), items.slice(half)].map((items) => ({ items, failures: 0 })) };
    }
    const failures = current?.items.length === 1 ? current.failures + 1 : 0;
    return failures < triesOfOne
      ? { groups: [{ items, failures }] }
      : { groups: [], lost: { item: first, reason: reasonOf(first) } };
  }
}
