/** What a pool asks of its threads. Instances are numbered within the thread. */
import type { ValueType } from "../wasm/module.ts";

export interface CreateRequest {
  readonly kind: "create";
  readonly pool: number;
  readonly module: WebAssembly.Module;
  /** The bytes that `module` was made of, for the site of a trap. */
  readonly bytes: Uint8Array;
  readonly memoryExport: string | undefined;
  readonly instances: number;
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

export interface ThreadAnswers {
  create:
    | { readonly outcome: "created"; readonly instances: number }
    | { readonly outcome: "trap"; readonly code: number; readonly functionIndex: number }
    | { readonly outcome: "outOfMemory"; readonly instances: number };
  invoke: { readonly status: Uint32Array; readonly results: Uint32Array; readonly seconds: number };
  reset: null;
  check: { readonly range: LocalRange; readonly memoryBytes: number } | null;
  write: null;
  read: readonly Uint8Array[];
  global: Uint32Array;
  release: null;
}

export type AnswerTo<Request extends ThreadRequest> = ThreadAnswers[Request["kind"]];

export interface Envelope {
  readonly id: number;
  readonly request: ThreadRequest;
}

export type Reply = { readonly id: number } & ({ readonly answer: unknown } | { readonly error: string });
