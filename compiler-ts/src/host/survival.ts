/**
 * A queue of jobs that outlives its host. Every job begins in the initial state, so one whose result has not arrived is run again from
 * its beginning, on a new host. What was in flight when a host died is tried in halves: that finds the job that kills hosts in few
 * deaths, and ends whatever else happens to hosts, since what is in flight becomes smaller than the time between two deaths.
 */
import { jobStatus } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import { recordWords } from "../api/values.ts";
import { messageOf } from "../errors.ts";
import { isDeath } from "./keeper.ts";

export interface SurvivingHost {
  /** Makes the pool anew where its host is dead. */
  readonly revive: (signal: AbortSignal | undefined) => Promise<unknown>;
  /** `before`: share of all jobs that have ended; `share`: that of `part`. */
  readonly run: (
    part: JobsInvocation,
    progress: { readonly before: number; readonly share: number },
  ) => Promise<JobsResult>;
}

interface Group {
  readonly jobs: readonly number[];
  /** How many hosts died of these jobs. */
  readonly deaths: number;
}

/** Hosts that a job alone may kill. */
const deathsOfOne = 3;
/** With no job ended between them. More than one job among the largest number of jobs needs to be found and given up. */
const deathsInARow = 64;

export async function runSurviving(invocation: JobsInvocation, host: SurvivingHost): Promise<JobsResult> {
  const record = new JobsRecord(invocation);
  const { signal } = invocation;
  const groups: Group[] = [{ jobs: Array.from({ length: invocation.jobs }, (_, job) => job), deaths: 0 }];
  let row = 0;
  for (let group = groups.shift(); group !== undefined && !signal?.aborted; group = groups.shift()) {
    const { jobs, deaths } = group;
    try {
      await host.revive(signal);
    } catch (error) {
      if (signal?.aborted) break;
      if (record.ended === 0) throw error;
      record.failure = messageOf(error);
      break;
    }
    const [first] = jobs;
    try {
      const progress = { before: record.ended / invocation.jobs, share: jobs.length / invocation.jobs };
      record.add(jobs, await host.run(partOf(invocation, jobs), progress));
      row = 0;
    } catch (error) {
      if (signal?.aborted) break;
      if (!isDeath(error)) throw error;
      row += 1;
      if (jobs.length > 1) {
        const half = Math.ceil(jobs.length / 2);
        groups.unshift({ jobs: jobs.slice(0, half), deaths: 0 }, { jobs: jobs.slice(half), deaths: 0 });
      } else if (deaths + 1 < deathsOfOne) groups.unshift({ jobs, deaths: deaths + 1 });
      else if (first !== undefined) record.giveUp(first, `${deathsOfOne} hosts died of it: ${error.message}`);
      if (row === deathsInARow) {
        record.failure = `${deathsInARow} hosts died one after the other: ${error.message}`;
        break;
      }
    }
  }
  return record.result();
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
  ended = 0;
  failure: string | undefined;

  constructor({ jobs, function: { results } }: JobsInvocation) {
    this.#words = recordWords(results);
    this.#status = new Uint32Array(jobs * 2).map((_, index) => (index % 2 === 0 ? jobStatus.notRun : 0));
    this.#results = new Uint32Array(jobs * this.#words);
    this.#reads = Array.from({ length: jobs }, () => []);
  }

  add(jobs: readonly number[], { status, results, reads, ...rest }: JobsResult): void {
    jobs.forEach((job, index) => {
      this.#status.set(status.subarray(index * 2, index * 2 + 2), job * 2);
      this.#results.set(results.subarray(index * this.#words, (index + 1) * this.#words), job * this.#words);
      this.#reads[job] = reads[index] ?? [];
      const reason = rest.reasons.get(index);
      if (reason !== undefined) this.#reasons.set(job, reason);
      if (status[index * 2] !== jobStatus.notRun) this.ended += 1;
    });
    this.#deviceSeconds += rest.deviceSeconds;
    this.#laneSlices += rest.laneSlices;
    this.#busyLaneSlices += rest.busyLaneSlices;
    this.failure = rest.failure ?? this.failure;
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
      failure: this.failure,
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
