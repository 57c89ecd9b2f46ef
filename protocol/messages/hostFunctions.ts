/** Functions that the host serves: docs/host-functions.md. */
import type { ValueType } from "../../compiler-ts/src/wasm/module.ts";
import { request } from "./message.ts";

/** A function of the host that modules can import. */
export interface HostFunctionDescription {
  readonly module: string;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}
/** What `hostFunctions` of `pool/create` and `pool/restore` can name. */
export const listHostFunctions = request<
  Record<string, never>,
  {
    /** By module and name. */
    readonly functions: readonly HostFunctionDescription[];
  }
>()("host/functions");

/** An import that a function of the host serves, in place of the client. The types are those that the module declares: the host refuses others than its function has. */
export interface HostFunctionBinding extends HostFunctionDescription {
  /** Number of the import in the metadata's `imports`. */
  readonly import: number;
}
/** Instances in which a function of the host failed with the same text: they ended with the trap `host function failed`. */
export interface HostFunctionFailures {
  /** Number of the import. */
  readonly import: number;
  readonly message: string;
  readonly instances: readonly number[];
}
