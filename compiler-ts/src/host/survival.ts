/**
 * A queue of jobs that outlives its host and its device's faults. Every job begins in the initial state, so one whose result has not arrived
 * is run again from its beginning, on a new host.
 */
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import { JobsRecord, partOf } from "../api/jobsRecord.ts";
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
  let failure: string | undefined;
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
      failure = messageOf(error);
      break;
    }
    try {
      const progress = { before: (made?.ended ?? 0) / invocation.jobs, share: jobs.length / invocation.jobs };
      const result = await host.run(partOf(invocation, jobs), progress);
      if (made === undefined && jobs.length === invocation.jobs && result.failure === undefined) return result;
      failure = result.failure ?? failure;
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
      failure = isOver;
      break;
    }
  }
  return record().result(record().ended === invocation.jobs ? undefined : failure);
}

/** `Array.from` takes 40 ms for a million. */
function numbersTo(count: number): readonly number[] {
  const numbers = new Array<number>(count);
  for (let number = 0; number < count; number++) numbers[number] = number;
  return numbers;
}
