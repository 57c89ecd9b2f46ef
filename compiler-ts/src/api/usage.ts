/** Requests about a valid module that are wrong. */
import { CompileError } from "../diagnostics.ts";

export function usage(message: string): CompileError {
  return new CompileError({ kind: "usage", message });
}

const namesShown = 20;

export function unknownExport(kind: string, name: string, known: ReadonlyMap<string, unknown>): CompileError {
  const names = [...known.keys()];
  const shown = names.length > namesShown ? [...names.slice(0, namesShown), "…"] : names;
  return usage(`no exported ${kind} "${name}"; the module exports ${shown.join(", ") || "none"}`);
}
