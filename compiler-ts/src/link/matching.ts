/** Whether an export may stand for an import: external type matching of the specification, section 4.5.1 (in 2.0: "External Typing" and "Import Matching", 3.2.9). */
import { type ExternalType, renderType } from "../wasm/inspect.ts";
import type { FunctionType, Limits } from "../wasm/module.ts";

export function matches(given: ExternalType, wanted: ExternalType): boolean {
  switch (wanted.kind) {
    case "function":
      return given.kind === "function" && sameFunctionType(given, wanted);
    case "table":
      return given.kind === "table" && given.element === wanted.element && limitsMatch(given.limits, wanted.limits);
    case "memory":
      return given.kind === "memory" && limitsMatch(given.limits, wanted.limits);
    case "global":
      return given.kind === "global" && given.value === wanted.value && given.mutable === wanted.mutable;
  }
}

function sameFunctionType(a: FunctionType, b: FunctionType): boolean {
  return sameList(a.parameters, b.parameters) && sameList(a.results, b.results);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** What is given is as large at least, and never grows beyond what is wanted. */
function limitsMatch(given: Limits, wanted: Limits): boolean {
  if (given.minimum < wanted.minimum) return false;
  if (wanted.maximum === undefined) return true;
  return given.maximum !== undefined && given.maximum <= wanted.maximum;
}

/** For messages. */
export function describeType(type: ExternalType): string {
  return type.kind === "function" ? `function ${renderType(type)}` : renderType(type);
}
