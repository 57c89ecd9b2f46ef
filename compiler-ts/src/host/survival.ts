/**
 * A queue of jobs that outlives its host and its device's faults. Every job begins in the initial state, so one whose result has not arrived,
 * or that was in flight when the device failed, is run again from its beginning, on a new host or in a new pool.
 */
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import { countOf, JobsRecord, partOf } from "../api/jobsRecord.ts";
import { messageOf } from "../errors.ts";
import { Attempts, type Verdict } from "./attempts.ts";
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

export async function runSurviving(invocation: JobsInvocation, host: SurvivingHost): Promise<JobsResult> {
  const { signal } = invocation;
  // Where all goes well nothing is made for a job.
  let made: JobsRecord | undefined;
  let failure: string | undefined;
  const record = () => {
    made ??= new JobsRecord(invocation);
    return made;
  };
  const attempts = new Attempts(invocation.jobs);
  /** Whether there is to be another attempt. */
  const judge = ({ lost, isOver }: Verdict) => {
    if (lost !== undefined) record().giveUp(lost.job, lost.reason);
    failure = isOver ?? failure;
    return isOver === undefined;
  };
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
      const progress = { before: (made?.ended ?? 0) / invocation.jobs, share: countOf(jobs) / invocation.jobs };
      const result = await host.run(partOf(invocation, jobs), progress);
      if (made === undefined && countOf(jobs) === invocation.jobs && result.failure === undefined) return result;
      failure = result.failure ?? failure;
      const reasonOf = (job?: number) =>
        (job === undefined ? undefined : record().reasonOf(job)) ?? failure ?? "no reason given";
      if (!judge(attempts.ran(record().add(jobs, result), reasonOf))) break;
      if (result.failure === undefined || attempts.isEmpty || signal?.aborted) continue;
      if (!(await host.renew(signal).catch(() => false))) break;
    } catch (error) {
      if (signal?.aborted) break;
      if (!isDeath(error)) throw error;
      if (!judge(attempts.died(error.message))) break;
    }
  }
  return record().result(record().ended === invocation.jobs ? undefined : failure);
}
