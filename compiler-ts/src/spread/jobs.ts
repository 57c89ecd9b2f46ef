/**
 * A queue of jobs that several devices share. A device that is free takes half of an even share of what is left: much at first, since its
 * lanes are all at work only in the midst of many jobs, and little in the end, so that all devices end at about the same time.
 * (Guided self-scheduling: C. Polychronopoulos and D. Kuck, IEEE Transactions on Computers, 1987.)
 */
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import { JobsRecord, partOf } from "../api/jobsRecord.ts";
import { HostError } from "../errors.ts";
import type { SpreadEvents } from "./backend.ts";
import { labelled } from "./errors.ts";
import type { Part } from "./pool.ts";
import { SharedProgress } from "./progress.ts";
import type { Range } from "./shares.ts";

interface Ended {
  readonly part: Part;
  readonly range: Range;
  readonly outcome: { readonly result: JobsResult } | { readonly error: unknown };
}

export class SharedQueue {
  readonly #invocation: JobsInvocation;
  readonly #events: SpreadEvents;
  readonly #lost: Set<Part>;
  readonly #idle: Set<Part>;
  readonly #running = new Map<Part, Promise<Ended>>();
  #waiting: readonly Range[];
  /** Jobs that no device takes less of, unless there are no more: one a lane. */
  readonly #fewest: number;
  readonly #record: JobsRecord;
  readonly #hostSeconds = new Map<Part, number>();
  readonly #progress: SharedProgress;
  readonly #refusal = new AbortController();
  readonly #ending: AbortSignal;
  #lastLoss: HostError | undefined;

  /** A device that gives up goes into `lost`, and gets no jobs while there are others. */
  constructor(parts: readonly Part[], lost: Set<Part>, invocation: JobsInvocation, events: SpreadEvents) {
    if (lost.size === parts.length) lost.clear();
    this.#invocation = invocation;
    this.#events = events;
    this.#lost = lost;
    this.#idle = new Set(parts.filter((part) => !lost.has(part)));
    this.#waiting = invocation.jobs === 0 ? [] : [{ first: 0, count: invocation.jobs }];
    this.#fewest = Math.ceil(invocation.jobs / this.#idle.size);
    this.#record = new JobsRecord(invocation);
    this.#progress = new SharedProgress(invocation.jobs, events.onProgress);
    const { signal } = invocation;
    this.#ending = signal === undefined ? this.#refusal.signal : AbortSignal.any([signal, this.#refusal.signal]);
  }

  /** Rejects where a device refuses, or where none is left before any job has ended. */
  async run(): Promise<JobsResult> {
    this.#begin();
    while (this.#running.size > 0) {
      this.#settle(await Promise.race(this.#running.values()));
      this.#begin();
    }
    this.#refusal.signal.throwIfAborted();
    if (this.#lastLoss === undefined || this.#waiting.length === 0) return this.#result(undefined);
    if (this.#record.ended === 0) throw this.#lastLoss;
    return this.#result(this.#lastLoss.message);
  }

  #begin(): void {
    for (const part of [...this.#idle]) {
      if (this.#ending.aborted) return;
      const left = this.#waiting.reduce((sum, { count }) => sum + count, 0);
      const devices = this.#idle.size + this.#running.size;
      const range = this.#take(Math.max(Math.ceil(left / (2 * devices)), Math.min(part.count, this.#fewest)));
      if (range === undefined) return;
      this.#idle.delete(part);
      this.#running.set(part, this.#runOn(part, range));
    }
  }

  #take(most: number): Range | undefined {
    const [next, ...others] = this.#waiting;
    if (next === undefined) return undefined;
    const count = Math.min(most, next.count);
    const rest = { first: next.first + count, count: next.count - count };
    this.#waiting = rest.count === 0 ? others : [rest, ...others];
    return { first: next.first, count };
  }

  async #runOn(part: Part, range: Range): Promise<Ended> {
    const run = part.pool.runJobs?.bind(part.pool);
    if (run === undefined) throw new Error(`${part.label} cannot run jobs`);
    const onProgress = this.#progress.of(part, range.count);
    try {
      const result = await run({ ...partOf(this.#invocation, range), signal: this.#ending, onProgress });
      return { part, range, outcome: { result } };
    } catch (error) {
      return { part, range, outcome: { error: labelled(part.label, error) } };
    }
  }

  #settle({ part, range, outcome }: Ended): void {
    this.#running.delete(part);
    const rest = "result" in outcome ? this.#add(part, range, outcome.result) : [range];
    this.#progress.ended(part, range.count - rest.reduce((sum, { count }) => sum + count, 0));
    if ("error" in outcome && !(outcome.error instanceof HostError)) this.#refusal.abort(outcome.error);
    else if (rest.length === 0 || this.#ending.aborted) this.#idle.add(part);
    else this.#lose(part, rest, "error" in outcome ? outcome.error : outcome.result.failure);
  }

  /** Returns what others can run: what was not run, and where the device gave up what it had in flight. */
  #add(part: Part, range: Range, result: JobsResult): readonly Range[] {
    const reasons = new Map([...result.reasons].map(([job, reason]) => [job, `${part.label}: ${reason}`]));
    this.#hostSeconds.set(part, (this.#hostSeconds.get(part) ?? 0) + result.hostSeconds);
    const { rest, failed } = this.#record.add(range, { ...result, reasons });
    return result.failure === undefined ? rangesOfNumbers(rest) : rangesOfNumbers([...rest, ...failed]);
  }

  /** The hosts work at the same time. */
  #result(failure: string | undefined): JobsResult {
    return { ...this.#record.result(failure), hostSeconds: Math.max(0, ...this.#hostSeconds.values()) };
  }

  #lose(part: Part, rest: readonly Range[], reason: unknown): void {
    this.#lost.add(part);
    this.#waiting = [...rest, ...this.#waiting];
    this.#lastLoss =
      reason instanceof HostError
        ? reason
        : new HostError("deviceError", `${part.label}: ${reason ?? "it left jobs without a reason"}`);
    if (this.#idle.size + this.#running.size > 0) this.#events.onLoss?.(this.#lastLoss.message);
  }
}

function rangesOfNumbers(jobs: readonly number[]): readonly Range[] {
  const ranges: { first: number; count: number }[] = [];
  for (const job of [...jobs].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.first + last.count === job) last.count += 1;
    else ranges.push({ first: job, count: 1 });
  }
  return ranges;
}
