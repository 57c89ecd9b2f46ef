/**
 * Modules of the suite are linked with instances that have already run: one program for all of them has to instantiate each at its time. So what instantiation
 * does to tables and memories becomes an exported function, in wasm's own terms: an active segment is a passive one, an `init` and a `drop`.
 */
import { index, withFunctions, withoutActiveSegments } from "../../compiler-ts/src/link/instantiationCode.ts";
import type { FunctionType, Import, Module } from "../../compiler-ts/src/wasm/module.ts";

export const instantiate = "(instantiate)";

/** Exports of functions that return the current size of a table or of the memory. */
export const sizeOf = { memory: "(size of memory)", table: (index: number) => `(size of table ${index})` } as const;

export function deferInstantiation(original: Module): Module {
  const { module, code } = withoutActiveSegments(original);
  const added = [
    { name: instantiate, results: [], code },
    ...module.memories.map(() => ({ name: sizeOf.memory, results: ["i32"] as const, code: [index("memory.size", 0)] })),
    ...module.tables.map((_, table) => ({
      name: sizeOf.table(table),
      results: ["i32"] as const,
      code: [index("table.size", table)],
    })),
  ];
  const exports = added.map(({ name }, i) => ({
    name,
    kind: "function" as const,
    index: module.functionTypes.length + i,
  }));
  return withFunctions({ ...module, exports: [...module.exports, ...exports] }, added);
}

/** A module that exports what it imports: `exports` says under which name, and of which type. */
export function reexporting(
  items: readonly { readonly from: Import; readonly type?: FunctionType; readonly as: string }[],
): Module {
  const types = items.map(({ type }) => type ?? { parameters: [], results: [] });
  const next = { function: 0, table: 0, memory: 0, global: 0 };
  const exports = items.map(({ from, as }) => ({
    name: as,
    kind: from.description.kind,
    index: next[from.description.kind]++,
  }));
  const imports = items.map(({ from }, typeIndex): Import => {
    const { description } = from;
    return description.kind === "function" ? { ...from, description: { kind: "function", typeIndex } } : from;
  });
  return {
    types,
    imports,
    exports,
    functionTypes: imports.flatMap(({ description }, i) => (description.kind === "function" ? [i] : [])),
    globalTypes: imports.flatMap(({ description }) => (description.kind === "global" ? [description.type] : [])),
    tables: [],
    memories: [],
    globals: [],
    start: undefined,
    elements: [],
    data: [],
    functions: [],
    customSections: [],
    functionNames: new Map(),
    localNames: new Map(),
  };
}
