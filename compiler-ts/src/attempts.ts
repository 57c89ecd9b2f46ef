/**
 * Jobs whose hosts may die. What was in flight when one died is tried again in halves: that finds the job that kills hosts in few deaths,
 * and ends whatever else happens to hosts, since what is in flight becomes smaller than the time between two deaths.
 */

/** Hosts that a job alone may kill. */
const deathsOfOne = 3;
/** With no job ended between them. More than one job among the largest number of jobs needs to be found and given up. */
const deathsInARow = 64;

interface Group<Item> {
  readonly items: readonly Item[];
  /** How many hosts died of these items. */
  readonly deaths: number;
}

export class Attempts<Item> {
  readonly #groups: Group<Item>[];
  #current: Group<Item> | undefined;
  #row = 0;

  constructor(groups: readonly (readonly Item[])[]) {
    this.#groups = groups.map((items) => ({ items, deaths: 0 }));
  }

  /** What is to be run next. */
  next(): readonly Item[] | undefined {
    this.#current = this.#groups.shift();
    return this.#current?.items;
  }

  /** They have ended, or failed for another reason than a host's death. `rest` is run next. */
  ended(rest: readonly Item[] = []): void {
    this.#row = 0;
    if (rest.length > 0) this.#groups.unshift({ items: rest, deaths: 0 });
  }

  /** The host died of them, or while they ran. `lost` is not tried again; after `isOver` nothing should be. */
  died(reason: string): { readonly lost?: { readonly item: Item; readonly reason: string }; readonly isOver?: string } {
    const { items, deaths } = this.#current ?? { items: [], deaths: 0 };
    const [first] = items;
    this.#row += 1;
    const over =
      this.#row < deathsInARow ? {} : { isOver: `${deathsInARow} hosts died one after the other: ${reason}` };
    if (items.length > 1) {
      const half = Math.ceil(items.length / 2);
      this.#groups.unshift({ items: items.slice(0, half), deaths: 0 }, { items: items.slice(half), deaths: 0 });
    } else if (deaths + 1 < deathsOfOne) this.#groups.unshift({ items, deaths: deaths + 1 });
    else if (first !== undefined)
      return { lost: { item: first, reason: `${deathsOfOne} hosts died of it: ${reason}` }, ...over };
    return over;
  }
}
