/** Results of jobs by their numbers, of whichever device. */
import { jobStatus } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import { recordWords } from "../api/values.ts";
import type { Part } from "./pool.ts";
import type { Range } from "./shares.ts";

export class SharedRecord {
  readonly #status: Uint32Array;
  readonly #results: Uint32Array;
  readonly #words: number;
  readonly #reads: (readonly Uint8Array[])[];
  readonly #reasons = new Map<number, string>();
  readonly #hostSeconds = new Map<Part, number>();
  #deviceSeconds = 0;
  #laneSlices = 0;
  #busyLaneSlices = 0;
  ended = 0;

  constructor({ jobs, memory, function: { results } }: JobsInvocation) {
    this.#words = recordWords(results);
    this.#status = new Uint32Array(jobs * 2);
    for (let job = 0; job < jobs; job++) this.#status[job * 2] = jobStatus.notRun;
    this.#results = new Uint32Array(jobs * this.#words);
    this.#reads = memory.length === 0 ? [] : Array.from({ length: jobs }, () => []);
  }

  /** Returns those that were not run. */
  add(part: Part, { first, count }: Range, result: JobsResult): readonly Range[] {
    const { status, results, reads, reasons } = result;
    this.#status.set(status, first * 2);
    this.#results.set(results, first * this.#words);
    reads.forEach((bytes, job) => {
      this.#reads[first + job] = bytes;
    });
    for (const [job, reason] of reasons) this.#reasons.set(first + job, `${part.label}: ${reason}`);
    this.#hostSeconds.set(part, (this.#hostSeconds.get(part) ?? 0) + result.hostSeconds);
    this.#deviceSeconds += result.deviceSeconds;
    this.#laneSlices += result.laneSlices;
    this.#busyLaneSlices += result.busyLaneSlices;
    const rest: { first: number; count: number }[] = [];
    for (let job = 0; job < count; job++) {
      if (status[job * 2] !== jobStatus.notRun) continue;
      const last = rest.at(-1);
      if (last !== undefined && last.first + last.count === first + job) last.count += 1;
      else rest.push({ first: first + job, count: 1 });
    }
    this.ended += count - rest.reduce((sum, { count }) => sum + count, 0);
    return rest;
  }

  result(failure: string | undefined): JobsResult {
    return {
      status: this.#status,
      results: this.#results,
      reads: this.#reads,
      reasons: this.#reasons,
      deviceSeconds: this.#deviceSeconds,
      laneSlices: this.#laneSlices,
      busyLaneSlices: this.#busyLaneSlices,
      hostSeconds: Math.max(0, ...this.#hostSeconds.values()),
      failure,
    };
  }
}
