/** `pool/run`: any number of jobs over a pool's instances, their calls of imported functions answered on the way. */
import type { RunJobsResult, WaitingJobCalls } from "../../../protocol/messages.ts";
import type { JobsInvocation, JobsResult } from "../api/backend.ts";
import type { HostFailure } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import { recordWords } from "../api/values.ts";
import { HostError } from "../errors.ts";
import type { RequestOptions } from "./client.ts";
import { bytesOf, ofLength, statusOf, wordsOfBytes } from "./records.ts";
import { answerCalls, importNumbered, type WaitingPool } from "./rounds.ts";

export interface JobsPool extends WaitingPool {
  readonly kernel: string;
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
  let answer = await pool.client.runJobs(
    {
      pool: pool.pool,
      kernel: pool.kernel,
      jobs,
      arguments: bytesOf(invocation.arguments),
      argumentBytes: recordWords(parameters) * 4,
      resultBytes: recordWords(types) * 4,
      ...(writes.length === 0 ? {} : { writes }),
      ...(reads.length === 0 ? {} : { reads }),
      ...(numbers === undefined ? {} : { numbers }),
      ...(fuel === undefined ? {} : { fuel }),
      ...(timeLimit === undefined ? {} : { timeLimit }),
      ...(sliceFuel === undefined ? {} : { sliceFuel }),
    },
    options,
  );
  const failures = new Map<number, HostFailure>();
  while (answer.waiting !== undefined) answer = await goOn(pool, answer.waiting, numbers, options, failures);

  let status = answer.status.length === 0 ? undefined : statusOf(answer.status, jobs, "pool/run");
  const results = wordsOfBytes(ofLength(answer.results, jobs * recordWords(types) * 4, "pool/run"));
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
    const callers = new Map<number, Caller>();
    const calls = waiting.map(({ instances, jobs, ...call }) => {
      const called = instances.map((instance, index) => {
        const job = jobs[index];
        if (job === undefined) throw new HostError("protocolViolation", "a call without its job");
        const number = numbers?.[job] ?? job;
        callers.set(number, { instance, job });
        return number;
      });
      return { ...call, instances: called };
    });
    const caller = (number: number): Caller => {
      const found = callers.get(number);
      if (found === undefined) throw new Error(`job ${number} does not wait`);
      return found;
    };
    const ending = signal === undefined ? client.closed : AbortSignal.any([signal, client.closed]);
    const memories = memoriesOf(pool.memories, (number) => caller(number).instance);
    const round = await answerCalls({ ...pool, memories }, calls, ending);
    for (const [number, failure] of round.failures) failures.set(caller(number).job, failure);
    const answers = round.answers.map(({ import: number, instances, results }) => ({
      import: number,
      instances: instances.map((number) => caller(number).instance),
      results: bytesOf(results),
    }));
    const failed = [...round.failures.keys()].map((number) => caller(number).instance);
    return await client.resumeRun({ pool: pool.pool, answers, ...(failed.length === 0 ? {} : { failed }) }, options);
  } catch (error) {
    // Nobody will answer what waits. A request that was cancelled before it began has left the run waiting.
    const stopped = await client.resumeRun({ pool: pool.pool, answers: [], stop: true }).catch(() => undefined);
    if (stopped !== undefined && signal?.aborted) return stopped;
    throw error;
  }
}

interface Caller {
  readonly instance: number;
  /** Its place in the request. */
  readonly job: number;
}

function memoriesOf(memories: InstanceMemories, instanceOf: (number: number) => number): InstanceMemories {
  const placed = <Item extends { readonly instance: number }>(items: readonly Item[]) =>
    items.map((item) => ({ ...item, instance: instanceOf(item.instance) }));
  return {
    read: (ranges) => memories.read(placed(ranges)),
    write: (writes) => memories.write(placed(writes)),
    sizes: (numbers) => memories.sizes(numbers.map(instanceOf)),
  };
}

function nameOf(number: number, { hostFunctions }: JobsPool): string {
  const { module, name } = importNumbered(number, hostFunctions);
  return `${module}.${name}`;
}
