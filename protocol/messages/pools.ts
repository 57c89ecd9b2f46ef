/** Instances of a module: made, invoked, reset and released. */

import type { HostFunctionBinding, HostFunctionFailures } from "./hostFunctions.ts";
import { type Bytes, request } from "./message.ts";
import type { ScheduleSettings } from "./scheduling.ts";
import type { WaitingCalls } from "./suspension.ts";

export interface CreatePoolParameters {
  readonly module: number;
  readonly instances: number;
  /** Limit of `memory.grow` for each instance in pages; default: the module's maximum, but at most its minimum + 16. */
  readonly memoryPages?: number;
  /** Bytes of the execution buffer's parts; defaults 32,768, 16,384 and 16,384. Multiples of 256. */
  readonly execution?: { readonly values?: number; readonly callStack?: number; readonly scratch?: number };
  /** Written before instantiation and at each reset: imported globals, memory (its size in pages is word 0 of the state) and tables. */
  readonly initial?: readonly InitialBytes[];
  /** For instantiation and resets: see InvokeParameters. */
  readonly sliceFuel?: number;
  readonly schedule?: ScheduleSettings;
  /** The imports that the host serves; all others are the client's. */
  readonly hostFunctions?: readonly HostFunctionBinding[];
  /** Where the pool is a part of a larger whole: the number of its first instance in that, by which functions of the host know it; absent: 0. */
  readonly firstInstance?: number;
  /** How many instances the whole has, of all of which `initial` has what differs from instance to instance; absent: the part is its end. */
  readonly allInstances?: number;
}
export interface InitialBytes {
  readonly region: "state" | "memory" | "tables";
  /** Byte within the region. */
  readonly address: number;
  /** One record for all instances, or one an instance, of all, in order. */
  readonly bytes: Bytes;
  readonly perInstance: boolean;
}
export interface CreatePoolResult {
  readonly pool: number;
  readonly memoryPages: number;
  /** Device memory that one instance takes. */
  readonly bytesPerInstance: number;
  /** Set where instantiation trapped (a segment out of bounds, the start function); the pool then does not exist. */
  readonly trap?: TrapReport;
  /** Set where the start function called imports: `pool/resume` goes on with the instantiation, and the pool can do nothing else before it ends. */
  readonly waiting?: readonly WaitingCalls[];
  readonly failures?: readonly HostFunctionFailures[];
}
export interface TrapReport {
  readonly code: number;
  readonly function: number;
}
/** Runs the instantiating kernel on every instance. Error `poolTooLarge` carries PoolTooLargeData. */
export const createPool = request<CreatePoolParameters, CreatePoolResult>()("pool/create");

export interface PoolTooLargeData {
  readonly instances: number;
  readonly instancesThatFit: number;
  readonly bytesPerInstance: number;
  /** The limit that was met, with its number. */
  readonly limit: string;
}

export const releasePool = request<{ readonly pool: number }, null>()("pool/release");

export interface InvokeParameters {
  readonly pool: number;
  readonly kernel: string;
  /** The instances to run, in the order of the records below. Absent: all, in order. No duplicates. */
  readonly instances?: readonly number[];
  /** One record an instance: docs/kernel-abi.md, execution buffer. */
  readonly arguments: Bytes;
  /** Bytes of one record, a multiple of 4; may be 0. */
  readonly argumentBytes: number;
  readonly resultBytes: number;
  /** Trap `fuel exhausted` beyond it; absent: no limit that a run could reach. */
  readonly fuel?: number;
  /** Seconds on the device after which an instance that has not ended gets the trap `time limit exceeded`; absent: none. Time spent waiting for imports does not count. */
  readonly timeLimit?: number;
  /** Units of fuel of one launch; absent: adapted to the device's time. Results do not depend on it. */
  readonly sliceFuel?: number;
  readonly progressToken?: number;
}
export interface InvokeResult {
  /** For each instance run, two 32-bit words: trap code (`waitingStatus` where it waits for an import), function index. Empty where all are zero: every instance has ended, none with a trap. */
  readonly status: Bytes;
  /** One record an instance; zero where it trapped or waits. */
  readonly results: Bytes;
  /** Time on the device. */
  readonly deviceSeconds: number;
  /** The host's own time, that on the device included: what the client waits beyond it is the request's. */
  readonly seconds?: number;
  /** One entry an import that instances wait for; absent or empty: the invocation is complete. */
  readonly waiting?: readonly WaitingCalls[];
  /** Why instances have the trap `host function failed`, where it was a function of the host. */
  readonly failures?: readonly HostFunctionFailures[];
  /** Why instances ended with the trap `device failed`: the command buffer that they were in failed, and nobody knows how far they came. */
  readonly failure?: string;
}
/** An error `invocationWaiting` while instances of an earlier invocation of this pool wait. */
export const invoke = request<InvokeParameters, InvokeResult>()("pool/invoke");

export interface ResetPoolParameters {
  readonly pool: number;
  readonly instances?: readonly number[];
}
export interface ResetPoolResult {
  /** The first trap, where instantiation trapped this time: its instance has to be reset again before it is of use. */
  readonly trap?: TrapReport;
  /** Set where the start function called imports: `pool/resume` goes on with the reset. */
  readonly waiting?: readonly WaitingCalls[];
  readonly failures?: readonly HostFunctionFailures[];
}
/**
 * Brings instances back to the state after instantiation. Where instances wait for imports, all of those must be among them: their
 * invocation is over; else error `invocationWaiting`.
 */
export const resetPool = request<ResetPoolParameters, ResetPoolResult>()("pool/reset");
