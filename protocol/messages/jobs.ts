/** More jobs than instances. */
import { type Bytes, request } from "./message.ts";

/** Any number of jobs, each in an instance in its initial state: lanes whose job has ended get the next between launches. */
export interface RunJobsParameters {
  readonly pool: number;
  readonly kernel: string;
  readonly jobs: number;
  /** One record a job, as of `pool/invoke`. */
  readonly arguments: Bytes;
  readonly argumentBytes: number;
  readonly resultBytes: number;
  /** Before a job begins; ascending by job. */
  readonly writes?: readonly { readonly job: number; readonly address: number; readonly bytes: Bytes }[];
  /** After a job has ended without a trap; ascending by job. */
  readonly reads?: readonly { readonly job: number; readonly address: number; readonly length: number }[];
  /** As of `pool/invoke`, of each job. */
  readonly fuel?: number;
  readonly timeLimit?: number;
  readonly sliceFuel?: number;
  readonly progressToken?: number;
}
export interface RunJobsResult {
  /** For each job two 32-bit words: trap code, or one of `jobStatus`, and function index. Empty where all are zero. */
  readonly status: Bytes;
  /** One record a job; zero where it has no result. */
  readonly results: Bytes;
  /** In the order of the request's; empty where the job has no result. */
  readonly reads?: readonly Bytes[];
  readonly deviceSeconds: number;
  /** Lanes times launches until the last job had begun, and what of them jobs were at work in, by fuel. */
  readonly laneSlices: number;
  readonly busyLaneSlices: number;
  /** From the beginning of the work to its end, in the host; what the client waits beyond it is the request's own time. */
  readonly seconds: number;
  /** Why jobs were lost or not run, where they were not cancelled. */
  readonly failure?: string;
}
/** First status word of a job that has no outcome of its own. */
export const jobStatus = {
  /** The request was cancelled, or the host gave up, before the job had ended. */
  notRun: 0xffff_fffe,
  /** The command buffer that the job was in failed: nobody knows how far it came. */
  lost: 0xffff_fffd,
  /** What it was to write (second word 0) or read (1) is not within its memory. */
  outOfBounds: 0xffff_fffc,
} as const;
/**
 * Not for modules that import functions. Cancelled it answers, with what has ended. Leaves the instances as their last jobs did.
 * A device error is the loss of the jobs in its command buffer; the others go on, until it is taken for gone.
 */
export const runJobs = request<RunJobsParameters, RunJobsResult>()("pool/run");
