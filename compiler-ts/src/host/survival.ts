/**
 * A queue of jobs that outlives its host and its device's faults. Every job begins in the initial state, so one whose result has not arrived
 * is run again from its beginning, on a new host.
 */
import { jobStatus } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import { recordWords } from "../api/values.ts";
import { Attempts } from "../attempts.ts";
import { messageOf } from "../errors.ts";
import { isDeath } from "./keeper.ts";

export interface SurvivingHost {
  /** Makes the pool anew where its host is dead. */
  readonly revive: (signal: AbortSignal | undefined) => Promise<unknown>;
  /** Makes the pool anew after the device gave it up; false where it cannot be. */
  readonly renew: (signal: AbortSignal | undefined) => Promise<boolean>;
  /** `before`: share of all jobs that have ended; `share`: that of `part`. */
  readonly run: (
    part: JobsInvocation,
    progress: { readonly before: number; readonly share: number },
  ) => Promise<JobsResult>;
}

/** Pools, one after the other, that the device gave up before a job had a result. Few jobs that fail it, each in a half, make some. */
const poolsInARow = 8;

export async function runSurviving(invocation: JobsInvocation, host: SurvivingHost): Promise<JobsResult> {
  const { signal } = invocation;
  // Where all goes well nothing is made for a job.
  let made: JobsRecord | undefined;
  const record = () => {
    made ??= new JobsRecord(invocation);
    return made;
  };
  const attempts = new Attempts([numbersTo(invocation.jobs)]);
  let poolRow = 0;
  for (let jobs = attempts.next(); jobs !== undefined && !signal?.aborted; jobs = attempts.next()) {
    try {
      await host.revive(signal);
    } catch (error) {
      if (signal?.aborted) break;
      if (made === undefined || made.ended === 0) throw error;
      made.failure = messageOf(error);
      break;
    }
    try {
      const progress = { before: (made?.ended ?? 0) / invocation.jobs, share: jobs.length / invocation.jobs };
      const result = await host.run(partOf(invocation, jobs), progress);
      if (made === undefined && jobs.length === invocation.jobs && result.failure === undefined) return result;
      const { rest, failed } = record().add(jobs, result);
      poolRow = rest.length + failed.length < jobs.length ? 0 : poolRow + 1;
      attempts.ended(rest);
      const lost = attempts.failed(failed, `the device failed: ${result.failure ?? "no reason given"}`);
      if (lost !== undefined) record().giveUp(lost.item, lost.reason);
      if (result.failure === undefined || attempts.isEmpty || signal?.aborted) continue;
      if (poolRow === poolsInARow || !(await host.renew(signal).catch(() => false))) break;
    } catch (error) {
      if (signal?.aborted) break;
      if (!isDeath(error)) throw error;
      const { lost, isOver } = attempts.died(error.message);
      if (lost !== undefined) record().giveUp(lost.item, lost.reason);
      if (isOver === undefined) continue;
      record().failure = isOver;
      break;
    }
  }
  return record().result();
}

/** `Array.from` takes 40 ms for a million. */
function numbersTo(count: number): readonly number[] {
  const numbers = new Array<number>(count);
  for (let number = 0; number < count; number++) numbers[number] = number;
  return numbers;
}

/** Results by the number of the job, of whichever host. */
class JobsRecord {
  readonly #status: Uint32Array;
  readonly #results: Uint32Array;
  readonly #words: number;
  readonly #reads: (readonly Uint8Array[])[];
  readonly #reasons = new Map<number, string>();
  #deviceSeconds = 0;
  #laneSlices = 0;
  #busyLaneSlices = 0;
  #hostSeconds = 0;
  ended = 0;
  failure: string | undefined;

  constructor({ jobs, function: { results } }: JobsInvocation) {
    this.#words = recordWords(results);
    this.#status = new Uint32Array(jobs * 2).map((_, index) => (index % 2 === 0 ? jobStatus.notRun : 0));
    this.#results = new Uint32Array(jobs * this.#words);
    this.#reads = Array.from({ length: jobs }, () => []);
  }

  /** Returns those that were not run, and those that were in flight when the device failed. */
  add(
    jobs: readonly number[],
    { status, results, reads, ...rest }: JobsResult,
  ): { readonly rest: readonly number[]; readonly failed: readonly number[] } {
    const failed: number[] = [];
    jobs.forEach((job, index) => {
      this.#status.set(status.subarray(index * 2, index * 2 + 2), job * 2);
      this.#results.set(results.subarray(index * this.#words, (index + 1) * this.#words), job * this.#words);
      this.#reads[job] = reads[index] ?? [];
      const reason = rest.reasons.get(index);
      if (reason === undefined) this.#reasons.delete(job);
      else this.#reasons.set(job, reason);
      if (status[index * 2] === jobStatus.lost) failed.push(job);
      else if (status[index * 2] !== jobStatus.notRun) this.ended += 1;
    });
    this.#deviceSeconds += rest.deviceSeconds;
    this.#laneSlices += rest.laneSlices;
    this.#busyLaneSlices += rest.busyLaneSlices;
    this.#hostSeconds += rest.hostSeconds;
    this.failure = rest.failure ?? this.failure;
    return { rest: jobs.filter((job) => this.#status[job * 2] === jobStatus.notRun), failed };
  }

  giveUp(job: number, reason: string): void {
    this.#status[job * 2] = jobStatus.lost;
    this.#reasons.set(job, reason);
    this.ended += 1;
  }

  result(): JobsResult {
    return {
      status: this.#status,
      results: this.#results,
      reads: this.#reads,
      reasons: this.#reasons,
      deviceSeconds: this.#deviceSeconds,
      laneSlices: this.#laneSlices,
      busyLaneSlices: this.#busyLaneSlices,
      hostSeconds: this.#hostSeconds,
      failure: this.ended * 2 === this.#status.length ? undefined : this.failure,
    };
  }
}

function partOf(invocation: JobsInvocation, jobs: readonly number[]): JobsInvocation {
  if (jobs.length === invocation.jobs) return invocation;
  const words = recordWords(invocation.function.parameters);
  const records = new Uint32Array(jobs.length * words);
  jobs.forEach((job, index) => {
    records.set(invocation.arguments.subarray(job * words, (job + 1) * words), index * words);
  });
  const memory = invocation.memory.length === 0 ? [] : jobs.map((job) => invocation.memory[job] ?? noMemory);
  return { ...invocation, jobs: jobs.length, arguments: records, memory };
}

const noMemory = { writes: [], reads: [] };
