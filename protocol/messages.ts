/**
 * Every request and notification between client and host: method, direction, parameters, result.
 * The specification in prose is README.md beside this file; the Swift mirror is host-swift/Sources/BurstProtocol.
 *
 * `Bytes` is a base64 string in a JSON body and a `bin` in a MessagePack body; the codec converts, both ends see bytes.
 * Integers are at most 2^53 - 1 in magnitude.
 */
import type { Layout, Profile } from "../compiler-ts/src/metadata.ts";

export type Bytes = Uint8Array;

/** Both ends refuse another major version by name of both versions. */
export const protocolVersion = "1.0";

export type Encoding = "json" | "msgpack";

export interface Message<Method extends string, Parameters, Result> {
  readonly method: Method;
  /** Types only; never present at run time. */
  readonly types?: { readonly parameters: Parameters; readonly result: Result };
}

function request<Parameters, Result>() {
  return <Method extends string>(method: Method): Message<Method, Parameters, Result> => ({ method });
}

/** First request. Its answer is the last JSON body where `msgpack` was agreed on; nothing may be sent before it. */
export interface InitializeParameters {
  readonly protocolVersion: string;
  readonly client: { readonly name: string; readonly version: string };
  /** In order of preference. */
  readonly encodings: readonly Encoding[];
}
export interface InitializeResult {
  readonly protocolVersion: string;
  readonly host: { readonly name: string; readonly version: string };
  readonly encoding: Encoding;
}
export const initialize = request<InitializeParameters, InitializeResult>()("initialize");

export interface DeviceDescription {
  /** What `--device` takes: `metal`, `cpu`, … */
  readonly id: string;
  readonly name: string;
  readonly usable: boolean;
  /** Why it is not usable. */
  readonly reason?: string;
  readonly profile: Profile;
  readonly limits: {
    readonly maxThreadsPerThreadgroup: number;
    readonly threadExecutionWidth: number;
    readonly maxThreadgroupMemoryLength: number;
    /** Bytes. */
    readonly maxBufferLength: number;
    readonly recommendedMaxWorkingSetSize: number;
    readonly currentAllocatedSize: number;
  };
}
export interface ListDevicesResult {
  readonly devices: readonly DeviceDescription[];
}
export const listDevices = request<Record<string, never>, ListDevicesResult>()("devices/list");

/** Builds the text for a device and keeps library and pipelines; the same text is built once. */
export interface LoadModuleParameters {
  readonly device: string;
  readonly text: string;
  readonly image: Bytes;
  readonly layout: Layout;
  readonly instantiateKernel: string;
  /** Names of the kernels to make pipelines for, the instantiating one not included. */
  readonly kernels: readonly string[];
  /** Record sizes of the imported functions by number (metadata's `imports`); absent: none. */
  readonly imports?: readonly { readonly argumentBytes: number; readonly resultBytes: number }[];
  /**
   * What a snapshot of its pools can be restored into: modules of equal identity, whose frames have to be alike. Absent: those of equal
   * text.
   */
  readonly identity?: string;
  /** For `$/progress`. */
  readonly progressToken?: number;
}
export interface LoadModuleResult {
  readonly module: number;
  /** Nothing was compiled: the built kernels came from the cache. */
  readonly cached: boolean;
  readonly buildSeconds: number;
}
export const loadModule = request<LoadModuleParameters, LoadModuleResult>()("module/load");

export const unloadModule = request<{ readonly module: number }, null>()("module/unload");

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
}
/** `adaptive` (default): by the thermal state; `sustained`: a burst and a cool-down in turn; `unthrottled`: no cool-downs. */
export type BurstPolicy = "adaptive" | "sustained" | "unthrottled";
/** When a pool's instances may use the device, in milliseconds: docs/scheduling.md has rules, ranges and defaults. */
export interface ScheduleSettings {
  readonly policy?: BurstPolicy;
  /** Longest run of slices without a cool-down where one is due. */
  readonly burst?: number;
  /** After a burst of full length where the state is serious, and of `sustained`. */
  readonly coolDown?: number;
  /** What a launch should take; absent: adapted. */
  readonly slice?: number;
}
export interface InitialBytes {
  readonly region: "state" | "memory" | "tables";
  /** Byte within the region. */
  readonly address: number;
  /** One record for all instances, or one an instance, in order. */
  readonly bytes: Bytes;
  readonly perInstance: boolean;
}
/** Instances that wait for one imported function. */
export interface WaitingCalls {
  /** Number of the import in the metadata's `imports`. */
  readonly import: number;
  readonly instances: readonly number[];
  /** One record an instance, in their order: docs/kernel-abi.md, execution buffer. */
  readonly arguments: Bytes;
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
  /** For each instance run, two 32-bit words: trap code (`waitingStatus` where it waits for an import), function index. */
  readonly status: Bytes;
  /** One record an instance; zero where it trapped or waits. */
  readonly results: Bytes;
  /** Time on the device. */
  readonly deviceSeconds: number;
  /** One entry an import that instances wait for; absent or empty: the invocation is complete. */
  readonly waiting?: readonly WaitingCalls[];
  /** Why instances ended with the trap `device failed`: the command buffer that they were in failed, and nobody knows how far they came. */
  readonly failure?: string;
}
/** First status word of an instance that waits. */
export const waitingStatus = 0xffff_ffff;
/** An error `invocationWaiting` while instances of an earlier invocation of this pool wait. */
export const invoke = request<InvokeParameters, InvokeResult>()("pool/invoke");

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
  /** For each job two 32-bit words: trap code, or one of `jobStatus`, and function index. */
  readonly status: Bytes;
  /** One record a job; zero where it has no result. */
  readonly results: Bytes;
  /** In the order of the request's; empty where the job has no result. */
  readonly reads?: readonly Bytes[];
  readonly deviceSeconds: number;
  /** Lanes times launches until the last job had begun, and what of them jobs were at work in, by fuel. */
  readonly laneSlices: number;
  readonly busyLaneSlices: number;
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
  /** The instances that were resumed or failed, ascending: the order of `status` and `results`. */
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
}
/** A new pool with the snapshot's instances; error `invalidSnapshot` names what is wrong with it. `waiting` is as in the result that preceded the snapshot. */
export interface RestorePoolResult extends CreatePoolResult {
  readonly instances: number;
  /** Kernel of the invocation that instances wait in; absent where none wait, or where they wait in the instantiating kernel. */
  readonly kernel?: string;
}
export const restorePool = request<RestorePoolParameters, RestorePoolResult>()("pool/restore");

export interface ResetPoolParameters {
  readonly pool: number;
  readonly instances?: readonly number[];
}
export interface ResetPoolResult {
  /** The first trap, where instantiation trapped this time: its instance has to be reset again before it is of use. */
  readonly trap?: TrapReport;
  /** Set where the start function called imports: `pool/resume` goes on with the reset. */
  readonly waiting?: readonly WaitingCalls[];
}
/**
 * Brings instances back to the state after instantiation. Where instances wait for imports, all of those must be among them: their
 * invocation is over; else error `invocationWaiting`.
 */
export const resetPool = request<ResetPoolParameters, ResetPoolResult>()("pool/reset");

export interface WriteMemoryParameters {
  readonly pool: number;
  readonly writes: readonly { readonly instance: number; readonly address: number; readonly bytes: Bytes }[];
}
/** All writes are checked before the first is done: error `memoryOutOfBounds`. */
export const writeMemory = request<WriteMemoryParameters, null>()("memory/write");

export interface ReadMemoryParameters {
  readonly pool: number;
  readonly reads: readonly { readonly instance: number; readonly address: number; readonly length: number }[];
}
export const readMemory = request<ReadMemoryParameters, { readonly bytes: readonly Bytes[] }>()("memory/read");

/** Words of the state region (docs/kernel-abi.md): globals and the memory's size. One entry an instance named. */
export interface ReadStateParameters {
  readonly pool: number;
  readonly instances: readonly number[];
  readonly word: number;
  readonly words: number;
}
export const readState = request<ReadStateParameters, { readonly bytes: Bytes }>()("state/read");

export interface WriteStateParameters {
  readonly pool: number;
  readonly instances: readonly number[];
  readonly word: number;
  readonly words: number;
  /** `words` × 4 bytes an instance. */
  readonly bytes: Bytes;
}
export const writeState = request<WriteStateParameters, null>()("state/write");

export type ThermalState = "nominal" | "fair" | "serious" | "critical";

/** What a device says about its heat. Absent: the device does not tell. */
export interface ThermalReport {
  readonly state: ThermalState;
  /** Where the state comes from: docs/scheduling.md. */
  readonly source: string;
  readonly lowPowerMode: boolean;
  /** Celsius. */
  readonly temperature?: number;
  /** Watts. */
  readonly power?: number;
  readonly powerLimit?: number;
  /** Why the clocks are lower than they could be. */
  readonly throttling?: readonly string[];
  /** Device time per unit of fuel against its own baseline. */
  readonly slowdown?: number;
}

/** `at` is seconds on the host's clock, of the beginning; `seconds` how long it was. */
export type ScheduleEvent =
  | {
      readonly kind: "slice";
      readonly device: string;
      readonly at: number;
      /** On the device. */
      readonly seconds: number;
      readonly pool: number;
      /** Lanes of the launch. */
      readonly lanes: number;
      /** Of the invocation's lanes those that had not ended. */
      readonly live: number;
    }
  | {
      readonly kind: "burst";
      readonly device: string;
      readonly at: number;
      readonly seconds: number;
      readonly slices: number;
      /** Seconds on the device. */
      readonly busy: number;
    }
  | { readonly kind: "coolDown"; readonly device: string; readonly at: number; readonly seconds: number }
  | { readonly kind: "thermal"; readonly device: string; readonly at: number; readonly thermal: ThermalReport };

/** Asks for `$/schedule`, or for no more of it; begins with the heat of every device, which comes again every other second. */
export const watchSchedule = request<
  { readonly watching: boolean },
  {
    /** Seconds on the host's clock, that of the events. */
    readonly now: number;
  }
>()("schedule/watch");

/** Ends all work and answers; the `exit` notification, or the end of the client's stream, then ends the process. */
export const shutdown = request<Record<string, never>, null>()("shutdown");

export const requests = [
  initialize,
  listDevices,
  loadModule,
  unloadModule,
  createPool,
  releasePool,
  invoke,
  runJobs,
  resumePool,
  snapshotPool,
  restorePool,
  resetPool,
  writeMemory,
  readMemory,
  readState,
  writeState,
  watchSchedule,
  shutdown,
] as const;

/** Client to host. */
export const exit = request<Record<string, never>, never>()("exit");
/** Client to host; the request named by `id` answers with error `requestCancelled`. */
export const cancelRequest = request<{ readonly id: number | string }, never>()("$/cancelRequest");

/** Host to client, while a request that gave a progressToken runs. `fraction` is 0 to 1 where it is known. */
export interface ProgressParameters {
  readonly token: number;
  readonly message: string;
  readonly fraction?: number;
}
export const progress = request<ProgressParameters, never>()("$/progress");

/** Host to client, to one that watches: what happened since the last, in order. Sent before the answer of the request that caused it. */
export const schedule = request<{ readonly events: readonly ScheduleEvent[] }, never>()("$/schedule");

export interface LogParameters {
  readonly level: "error" | "warning" | "info" | "debug";
  readonly message: string;
}
/** Host to client. */
export const log = request<LogParameters, never>()("log");

export const notifications = [exit, cancelRequest, progress, schedule, log] as const;

/** JSON-RPC's own codes and ours. An error's `message` is a sentence for a person; `data` is typed where it says so. */
export const errorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** LSP's number, which vscode-jsonrpc knows. */
  requestCancelled: -32800,
  notInitialized: -32002,
  versionMismatch: -32010,
  unknownDevice: -32011,
  deviceUnusable: -32012,
  /** The shader compiler refused the text: `data.log` has its output. */
  buildFailed: -32013,
  unknownModule: -32014,
  unknownPool: -32015,
  /** `data` is PoolTooLargeData. */
  poolTooLarge: -32016,
  memoryOutOfBounds: -32017,
  /** A command buffer failed: `data.reason` names the device's error. */
  deviceError: -32018,
  shuttingDown: -32019,
  /** Instances of the pool wait for imports: only `pool/resume`, `pool/snapshot`, `pool/release`, reads and writes, and a reset of all of them are possible. */
  invocationWaiting: -32020,
  /** The bytes are no snapshot, damaged, of another version, or of another module. */
  invalidSnapshot: -32021,
} as const;
export type ErrorName = keyof typeof errorCodes;
