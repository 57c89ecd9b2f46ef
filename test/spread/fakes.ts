/** Pools of fake devices, in which a test says what happens when. */
import type {
  BackendPool,
  Invocation,
  InvocationResult,
  JobsInvocation,
  JobsResult,
} from "../../compiler-ts/src/api/backend.ts";
import type { Part } from "../../compiler-ts/src/spread/pool.ts";
import { rangesOf } from "../../compiler-ts/src/spread/shares.ts";
import { jobStatus } from "../../protocol/messages.ts";

export const target = { name: "f", index: 3, parameters: ["i32"], results: ["i32"] } as const;

/** Arguments are the numbers from 0. */
export function jobsInvocation(jobs: number, signal?: AbortSignal): JobsInvocation {
  return {
    function: target,
    jobs,
    arguments: Uint32Array.from({ length: jobs }, (_, job) => job),
    memory: [],
    fuel: undefined,
    sliceFuel: undefined,
    timeLimit: undefined,
    signal,
  };
}

/** Every result is ten times the argument; of jobs from `ended` on nothing is known. */
export function jobsResult({ jobs, arguments: values }: JobsInvocation, ended = jobs, failure?: string): JobsResult {
  const status = new Uint32Array(jobs * 2);
  for (let job = ended; job < jobs; job++) status[job * 2] = jobStatus.notRun;
  return {
    status,
    results: values.map((value, job) => (job < ended ? value * 10 : 0)),
    reads: [],
    reasons: new Map(),
    failures: new Map(),
    deviceSeconds: 1,
    laneSlices: 2,
    busyLaneSlices: 1,
    hostSeconds: 1,
    failure,
  };
}

export function invocationResult({ arguments: values }: Invocation): InvocationResult {
  return {
    status: new Uint32Array(values.length * 2),
    results: values.map((value) => value * 10),
    deviceSeconds: 1,
    failures: new Map(),
  };
}

export function fakeParts(instances: number, pools: readonly Partial<BackendPool>[]): readonly Part[] {
  const ranges = rangesOf(instances, pools.length);
  return ranges.map((range, index) => ({ ...range, label: `gpu:${index}`, pool: { ...refusing, ...pools[index] } }));
}

const refuse = (): never => {
  throw new Error("not asked for in this test");
};
const refusing: BackendPool = {
  suspended: undefined,
  memoryPages: 1,
  invoke: refuse,
  resume: refuse,
  snapshot: refuse,
  reset: refuse,
  writeMemory: refuse,
  readMemory: refuse,
  readGlobal: refuse,
  writeGlobal: refuse,
  release: async () => {},
};
