/** `pool/run`: any number of jobs over a pool's instances. */
import { jobStatus } from "../../../protocol/messages.ts";
import type { BackendEvents, JobsInvocation, JobsResult } from "../api/backend.ts";
import { recordWords } from "../api/values.ts";
import type { HostClient } from "./client.ts";
import { bytesOf, ofLength, statusOf, wordsOfBytes } from "./records.ts";

/** Where `invocation.signal` aborts, what has ended is the result. */
export async function runJobs(
  target: { readonly client: HostClient; readonly pool: number; readonly kernel: string },
  invocation: JobsInvocation,
  events: BackendEvents,
): Promise<JobsResult> {
  const { jobs, memory, fuel, timeLimit, sliceFuel, signal } = invocation;
  const { parameters, results: types } = invocation.function;
  const writes = memory.flatMap(({ writes }, job) => writes.map((write) => ({ job, ...write })));
  const reads = memory.flatMap(({ reads }, job) => reads.map((read) => ({ job, ...read })));
  const answer = await target.client.runJobs(
    {
      pool: target.pool,
      kernel: target.kernel,
      jobs,
      arguments: bytesOf(invocation.arguments),
      argumentBytes: recordWords(parameters) * 4,
      resultBytes: recordWords(types) * 4,
      ...(writes.length === 0 ? {} : { writes }),
      ...(reads.length === 0 ? {} : { reads }),
      ...(fuel === undefined ? {} : { fuel }),
      ...(timeLimit === undefined ? {} : { timeLimit }),
      ...(sliceFuel === undefined ? {} : { sliceFuel }),
    },
    { signal, onProgress: events.onProgress },
  );
  let status = answer.status.length === 0 ? undefined : statusOf(answer.status, jobs, "pool/run");
  const results = wordsOfBytes(ofLength(answer.results, jobs * recordWords(types) * 4, "pool/run"));
  const found: Uint8Array[][] = reads.length === 0 ? [] : Array.from({ length: jobs }, () => []);
  reads.forEach(({ job, length }, index) => {
    if (status === undefined || status[job * 2] === 0)
      found[job]?.push(ofLength(answer.reads?.[index], length, "pool/run"));
  });
  const { deviceSeconds, laneSlices, busyLaneSlices, seconds, failure } = answer;
  const reasons = new Map<number, string>();
  if (status !== undefined) {
    for (let job = 0; job < jobs; job++) {
      if (status[job * 2] === jobStatus.lost) reasons.set(job, `the device failed: ${failure ?? "no reason given"}`);
    }
  }
  return {
    // As of `Outcome`: made when it is asked for.
    get status() {
      status ??= new Uint32Array(jobs * 2);
      return status;
    },
    results,
    reads: found,
    reasons,
    deviceSeconds,
    laneSlices,
    busyLaneSlices,
    hostSeconds: seconds,
    failure,
  };
}
