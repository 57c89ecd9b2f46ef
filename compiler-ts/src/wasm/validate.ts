/** Validation is the JavaScript engine's: exact, fast, and tested by everybody. */
import { CompileError } from "../diagnostics.ts";
import { malformed } from "./byteReader.ts";

/** Throws a CompileError with the engine's own reason, and its offset where the engine gives one. */
export function assertValid(bytes: Uint8Array): void {
  if (WebAssembly.validate(bytes)) return;
  // V8 speaks of its own argument here, without an offset.
  if (bytes.length === 0) throw malformed("unexpected end", 0);
  const { message, offset } = engineError(bytes);
  throw new CompileError({ kind: "invalid-module", message, ...(offset === undefined ? {} : { offset }) });
}

/** `validate` tells no reason; compiling does. */
function engineError(bytes: Uint8Array): { message: string; offset: number | undefined } {
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // V8's form: "WebAssembly.Module(): reason @+123".
    const match = /^(?:WebAssembly\.Module\(\): )?(.*?)(?: @\+(\d+))?$/s.exec(text);
    const offset = match?.[2];
    return { message: match?.[1] ?? text, offset: offset === undefined ? undefined : Number(offset) };
  }
  return { message: "invalid module", offset: undefined };
}
