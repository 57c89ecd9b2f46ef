/** Texts on a device. */
import type { Layout } from "../../compiler-ts/src/metadata.ts";
import { type Bytes, request } from "./message.ts";

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
  /** The largest of the kernels' records: pools are planned with room for them. Absent: they may find none. */
  readonly records?: { readonly argumentBytes: number; readonly resultBytes: number };
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
