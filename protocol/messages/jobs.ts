/** More jobs than instances. */
import { type Bytes, request } from "./message.ts";
import type { ResumePoolParameters, WaitingCalls } from "./suspension.ts";

/** Any number of jobs, each in an instance in its initial state: lanes whose job has ended get the next between launches. */
export interface RunJobsParameters {
  readonly pool: number;
  readonly kernel: string;
  readonly jobs: number;
  /** One record a job, as of `pool/invoke`. With `streamToken` perhaps the beginning alone: `$/jobArguments` brings the rest. */
  readonly arguments: Bytes;
  readonly argumentBytes: number;
  readonly resultBytes: number;
  /** Before a job begins; ascending by job. */
  readonly writes?: readonly { readonly job: number; readonly address: number; readonly bytes: Bytes }[];
  /** After a job has ended without a trap; ascending by job. */
  readonly reads?: readonly { readonly job: number; readonly address: number; readonly length: number }[];
  /**
   * What jobs go by instead of the instances' numbers, with functions of the host and `perInstance` content of `pool/create`: there the
   * job with number n gets what instance n modulo all has. 0 to 2^31 - 1. Default: their places in this request.
   */
  readonly numbers?: readonly number[];
  /** As of `pool/invoke`, of each job. */
  readonly fuel?: number;
  readonly timeLimit?: number;
  readonly sliceFuel?: number;
  readonly progressToken?: number;
  /** Arguments may come, and results go, while jobs run, in notifications that carry it. No other run of the connection has it. */
  readonly streamToken?: number;
}
/** Where calls wait `status` and `results` are empty and `reads` and `reasons` absent: they come when the run has ended. */
export interface RunJobsResult {
  /** For each job two 32-bit words: trap code, or one of `jobStatus`, and function index. Empty where all are zero. */
  readonly status: Bytes;
  /** One record a job; zero where it has no result. Without the beginning that `$/jobResults` brought. */
  readonly results: Bytes;
  /** In the order of the request's; empty where the job has no result. */
  readonly reads?: readonly Bytes[];
  readonly deviceSeconds: number;
  /** Lanes times launches until the last job had begun, and what of them jobs were at work in, by fuel. */
  readonly laneSlices: number;
  readonly busyLaneSlices: number;
  /** From the beginning of the work to its end, in the host; what the client waits beyond it is the request's own time. */
  readonly seconds: number;
  /** Why jobs were not run, or the last were lost; absent where that was a cancellation. */
  readonly failure?: string;
  /** Why jobs were lost, or ended with the trap `host function failed` by a function of the host. */
  readonly reasons?: readonly JobReason[];
  /** By import; `pool/resumeRun` answers all of them and goes on. */
  readonly waiting?: readonly WaitingJobCalls[];
}
/** Jobs that ended for the same reason. */
export interface JobReason {
  /** Number of the import that failed; absent where the device did. */
  readonly import?: number;
  readonly message: string;
  readonly jobs: readonly number[];
}
/** Calls within a run. Their memory is that of the instances. */
export interface WaitingJobCalls extends WaitingCalls {
  /** Of the instances, in their order, ascending. */
  readonly jobs: readonly number[];
}
/** First status word of a job that has no outcome of its own. */
export const jobStatus = {
  /** The request was cancelled, or the host gave up, before the job had ended. */
  notRun: 0xffff_fffe,
  /** The command buffer that the job was in failed (second word 0) or did not end (1): nobody knows how far it came. */
  lost: 0xffff_fffd,
  /** What it was to write (second word 0) or read (1) is not within its memory. */
  outOfBounds: 0xffff_fffc,
} as const;
/**
 * Answers when every job has ended, or when calls of imports wait that the client serves. Cancelled it answers, with what has ended. Leaves
 * the instances as their last jobs did. A device error is the loss of the jobs in its command buffer; the others go on, until it is taken
 * for gone.
 */
export const runJobs = request<RunJobsParameters, RunJobsResult>()("pool/run");

/** Client to host, after the run's request: the next bytes of its arguments, cut anywhere. What is too much is ignored. */
export const jobArguments = request<{ readonly token: number; readonly arguments: Bytes }, never>()("$/jobArguments");
/** Host to client, before the run's answer: the next bytes of its results, of jobs that have all ended. */
export const jobResults = request<{ readonly token: number; readonly results: Bytes }, never>()("$/jobResults");

/** As of `pool/resume`. */
export interface ResumeRunParameters extends ResumePoolParameters {
  /** Ends the run instead: nothing is answered, and what has not ended is not run. */
  readonly stop?: boolean;
}
/** Goes on with the run whose calls wait, as `pool/run` does. */
export const resumeRun = request<ResumeRunParameters, RunJobsResult>()("pool/resumeRun");
