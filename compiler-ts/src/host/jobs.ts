/** `pool/run`: any number of jobs over a pool's instances, their calls of imported functions answered on the way. */
import type { RunJobsResult, WaitingJobCalls } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import type { HostFailure } from "../api/hostFunctions.ts";
import { recordWords } from "../api/values.ts";
import { HostError } from "../errors.ts";
import type { RequestOptions } from "./client.ts";
import { JobStream } from "./jobStream.ts";
import { type Numbering, renumbered } from "./numbering.ts";
import { bytesOf, ofLength, statusOf, wordsOfBytes } from "./records.ts";
import { answerCalls, answerOf, importNumbered, type WaitingPool } from "./rounds.ts";

export interface JobsPool extends WaitingPool {
  readonly kernel: string;
  /** Whether anything depends on the numbers of jobs. */
  readonly isNumbered: boolean;
}

/** Where `invocation.signal` aborts, what has ended is the result. */
export async function runJobs(
  pool: JobsPool,
  invocation: JobsInvocation,
  onProgress: RequestOptions["onProgress"],
): Promise<JobsResult> {
  const { jobs, memory, numbers, fuel, timeLimit, sliceFuel, signal } = invocation;
  const { parameters, results: types } = invocation.function;
  const writes = memory.flatMap(({ writes }, job) => writes.map((write) => ({ job, ...write })));
  const reads = memory.flatMap(({ reads }, job) => reads.map((read) => ({ job, ...read })));
  const options = { signal, onProgress };
  const records = bytesOf(invocation.arguments);
  const resultBytes = recordWords(types) * 4;
  const stream = JobStream.of(pool.client, records, jobs * resultBytes);
  const failures = new Map<number, HostFailure>();
  try {
    const answered = pool.client.runJobs(
      {
        pool: pool.pool,
        kernel: pool.kernel,
        jobs,
        arguments: records,
        argumentBytes: recordWords(parameters) * 4,
        resultBytes,
        ...(writes.length === 0 ? {} : { writes }),
        ...(reads.length === 0 ? {} : { reads }),
        ...(numbers === undefined || !pool.isNumbered ? {} : { numbers }),
        ...(fuel === undefined ? {} : { fuel }),
        ...(timeLimit === undefined ? {} : { timeLimit }),
        ...(sliceFuel === undefined ? {} : { sliceFuel }),
        ...stream?.parameters,
      },
      options,
    );
    stream?.sendArguments();
    let answer = await answered;
    while (answer.waiting !== undefined) answer = await goOn(pool, answer.waiting, numbers, options, failures);
    const results = stream?.resultsWith(answer.results) ?? ofLength(answer.results, jobs * resultBytes, "pool/run");
    return resultOf(pool, jobs, reads, answer, wordsOfBytes(results), failures);
  } finally {
    stream?.close();
  }
}

function resultOf(
  pool: JobsPool,
  jobs: number,
  reads: readonly { readonly job: number; readonly length: number }[],
  answer: RunJobsResult,
  results: Uint32Array,
  failures: Map<number, HostFailure>,
): JobsResult {
  let status = answer.status.length === 0 ? undefined : statusOf(answer.status, jobs, "pool/run");
  const found: Uint8Array[][] = reads.length === 0 ? [] : Array.from({ length: jobs }, () => []);
  reads.forEach(({ job, length }, index) => {
    if (status === undefined || status[job * 2] === 0)
      found[job]?.push(ofLength(answer.reads?.[index], length, "pool/run"));
  });
  const { deviceSeconds, laneSlices, busyLaneSlices, seconds, failure } = answer;
  const reasons = new Map<number, string>();
  for (const { import: number, message, jobs: ended } of answer.reasons ?? []) {
    for (const job of ended) {
      if (number === undefined) reasons.set(job, `the device failed: ${message}`);
      else failures.set(job, { import: nameOf(number, pool), message });
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
    failures,
    deviceSeconds,
    laneSlices,
    busyLaneSlices,
    hostSeconds: seconds,
    failure,
  };
}

/** Answers all calls that wait. Imported functions know an instance by the number of its job. */
async function goOn(
  pool: JobsPool,
  waiting: readonly WaitingJobCalls[],
  numbers: readonly number[] | undefined,
  options: RequestOptions,
  failures: Map<number, HostFailure>,
): Promise<RunJobsResult> {
  const { client } = pool;
  const { signal } = options;
  try {
    const callers = new Callers(waiting, numbers);
    const ending = signal === undefined ? client.closed : AbortSignal.any([signal, client.closed]);
    const hostFunctions = renumbered(pool.hostFunctions, callers);
    const round = await answerCalls({ ...pool, hostFunctions }, waiting, ending);
    for (const [instance, failure] of round.failures) failures.set(callers.jobOf(instance), failure);
    return await client.resumeRun({ pool: pool.pool, ...answerOf(round) }, options);
  } catch (error) {
    // Nobody will answer what waits. A request that was cancelled before it began has left the run waiting.
    const stopped = await client.resumeRun({ pool: pool.pool, answers: [], stop: true }).catch(() => undefined);
    if (stopped !== undefined && signal?.aborted) return stopped;
    throw error;
  }
}

/** The instances that wait, each with its job. */
class Callers implements Numbering {
  readonly #jobs = new Map<number, number>();
  readonly #instances = new Map<number, number>();
  readonly #numbers: readonly number[] | undefined;

  constructor(waiting: readonly WaitingJobCalls[], numbers: readonly number[] | undefined) {
    this.#numbers = numbers;
    for (const { instances, jobs } of waiting) {
      instances.forEach((instance, index) => {
        const job = jobs[index];
        if (job === undefined) throw new HostError("protocolViolation", "a call without its job");
        this.#jobs.set(instance, job);
        this.#instances.set(this.numberOf(instance), instance);
      });
    }
  }

  /** Its place in the request. */
  jobOf(instance: number): number {
    return known(this.#jobs.get(instance), "instance", instance);
  }

  readonly numberOf = (instance: number): number => {
    const job = this.jobOf(instance);
    return this.#numbers?.[job] ?? job;
  };

  readonly instanceOf = (number: number): number => known(this.#instances.get(number), "job", number);
}

function known(found: number | undefined, what: string, number: number): number {
  if (found === undefined) throw new Error(`${what} ${number} does not wait`);
  return found;
}

function nameOf(number: number, { hostFunctions }: JobsPool): string {
  const { module, name } = importNumbered(number, hostFunctions);
  return `${module}.${name}`;
}
