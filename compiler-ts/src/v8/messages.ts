/** What a pool asks of its threads, and what their instances ask of it. Instances are numbered within the thread. */
import type { MessagePort } from "node:worker_threads";
import type { HostFailure } from "../api/hostFunctions.ts";
import type { ResolvedImports } from "../api/resolveImports.ts";
import type { FunctionType, ValueType } from "../wasm/module.ts";

export interface CreateRequest {
  readonly kind: "create";
  readonly pool: number;
  readonly module: WebAssembly.Module;
  /** The bytes that `module` was made of, for the site of a trap. */
  readonly bytes: Uint8Array;
  readonly memoryExport: string | undefined;
  readonly startExport: string | undefined;
  readonly instances: number;
  readonly memoryPages: number;
  /** Called in the main thread, by their numbers. */
  readonly functions: readonly ({ readonly module: string; readonly name: string } & FunctionType)[];
  /** What is given one an instance has items for this thread's alone. */
  readonly state: Pick<ResolvedImports, "globals" | "memories" | "tables">;
}

export interface InvokeRequest {
  readonly kind: "invoke";
  readonly pool: number;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** `undefined`: all, in order. */
  readonly instances: readonly number[] | undefined;
  readonly arguments: Uint32Array;
}

export interface LocalRange {
  readonly instance: number;
  readonly address: number;
  readonly length: number;
}

export type ThreadRequest =
  | CreateRequest
  | InvokeRequest
  | { readonly kind: "reset"; readonly pool: number; readonly instances: readonly number[] | undefined }
  /** Answers the first range that is not within its instance's memory. */
  | { readonly kind: "check"; readonly pool: number; readonly ranges: readonly LocalRange[] }
  | {
      readonly kind: "write";
      readonly pool: number;
      readonly writes: readonly { readonly instance: number; readonly address: number; readonly bytes: Uint8Array }[];
    }
  | { readonly kind: "read"; readonly pool: number; readonly ranges: readonly LocalRange[] }
  /** Bytes of the instances' memories. */
  | { readonly kind: "sizes"; readonly pool: number; readonly instances: readonly number[] }
  | {
      readonly kind: "global";
      readonly pool: number;
      readonly instance: number;
      readonly name: string;
      readonly type: ValueType;
      /** To write; `undefined` reads. */
      readonly words: Uint32Array | undefined;
    }
  | { readonly kind: "release"; readonly pool: number };

export interface ThreadTrap {
  readonly code: number;
  readonly functionIndex: number;
  /** Of an import, with the trap `host function failed`. */
  readonly failure?: HostFailure;
}

export interface ThreadAnswers {
  create:
    | { readonly outcome: "created"; readonly instances: number }
    | ({ readonly outcome: "trap" } & ThreadTrap)
    | { readonly outcome: "outOfMemory"; readonly instances: number };
  invoke: {
    readonly status: Uint32Array;
    readonly results: Uint32Array;
    readonly seconds: number;
    /** By instance. */
    readonly failures: ReadonlyMap<number, HostFailure>;
  };
  /** The first trap, where instantiation trapped this time. */
  reset: ThreadTrap | null;
  check: { readonly range: LocalRange; readonly memoryBytes: number } | null;
  write: null;
  read: readonly Uint8Array[];
  sizes: readonly number[];
  global: Uint32Array;
  release: null;
}

export type AnswerTo<Request extends ThreadRequest> = ThreadAnswers[Request["kind"]];

/** An instance calls an import, and its thread stands still until there is an answer; meanwhile it serves requests all the same. */
export interface HostCall {
  readonly id: number;
  readonly pool: number;
  readonly instance: number;
  /** Number of the imported function. */
  readonly import: number;
  readonly arguments: Uint32Array;
}

export type HostCallAnswer = { readonly results: Uint32Array } | { readonly failure: HostFailure };

/** What a thread is started with. */
export interface ThreadStart {
  /** Messages to the thread. */
  readonly port: MessagePort;
  /** Counts them: a thread that stands still waits for it to change. */
  readonly sent: Int32Array;
}

export type MessageToThread =
  | { readonly kind: "request"; readonly id: number; readonly request: ThreadRequest }
  | { readonly kind: "answer"; readonly call: number; readonly answer: HostCallAnswer };

export type MessageFromThread =
  | { readonly kind: "reply"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: string }
  | { readonly kind: "call"; readonly call: HostCall };
