/**
 * Jobs whose hosts may die, or whose device may fail. What was in flight then is tried again in halves: that finds the job that kills hosts
 * in few deaths, and ends whatever else happens to hosts, since what is in flight becomes smaller than the time between two deaths.
 */

/** Hosts that a job alone may kill, and failures of the device that it may meet alone. */
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

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** What is to be run next. */
  next(): readonly Item[] | undefined {
    this.#current = this.#groups.shift();
    return this.#current?.items;
  }

  /** `items` were in flight when the device failed; they are tried again when all else has been, but for the one that is given up. */
  failed(items: readonly Item[], reason: string): { readonly item: Item; readonly reason: string } | undefined {
    const deaths = this.#current?.items.length === 1 ? this.#current.deaths : 0;
    const [first] = items;
    if (items.length > 1) this.#groups.push(...halves(items));
    else if (first !== undefined && deaths + 1 < deathsOfOne) this.#groups.push({ items, deaths: deaths + 1 });
    else if (first !== undefined) return { item: first, reason: `${reason}, ${deathsOfOne} times with it alone` };
    return undefined;
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
    if (items.length > 1) this.#groups.unshift(...halves(items));
    else if (deaths + 1 < deathsOfOne) this.#groups.unshift({ items, deaths: deaths + 1 });
    else if (first !== undefined)
      return { lost: { item: first, reason: `${deathsOfOne} hosts died of it: ${reason}` }, ...over };
    return over;
  }
}

function halves<Item>(items: readonly Item[]): readonly Group<Item>[] {
  const half = Math.ceil(items.length / 2);
  return [
    { items: items.slice(0, half), deaths: 0 },
    { items: items.slice(half), deaths: 0 },
  ];
}
