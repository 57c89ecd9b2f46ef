/**
 * Jobs whose hosts may die, and whose command buffers may fail. What was in flight then is tried again in halves: that finds the job that
 * kills hosts in few deaths, and ends whatever else happens to hosts, since what is in flight becomes smaller than the time between two
 * deaths.
 */

/** Hosts that a job alone may kill, and command buffers that may fail with it alone. */
const triesOfOne = 3;
/** Hosts or command buffers, with no job ended between them. More than one job among the largest number of jobs needs to be found and given up. */
const failuresInARow = 64;

interface Group<Item> {
  readonly items: readonly Item[];
  /** How many hosts died of these items, or command buffers failed with them. */
  readonly failures: number;
}

export class Attempts<Item> {
  readonly #groups: Group<Item>[];
  #current: Group<Item> | undefined;
  #row = 0;

  constructor(groups: readonly (readonly Item[])[]) {
    this.#groups = groups.map((items) => ({ items, failures: 0 }));
  }

  /** What is to be run next. */
  next(): readonly Item[] | undefined {
    this.#current = this.#groups.shift();
    return this.#current?.items;
  }

  /** They have ended, or failed for another reason than a host's death. `rest` is run next. */
  ended(rest: readonly Item[] = []): void {
    this.#row = 0;
    if (rest.length > 0) this.#groups.unshift({ items: rest, failures: 0 });
  }

  /** The host died of them, or while they ran. `lost` is not tried again; after `isOver` nothing should be. */
  died(reason: string): { readonly lost?: { readonly item: Item; readonly reason: string }; readonly isOver?: string } {
    const again = this.#again(this.#current?.items ?? []);
    this.#groups.unshift(...again.groups);
    const { lost } = again;
    return {
      ...(lost === undefined ? {} : { lost: { item: lost, reason: `${triesOfOne} hosts died of it: ${reason}` } }),
      ...(this.#isOver ? { isOver: `${failuresInARow} hosts died one after the other: ${reason}` } : {}),
    };
  }

  /** Their command buffer failed, some of what `next` gave: they are run after all others, where they are not given up. */
  failed(items: readonly Item[]): void {
    const { groups } = this.#again(items);
    if (!this.#isOver) this.#groups.push(...groups);
  }

  get #isOver(): boolean {
    return this.#row >= failuresInARow;
  }

  #again(items: readonly Item[]): { readonly groups: readonly Group<Item>[]; readonly lost?: Item } {
    const current = this.#current;
    const [first] = items;
    this.#row += 1;
    if (first === undefined) return { groups: [] };
    if (items.length > 1) {
      const half = Math.ceil(items.length / 2);
      return { groups: [items.slice(0, half), items.slice(half)].map((items) => ({ items, failures: 0 })) };
    }
    const failures = current?.items.length === 1 ? current.failures + 1 : 0;
    return failures < triesOfOne ? { groups: [{ items, failures }] } : { groups: [], lost: first };
  }
}
