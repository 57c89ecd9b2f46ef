/**
 * What a device does for the public API. Values cross this line as records: for each instance its values in order, each in 32-bit words,
 * low word first (docs/kernel-abi.md, execution buffer).
 */
import type { ScheduleSettings } from "../../../protocol/messages.ts";
import type { Progress } from "../host/client.ts";
import type { PassOptions } from "../legalize/passOptions.ts";
import type { Libraries } from "../link/program.ts";
import type { MemoryCell } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { ImportDescriptor } from "./description.ts";
import type { HostFailure, ServedFunctions } from "./hostFunctions.ts";
import type { OfferedFunctions, ResolvedImports } from "./resolveImports.ts";
import type { TimelineEvent } from "./timeline.ts";

export interface ExportedFunction {
  readonly name: string;
  readonly index: number;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface ExportedGlobal {
  readonly name: string;
  readonly type: ValueType;
  readonly mutable: boolean;
}

export interface CompileOptions {
  /** Exported functions that will be invoked; fewer make a smaller kernel text. Default: all. */
  readonly exports?: readonly string[] | undefined;
  /** Modules whose exports take the place of imports, by the name that imports give; they are instantiated in this order, before the module itself. */
  readonly link?: Libraries | undefined;
  /** `false`: kernels without fuel that run every instance to its end in one launch. Only to measure what suspension costs; the v8 device ignores it. */
  readonly suspension?: boolean | undefined;
  /** Passes of the compiler to leave out, only to measure what they give; the v8 device ignores it. */
  readonly passes?: PassOptions | undefined;
  /** Bytes of linear memory that lie together; default: what suits the code: 8, 64 or 128. The results are the same with all of them, the speed is not (docs/performance.md); the v8 device ignores it. */
  readonly memoryCell?: MemoryCell | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PoolOptions {
  readonly instances: number;
  /** Limit of `memory.grow` for each instance in pages of 64 KiB; default: the module's maximum, but at most its minimum + 16. */
  readonly memoryPages?: number | undefined;
  /** Bytes of the execution buffer's parts, multiples of 256; defaults 32,768, 16,384 and 16,384. */
  readonly execution?: { readonly values?: number; readonly callStack?: number; readonly scratch?: number } | undefined;
  /** When the instances may use the device; not on v8, which is none. */
  readonly schedule?: ScheduleSettings | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a device is asked for: with everything that the module imports, checked against its types. */
export interface BackendPoolOptions extends PoolOptions {
  readonly imports: ResolvedImports;
  /** Where the instances are a part of a larger whole: the number that functions know the first by; default: 0. */
  readonly firstInstance?: number | undefined;
  /** How many instances the whole has, for each of which `imports` have what differs from instance to instance; default: all are here. */
  readonly allInstances?: number | undefined;
  /** Serves the instances that wait for the functions among the imports. */
  readonly hostFunctions: ServedFunctions;
}

export interface Invocation {
  readonly function: ExportedFunction;
  /** In the order of the records; no duplicates. `undefined`: all. */
  readonly instances: readonly number[] | undefined;
  readonly arguments: Uint32Array;
  /** Units of fuel, estimated instructions (docs/suspension.md), after which an instance traps with `fuel exhausted`. */
  readonly fuel: number | undefined;
  /** Fuel of one launch on a device of the host; `undefined`: adapted to its time. */
  readonly sliceFuel: number | undefined;
  /** Seconds on the device after which an instance traps with `time limit exceeded`. */
  readonly timeLimit: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** In place of the backend's own. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface InvocationResult {
  /** For each instance run two words: trap code (0: none), index of the function that trapped. */
  readonly status: Uint32Array;
  /** One record an instance; a trapped instance's is undefined in content. */
  readonly results: Uint32Array;
  readonly deviceSeconds: number;
  /** What the host took, requests not included; `undefined` where there is none, or where several shared the work. */
  readonly hostSeconds?: number | undefined;
  /** By instance: why the traps `host function failed` and `device failed`. */
  readonly failures: ReadonlyMap<number, HostFailure>;
}

export interface MemoryRange {
  readonly instance: number;
  readonly address: number;
  readonly length: number;
}

export interface MemoryWrite {
  readonly instance: number;
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface DeviceInUse {
  readonly id: string;
  readonly name: string;
  /** Devices that share the work; 1 but for lists of them. */
  readonly count: number;
}

export interface Backend {
  readonly device: DeviceInUse;
  readonly hostFunctions: OfferedFunctions;
  compile(bytes: Uint8Array, options: CompileOptions): Promise<BackendModule>;
  close(): Promise<void>;
}

export interface CompileTimings {
  /** Wasm bytes to what the device's own compiler takes. */
  readonly compileSeconds: number;
  /** The device's own compiler. */
  readonly buildSeconds: number;
  /** The device had the built kernels already. */
  readonly cached: boolean;
}

export interface BackendModule {
  readonly functions: ReadonlyMap<string, ExportedFunction>;
  readonly globals: ReadonlyMap<string, ExportedGlobal>;
  /** Name of every function of the index space. */
  readonly functionNames: readonly string[];
  /** What every pool has to be given; functions in the order of their numbers. */
  readonly imports: readonly ImportDescriptor[];
  /** What serves those that are not given. */
  readonly hostFunctions: OfferedFunctions;
  readonly timings: CompileTimings;
  /** Throws InstantiationTrap, or HostError `poolTooLarge`. */
  createPool(options: BackendPoolOptions): Promise<BackendPool>;
  /** Throws HostError `invalidSnapshot`. */
  restore(options: RestoreOptions): Promise<RestoredPool>;
  release(): Promise<void>;
}

export interface RestoreOptions {
  readonly snapshot: Uint8Array;
  readonly hostFunctions: ServedFunctions;
  readonly schedule?: ScheduleSettings | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface RestoredPool {
  readonly pool: BackendPool;
  readonly instances: number;
}

/** Of those instances that the snapshot holds suspended. */
export interface ResumedResult extends InvocationResult {
  readonly instances: readonly number[];
}

/** A job's memory: written before it begins, read after it has ended without a trap. */
export interface JobMemory {
  readonly writes: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  readonly reads: readonly { readonly address: number; readonly length: number }[];
}

export interface JobsInvocation extends Omit<Invocation, "instances"> {
  readonly jobs: number;
  /** One entry a job, or none at all. */
  readonly memory: readonly JobMemory[];
  /** What imported functions know the jobs by, and of what differs from instance to instance each gets its share by; default: their places. */
  readonly numbers?: readonly number[] | undefined;
}

export interface JobsResult {
  /** For each job two words: trap code or one of the protocol's `jobStatus`, and function index. A lost job with 1 was given up for good. */
  readonly status: Uint32Array;
  readonly results: Uint32Array;
  /** By job, as far as anything was to be read; an empty list where the job has no result. */
  readonly reads: readonly (readonly Uint8Array[])[];
  /** By job: why it was given up. */
  readonly reasons: ReadonlyMap<number, string>;
  /** By job: why the trap `host function failed`. */
  readonly failures: ReadonlyMap<number, HostFailure>;
  readonly deviceSeconds: number;
  /** Lanes times launches until the last job had begun, and what of them jobs were at work in. */
  readonly laneSlices: number;
  readonly busyLaneSlices: number;
  /** What the host took, requests not included. */
  readonly hostSeconds: number;
  /** Why jobs were not run. */
  readonly failure: string | undefined;
}

export interface BackendPool {
  /** Any number of jobs, each in the initial state; absent where this pool cannot, as on v8. */
  runJobs?(invocation: JobsInvocation): Promise<JobsResult>;
  /** What its instances were running when the snapshot was taken that it comes from; until `resume` nothing else can be invoked. */
  readonly suspended: ExportedFunction | undefined;
  readonly memoryPages: number;
  invoke(invocation: Invocation): Promise<InvocationResult>;
  resume(signal: AbortSignal | undefined): Promise<ResumedResult>;
  snapshot(): Promise<Uint8Array>;
  reset(instances: readonly number[] | undefined): Promise<void>;
  /** All writes are checked before the first is done: HostError `memoryOutOfBounds`. */
  writeMemory(writes: readonly MemoryWrite[]): Promise<void>;
  readMemory(ranges: readonly MemoryRange[]): Promise<readonly Uint8Array[]>;
  /** The words of an exported global of one instance. */
  readGlobal(instance: number, name: string): Promise<Uint32Array>;
  writeGlobal(instance: number, name: string, words: Uint32Array): Promise<void>;
  release(): Promise<void>;
}

export interface BackendEvents {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** What imported functions took, on the clock of the host's events. */
  readonly timeline?: Timeline | undefined;
}

export interface Timeline {
  /** Of the events. */
  readonly device: string;
  /** Seconds. */
  readonly now: () => number;
  readonly add: (events: readonly TimelineEvent[]) => void;
}
