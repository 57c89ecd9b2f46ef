/** Jobs that run in parts: what a part is asked for, and the results of all parts by the numbers of the jobs. */
import { jobStatus } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "./backend.ts";
import { recordWords } from "./values.ts";

/** `count` jobs from `first` on, or those with the numbers listed. */
export type SomeJobs = { readonly first: number; readonly count: number } | readonly number[];

export function countOf(jobs: SomeJobs): number {
  return "first" in jobs ? jobs.count : jobs.length;
}

export function partOf(invocation: JobsInvocation, jobs: SomeJobs): JobsInvocation {
  const count = countOf(jobs);
  if (count === invocation.jobs) return invocation;
  const words = recordWords(invocation.function.parameters);
  const { memory } = invocation;
  if ("first" in jobs) {
    const end = jobs.first + count;
    const records = invocation.arguments.subarray(jobs.first * words, end * words);
    return { ...invocation, jobs: count, arguments: records, memory: memory.slice(jobs.first, end) };
  }
  const records = new Uint32Array(count * words);
  jobs.forEach((job, index) => {
    records.set(invocation.arguments.subarray(job * words, (job + 1) * words), index * words);
  });
  const own = memory.length === 0 ? [] : jobs.map((job) => memory[job] ?? noMemory);
  return { ...invocation, jobs: count, arguments: records, memory: own };
}

const noMemory = { writes: [], reads: [] };

export class JobsRecord {
  readonly #status: Uint32Array;
  readonly #results: Uint32Array;
  readonly #words: number;
  readonly #reads: (readonly Uint8Array[])[];
  readonly #reasons = new Map<number, string>();
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

  /** What `jobs` came to. Returns those that were not run, and those that were in flight when the device failed. */
  add(jobs: SomeJobs, result: JobsResult): { readonly rest: readonly number[]; readonly failed: readonly number[] } {
    const { status, results, reads, reasons } = result;
    this.#copy(jobs, status, 2, this.#status);
    this.#copy(jobs, results, this.#words, this.#results);
    const rest: number[] = [];
    const failed: number[] = [];
    const count = countOf(jobs);
    for (let index = 0; index < count; index++) {
      const job = "first" in jobs ? jobs.first + index : (jobs[index] as number);
      const bytes = reads[index];
      if (bytes !== undefined) this.#reads[job] = bytes;
      const reason = reasons.get(index);
      if (reason !== undefined) this.#reasons.set(job, reason);
      else if (this.#reasons.size > 0) this.#reasons.delete(job);
      if (status[index * 2] === jobStatus.notRun) rest.push(job);
      else if (status[index * 2] === jobStatus.lost) failed.push(job);
      else this.ended += 1;
    }
    this.#deviceSeconds += result.deviceSeconds;
    this.#laneSlices += result.laneSlices;
    this.#busyLaneSlices += result.busyLaneSlices;
    this.#hostSeconds += result.hostSeconds;
    return { rest, failed };
  }

  giveUp(job: number, reason: string): void {
    this.#status[job * 2] = jobStatus.lost;
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
