/** The bytes of a module and of the libraries that it is linked with, to one program. */
import { CompileError } from "../diagnostics.ts";
import { parseModule } from "../wasm/decode.ts";
import type { Module } from "../wasm/module.ts";
import { linkModules } from "./linkModules.ts";

/** Libraries by the name under which others import from them, in the order of their instantiation. */
export type Libraries = Readonly<Record<string, Uint8Array>>;

/** @throws CompileError for an invalid module, which it names if it is a library, or where the modules do not fit together. */
export function parseProgram(bytes: Uint8Array, libraries: Libraries = {}): Module {
  const main = parseModule(bytes);
  return linkModules(
    main,
    Object.entries(libraries).map(([name, library]) => ({ name, module: parseLibrary(name, library) })),
  );
}

function parseLibrary(name: string, bytes: Uint8Array): Module {
  try {
    return parseModule(bytes);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new CompileError({ ...error.diagnostic, message: `library "${name}": ${error.diagnostic.message}` });
  }
}
