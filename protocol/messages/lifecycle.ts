/** Beginning and end of a connection, and what belongs to any request. */
import { request } from "./message.ts";

/** Both ends refuse another major version by name of both versions. What each minor version added: README.md, Lifecycle. */
export const protocolVersion = "1.1";

export type Encoding = "json" | "msgpack";

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

/** Ends all work and answers; the `exit` notification, or the end of the client's stream, then ends the process. */
export const shutdown = request<Record<string, never>, null>()("shutdown");

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

export interface LogParameters {
  /** `output`: what instances have to say to the client's user, through `wasmburst.log`: whole lines. */
  readonly level: "error" | "warning" | "info" | "debug" | "output";
  readonly message: string;
}
/** Host to client. */
export const log = request<LogParameters, never>()("log");
