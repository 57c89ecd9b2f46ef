/** Memory and state of instances. */
import { type Bytes, request } from "./message.ts";

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
