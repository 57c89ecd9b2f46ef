/**
 * Jobs whose hosts may die, and whose device may fail. What was in flight then is tried again in halves: that finds the job that kills hosts
 * in few deaths, and ends whatever else happens to hosts, since what is in flight becomes smaller than the time between two deaths.
 */

import { countOf, type RecordedJobs, type SomeJobs } from "../api/jobsRecord.ts";

/** Hosts that a job alone may kill, and failures of the device that it may meet alone. */
const triesOfOne = 3;
/** With no job ended between them. More than one job among the largest number of jobs needs to be found and given up. */
const failuresInARow = 64;
/**
 * Pools that the device gave up before a job had ended, and before all had begun: nothing is found by the next one. A lost device gives a
 * pool up for one job, so that a few jobs can have some in a row; one that hangs takes minutes for each.
 */
const poolsInARow = 8;

interface Group {
  readonly jobs: SomeJobs;
  /** How many hosts died of these jobs, or failures of the device they met. */
  readonly failures: number;
}

/** After a failure: `lost` is not tried again, and after `isOver`, which says why, nothing should be. */
export interface Verdict {
  readonly lost?: { readonly job: number; readonly reason: string } | undefined;
  readonly isOver?: string | undefined;
}

export class Attempts {
  readonly #groups: Group[];
  #current: Group | undefined;
  #failures = 0;
  #pools = 0;

  /** Of the jobs from 0 on. */
  constructor(count: number) {
    this.#groups = [{ jobs: { first: 0, count }, failures: 0 }];
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** What is to be run next. */
  next(): SomeJobs | undefined {
    this.#current = this.#groups.shift();
    return this.#current?.jobs;
  }

  /**
   * What became of them: how many have `ended`, what was not run, which is run next, and what was in flight when the device failed, which is
   * run after all others. `reasonOf` says why, of one of them or of the whole.
   */
  ran({ ended, rest, failed }: RecordedJobs, reasonOf: (job?: number) => string): Verdict {
    if (ended > 0) {
      this.#failures = 0;
      this.#pools = 0;
    } else {
      this.#failures += 1;
      if (rest.length > 0) this.#pools += 1;
    }
    if (rest.length > 0) this.#groups.unshift({ jobs: rest, failures: 0 });
    const { groups, lost } = this.#again(failed, (job) => `${reasonOf(job)}, ${triesOfOne} times with it alone`);
    this.#groups.push(...groups);
    const row =
      this.#pools >= poolsInARow ? poolsInARow : this.#failures >= failuresInARow ? failuresInARow : undefined;
    return {
      lost,
      isOver: row === undefined ? undefined : `${row} pools one after the other ended no job: ${reasonOf()}`,
    };
  }

  /** The host died of them, or while they ran. */
  died(reason: string): Verdict {
    this.#failures += 1;
    const { groups, lost } = this.#again(this.#current?.jobs ?? [], () => `${triesOfOne} hosts died of it: ${reason}`);
    this.#groups.unshift(...groups);
    const isOver = this.#failures >= failuresInARow;
    return {
      lost,
      isOver: isOver ? `${failuresInARow} hosts died one after the other: ${reason}` : undefined,
    };
  }

  #again(
    jobs: SomeJobs,
    reasonOf: (job: number) => string,
  ): { readonly groups: readonly Group[]; readonly lost?: Verdict["lost"] } {
    const current = this.#current;
    const [first, second] = halvesOf(jobs);
    if (first === undefined) return { groups: [] };
    if (second !== undefined) return { groups: [first, second].map((half) => ({ jobs: half, failures: 0 })) };
    const failures = current !== undefined && countOf(current.jobs) === 1 ? current.failures + 1 : 0;
    const job = "first" in first ? first.first : (first[0] as number);
    return failures < triesOfOne
      ? { groups: [{ jobs: first, failures }] }
      : { groups: [], lost: { job, reason: reasonOf(job) } };
  }
}

/** None of no jobs, one of one. */
function halvesOf(jobs: SomeJobs): readonly SomeJobs[] {
  const count = countOf(jobs);
  if (count < 2) return count === 0 ? [] : [jobs];
  const half = Math.ceil(count / 2);
  return "first" in jobs
    ? [
        { first: jobs.first, count: half },
        { first: jobs.first + half, count: count - half },
      ]
    : [jobs.slice(0, half), jobs.slice(half)];
}
