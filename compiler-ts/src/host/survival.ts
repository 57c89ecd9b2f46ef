/**
 * A queue of jobs that outlives its host and its pool. Every job begins in the initial state, so one whose result has not arrived, or whose
 * command buffer failed, is run again from its beginning, on a new host or in a new pool.
 */
import { jobStatus } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import type { HostFailure } from "../api/hostFunctions.ts";
import { recordWords } from "../api/values.ts";
import { messageOf } from "../errors.ts";
import { Attempts } from "./attempts.ts";
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

/** Pools, one after the other, that the device gave up before a job had a result. */
const poolsInARow = 3;

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
      const { rest, lost, ended } = record().add(jobs, result);
      if (ended > 0 || rest.length > 0) attempts.ended(rest);
      if (ended > 0) poolRow = 0;
      else if (rest.length > 0) poolRow += 1;
      if (result.failure === undefined || rest.length + lost.length === 0 || signal?.aborted) continue;
      attempts.failed(lost);
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
  readonly #failures = new Map<number, HostFailure>();
  #deviceSeconds = 0;
  #laneSlices = 0;
  #busyLaneSlices = 0;
  #hostSeconds = 0;
  /** Jobs that have an outcome, or were given up for their hosts. */
  ended = 0;
  failure: string | undefined;

  constructor({ jobs, function: { results } }: JobsInvocation) {
    this.#words = recordWords(results);
    this.#status = new Uint32Array(jobs * 2).map((_, index) => (index % 2 === 0 ? jobStatus.notRun : 0));
    this.#results = new Uint32Array(jobs * this.#words);
    this.#reads = Array.from({ length: jobs }, () => []);
  }

  /** Returns those that were not run, those that can be run again after their command buffer failed, and how many have an outcome. */
  add(
    jobs: readonly number[],
    { status, results, reads, ...rest }: JobsResult,
  ): { readonly rest: number[]; readonly lost: number[]; readonly ended: number } {
    const added = { rest: [] as number[], lost: [] as number[], ended: 0 };
    jobs.forEach((job, index) => {
      this.#status.set(status.subarray(index * 2, index * 2 + 2), job * 2);
      this.#results.set(results.subarray(index * this.#words, (index + 1) * this.#words), job * this.#words);
      this.#reads[job] = reads[index] ?? [];
      setOrDelete(this.#reasons, job, rest.reasons.get(index));
      setOrDelete(this.#failures, job, rest.failures.get(index));
      if (status[index * 2] === jobStatus.notRun) added.rest.push(job);
      else if (status[index * 2] !== jobStatus.lost) added.ended += 1;
      // One that did not end would take minutes to fail again.
      else if (status[index * 2 + 1] === 0) added.lost.push(job);
    });
    this.ended += added.ended;
    this.#deviceSeconds += rest.deviceSeconds;
    this.#laneSlices += rest.laneSlices;
    this.#busyLaneSlices += rest.busyLaneSlices;
    this.#hostSeconds += rest.hostSeconds;
    this.failure = rest.failure ?? this.failure;
    return added;
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
      failures: this.#failures,
      deviceSeconds: this.#deviceSeconds,
      laneSlices: this.#laneSlices,
      busyLaneSlices: this.#busyLaneSlices,
      hostSeconds: this.#hostSeconds,
      failure: this.#isComplete ? undefined : this.failure,
    };
  }

  /** Nothing was not run. */
  get #isComplete(): boolean {
    return !this.#status.some((word, index) => index % 2 === 0 && word === jobStatus.notRun);
  }
}

function setOrDelete<Value>(map: Map<number, Value>, key: number, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function partOf(invocation: JobsInvocation, jobs: readonly number[]): JobsInvocation {
  if (jobs.length === invocation.jobs) return invocation;
  const words = recordWords(invocation.function.parameters);
  const records = new Uint32Array(jobs.length * words);
  jobs.forEach((job, index) => {
    records.set(invocation.arguments.subarray(job * words, (job + 1) * words), index * words);
  });
  const memory = invocation.memory.length === 0 ? [] : jobs.map((job) => invocation.memory[job] ?? noMemory);
  const numbers = invocation.numbers === undefined ? jobs : jobs.map((job) => invocation.numbers?.[job] ?? job);
  return { ...invocation, jobs: jobs.length, arguments: records, memory, numbers };
}

const noMemory = { writes: [], reads: [] };
