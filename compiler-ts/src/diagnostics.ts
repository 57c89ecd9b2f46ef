/** What went wrong with a module, in classes that callers can act on. */
export type DiagnosticKind =
  /** The bytes are not a WebAssembly module, or not a valid one. */
  | "invalid-module"
  /** A valid module uses something that this version does not compile; the message names the feature. */
  | "unsupported"
  /** A limit of the compiler or of a device profile is exceeded; the message names the limit and its number. */
  | "limit"
  /** An imported item was not provided. */
  | "missing-import"
  /** Modules that are linked do not fit together. */
  | "link"
  /** A request about a valid module is wrong: an unknown export, a wrong argument. */
  | "usage";

export interface Diagnostic {
  readonly kind: DiagnosticKind;
  readonly message: string;
  /** Byte offset in the module, where there is one. */
  readonly offset?: number;
  /** Name of the wasm function concerned, where there is one. */
  readonly function?: string;
}

/** The one exception that the compiler throws for a problem of its input; anything else that escapes is our bug. */
export class CompileError extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(formatDiagnostic(diagnostic));
    this.name = "CompileError";
    this.diagnostic = diagnostic;
  }
}

export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place = diagnostic.offset === undefined ? "" : ` (at offset 0x${diagnostic.offset.toString(16)})`;
  const within = diagnostic.function === undefined ? "" : ` in function ${diagnostic.function}`;
  return `${diagnostic.message}${within}${place}`;
}
