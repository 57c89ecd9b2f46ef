/** Instances that wait for imported functions, and pools as bytes. */

import type { HostFunctionBinding } from "./hostFunctions.ts";
import { type Bytes, request } from "./message.ts";
import type { CreatePoolResult, InvokeResult, TrapReport } from "./pools.ts";
import type { ScheduleSettings } from "./scheduling.ts";

/** Instances that wait for one imported function. */
export interface WaitingCalls {
  /** Number of the import in the metadata's `imports`. */
  readonly import: number;
  readonly instances: readonly number[];
  /** One record an instance, in their order: docs/kernel-abi.md, execution buffer. */
  readonly arguments: Bytes;
}
/** First status word of an instance that waits. */
export const waitingStatus = 0xffff_ffff;
/** Answers for instances that wait. All of them must be answered or failed at once: one round a slice. */
export interface ResumePoolParameters {
  readonly pool: number;
  readonly answers: readonly {
    readonly import: number;
    readonly instances: readonly number[];
    /** One result record an instance, in their order. */
    readonly results: Bytes;
  }[];
  /** Instances whose import failed: they end with the trap `host function failed`. */
  readonly failed?: readonly number[];
  readonly progressToken?: number;
}
export interface ResumePoolResult extends InvokeResult {
  /** The instances that were resumed, served by the host or failed, ascending: the order of `status` and `results`. */
  readonly instances: readonly number[];
  /** While the pool is being instantiated: its first trap; the pool then does not exist any more. */
  readonly trap?: TrapReport;
}
/** Runs until every resumed instance has ended or waits again. */
export const resumePool = request<ResumePoolParameters, ResumePoolResult>()("pool/resume");

/** Complete state of all instances, suspended or not, in a form that does not depend on the device: protocol/README.md, Snapshots. */
export const snapshotPool = request<{ readonly pool: number }, { readonly bytes: Bytes }>()("pool/snapshot");

export interface RestorePoolParameters {
  readonly module: number;
  readonly snapshot: Bytes;
  /** As of `pool/create`; a snapshot has none. */
  readonly schedule?: ScheduleSettings;
  /** As of `pool/create`, whatever served these imports when the snapshot was taken. */
  readonly hostFunctions?: readonly HostFunctionBinding[];
}
/**
 * A new pool with the snapshot's instances; error `invalidSnapshot` names what is wrong with it. `waiting` is as in the result that preceded
 * the snapshot; those of its imports that the host serves now are not to be answered, and `pool/resume` goes on with them.
 */
export interface RestorePoolResult extends CreatePoolResult {
  readonly instances: number;
  /** Kernel of the invocation that instances wait in; absent where none wait, or where they wait in the instantiating kernel. */
  readonly kernel?: string;
}
export const restorePool = request<RestorePoolParameters, RestorePoolResult>()("pool/restore");
