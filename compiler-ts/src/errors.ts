/** Failures at run time. Problems of the module or of a request about it are `CompileError` (diagnostics.ts). */
import { type ErrorName, errorCodes } from "../../protocol/messages.ts";

export type HostErrorCode =
  | ErrorName
  /** No host binary was found. */
  | "hostNotFound"
  /** The host process could not start or ended. */
  | "hostExited"
  /** What came from the host is not the protocol. */
  | "protocolViolation"
  /** The pool, module or connection was released or closed before. */
  | "closed";

/** A device, or the host process that owns it, refused or failed. */
export class HostError extends Error {
  readonly code: HostErrorCode;
  /** As the protocol's catalogue describes it for `code`. */
  readonly data: unknown;

  constructor(code: HostErrorCode, message: string, data?: unknown) {
    super(message);
    this.name = "HostError";
    this.code = code;
    this.data = data;
  }
}

/** The instantiation of a module trapped: a segment out of bounds, or its start function. */
export class InstantiationTrap extends Error {
  readonly trap: string;
  readonly function: string;
  /** What a failed import threw. */
  readonly reason: string | undefined;

  constructor(trap: string, functionName: string, reason?: string) {
    super(`instantiation trapped: ${trap} in ${functionName}${reason === undefined ? "" : `: ${reason}`}`);
    this.name = "InstantiationTrap";
    this.trap = trap;
    this.function = functionName;
    this.reason = reason;
  }
}

const names = new Map<number, ErrorName>(
  Object.entries(errorCodes).map(([name, code]) => [code, name as ErrorName] as const),
);

export function errorNameOf(code: number): ErrorName {
  return names.get(code) ?? "internalError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
