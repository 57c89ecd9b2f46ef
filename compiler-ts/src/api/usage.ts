/** Requests about a valid module that are wrong. */
import { CompileError } from "../diagnostics.ts";
import type { ValueType } from "../wasm/module.ts";

export function usage(message: string): CompileError {
  return new CompileError({ kind: "usage", message });
}

const namesShown = 20;

export function unknownExport(kind: string, name: string, known: Iterable<string>): CompileError {
  const names = [...known];
  const shown = names.length > namesShown ? [...names.slice(0, namesShown), "…"] : names;
  return usage(`no exported ${kind} "${name}"; the module exports ${shown.join(", ") || "none"}`);
}

export function wrongNumberOfArguments(name: string, parameters: readonly ValueType[], given: number): CompileError {
  const { length } = parameters;
  return usage(`${name} takes ${length} argument${length === 1 ? "" : "s"} (${parameters.join(", ")}), not ${given}`);
}

/** With its article: "an i32", "a v128". */
export function aValueOf(type: ValueType): string {
  return `${type === "v128" || type === "funcref" ? "a" : "an"} ${type}`;
}
