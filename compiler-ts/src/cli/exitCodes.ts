/** What the command line ends with. The README's table is this one. */
import { CompileError } from "../diagnostics.ts";
import { HostError, InstantiationTrap, messageOf } from "../errors.ts";

export const exitCodes = {
  /** Everything ran. */
  ok: 0,
  /** It ran, but an instance trapped. */
  trap: 1,
  /** The command line is wrong: an unknown flag, an unknown export, a wrong argument, an impossible number of instances. */
  usage: 2,
  /** The module is malformed, invalid or unsupported, or a line of the jobs file is bad (the others ran). */
  badInput: 65,
  /** A file that was named does not exist. */
  noInput: 66,
  /** The device, or the host that owns it, is not available. */
  unavailable: 69,
  /** The host or the device failed, or a bug of WasmBurst. */
  failure: 70,
  /** Reading or writing a file failed. */
  io: 74,
  /** Interrupted from the terminal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A problem that the command line found itself, with its exit code. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError(exitCodes.usage, message);
}

const unavailable: ReadonlySet<string> = new Set([
  "hostNotFound",
  "versionMismatch",
  "unknownDevice",
  "deviceUnusable",
]);
const refusedRequests: ReadonlySet<string> = new Set(["poolTooLarge", "invalidParams", "memoryOutOfBounds"]);

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof CompileError) {
    return error.diagnostic.kind === "usage" ? exitCodes.usage : exitCodes.badInput;
  }
  if (error instanceof InstantiationTrap) return exitCodes.trap;
  if (error instanceof HostError) {
    if (unavailable.has(error.code)) return exitCodes.unavailable;
    return refusedRequests.has(error.code) ? exitCodes.usage : exitCodes.failure;
  }
  if (isParseArgsError(error)) return exitCodes.usage;
  return isSystemError(error) ? exitCodes.io : exitCodes.failure;
}

/** One line for a person, without a stack trace. */
export function describeError(error: unknown): string {
  const known =
    error instanceof CliError ||
    error instanceof CompileError ||
    error instanceof HostError ||
    error instanceof InstantiationTrap ||
    isSystemError(error);
  // Node's advice on flags has lines of its own.
  if (isParseArgsError(error)) return messageOf(error).replaceAll("\n", " ");
  return known ? messageOf(error) : `internal error: ${messageOf(error)} (WASMBURST_DEBUG=1 shows where)`;
}

function isParseArgsError(error: unknown): boolean {
  return codeOf(error)?.startsWith("ERR_PARSE_ARGS") ?? false;
}

/** Of the operating system, as against Node's own codes. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
