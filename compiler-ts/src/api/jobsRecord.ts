/** Jobs that run in parts: what a part is asked for, and the results of all parts by the numbers of the jobs. */
import { jobStatus } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "./backend.ts";
import type { HostFailure } from "./hostFunctions.ts";
import { recordWords } from "./values.ts";

/** `count` jobs from `first` on, or those with the numbers listed. */
export type SomeJobs = { readonly first: number; readonly count: number } | readonly number[];

export function countOf(jobs: SomeJobs): number {
  return "first" in jobs ? jobs.count : jobs.length;
}

/** `Array.from` takes 40 ms for a million. */
export function numbersFrom(first: number, count: number): readonly number[] {
  const numbers = new Array<number>(count);
  for (let index = 0; index < count; index++) numbers[index] = first + index;
  return numbers;
}

/** Its jobs keep their numbers. */
export function partOf(invocation: JobsInvocation, jobs: SomeJobs): JobsInvocation {
  const count = countOf(jobs);
  if (count === invocation.jobs) return invocation;
  const words = recordWords(invocation.function.parameters);
  const { memory, numbers } = invocation;
  if ("first" in jobs) {
    const { first } = jobs;
    const end = first + count;
    return {
      ...invocation,
      jobs: count,
      arguments: invocation.arguments.subarray(first * words, end * words),
      memory: memory.slice(first, end),
      numbers: numbers?.slice(first, end) ?? numbersFrom(first, count),
    };
  }
  const records = new Uint32Array(count * words);
  jobs.forEach((job, index) => {
    records.set(invocation.arguments.subarray(job * words, (job + 1) * words), index * words);
  });
  const own = memory.length === 0 ? [] : jobs.map((job) => memory[job] ?? noMemory);
  const ownNumbers = numbers === undefined ? jobs : jobs.map((job) => numbers[job] ?? job);
  return { ...invocation, jobs: count, arguments: records, memory: own, numbers: ownNumbers };
}

const noMemory = { writes: [], reads: [] };

export interface RecordedJobs {
  readonly ended: number;
  readonly rest: readonly number[];
  readonly failed: readonly number[];
}

export class JobsRecord {
  readonly #status: Uint32Array;
  readonly #results: Uint32Array;
  readonly #words: number;
  readonly #reads: (readonly Uint8Array[])[];
  readonly #reasons = new Map<number, string>();
  readonly #failures = new Map<number, HostFailure>();
  #deviceSeconds = 0;
  #laneSlices = 0;
  #busyLaneSlices = 0;
  #hostSeconds = 0;
  /** Jobs with a result, and those given up. */
  ended = 0;

  constructor({ jobs, memory, function: { results } }: JobsInvocation) {
    this.#words = recordWords(results);
    this.#status = new Uint32Array(jobs * 2);
    for (let job = 0; job < jobs; job++) this.#status[job * 2] = jobStatus.notRun;
    this.#results = new Uint32Array(jobs * this.#words);
    this.#reads = memory.length === 0 ? [] : Array.from({ length: jobs }, () => []);
  }

  /**
   * What `jobs` came to. Returns how many have a result, those that were not run, and those that were in flight when the device failed and
   * can be run again.
   */
  add(jobs: SomeJobs, result: JobsResult): RecordedJobs {
    const { status, results, reads, reasons, failures } = result;
    this.#copy(jobs, status, 2, this.#status);
    this.#copy(jobs, results, this.#words, this.#results);
    let ended = 0;
    const rest: number[] = [];
    const failed: number[] = [];
    const count = countOf(jobs);
    for (let index = 0; index < count; index++) {
      const job = "first" in jobs ? jobs.first + index : (jobs[index] as number);
      const bytes = reads[index];
      if (bytes !== undefined) this.#reads[job] = bytes;
      setOrDelete(this.#reasons, job, reasons.get(index));
      setOrDelete(this.#failures, job, failures.get(index));
      if (status[index * 2] === jobStatus.notRun) rest.push(job);
      else if (status[index * 2] !== jobStatus.lost) ended += 1;
      else if (status[index * 2 + 1] === 0) failed.push(job);
      else this.ended += 1;
    }
    this.ended += ended;
    this.#deviceSeconds += result.deviceSeconds;
    this.#laneSlices += result.laneSlices;
    this.#busyLaneSlices += result.busyLaneSlices;
    this.#hostSeconds += result.hostSeconds;
    return { ended, rest, failed };
  }

  reasonOf(job: number): string | undefined {
    return this.#reasons.get(job);
  }

  giveUp(job: number, reason: string): void {
    this.#status.set([jobStatus.lost, 1], job * 2);
    this.#reasons.set(job, reason);
    this.ended += 1;
  }

  /** `failure`: why jobs were not run. */
  result(failure: string | undefined): JobsResult {
    return {
      status: this.#status,
      results: this.#results,
      reads: this.#reads,
      reasons: this.#reasons,
      failures: this.#failures,
      deviceSeconds: this.#deviceSeconds,
      laneSlices: this.#laneSlices,
      busyLaneSlices: this.#busyLaneSlices,
      hostSeconds: this.#hostSeconds,
      failure,
    };
  }

  #copy(jobs: SomeJobs, own: Uint32Array, words: number, all: Uint32Array): void {
    if ("first" in jobs) all.set(own, jobs.first * words);
    else {
      jobs.forEach((job, index) => {
        all.set(own.subarray(index * words, (index + 1) * words), job * words);
      });
    }
  }
}

function setOrDelete<Value>(map: Map<number, Value>, key: number, value: Value | undefined): void {
  if (value !== undefined) map.set(key, value);
  else if (map.size > 0) map.delete(key);
}
