/** Imports and exports of a module in the shapes of `WebAssembly.Module.imports` and `exports`, with their types. */
import type { ExternalKind, GlobalType, MemoryType, Module, TableType, ValueType } from "../wasm/module.ts";
import type { ExportedFunction, ExportedGlobal } from "./backend.ts";

export type ExternalType =
  | { readonly kind: "function"; readonly parameters: readonly ValueType[]; readonly results: readonly ValueType[] }
  | ({ readonly kind: "table" } & TableType)
  | ({ readonly kind: "memory" } & MemoryType)
  | ({ readonly kind: "global" } & GlobalType);

export type ExportDescriptor = { readonly name: string } & ExternalType;
export type ImportDescriptor = { readonly module: string; readonly name: string } & ExternalType;

export function describeExports(module: Module): ExportDescriptor[] {
  return module.exports.map(({ name, kind, index }) => ({ name, ...typeOf(module, kind, index) }));
}

export function describeImports(module: Module): ImportDescriptor[] {
  const next: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0 };
  return module.imports.map((item) => {
    const { kind } = item.description;
    return { module: item.module, name: item.name, ...typeOf(module, kind, next[kind]++) };
  });
}

export function exportedFunctions(module: Module): Map<string, ExportedFunction> {
  const found = module.exports.filter(({ kind }) => kind === "function");
  return new Map(found.map(({ name, index }) => [name, { name, index, ...functionType(module, index) }]));
}

export function exportedGlobals(module: Module): Map<string, ExportedGlobal> {
  const found = module.exports.filter(({ kind }) => kind === "global");
  return new Map(
    found.map(({ name, index }) => {
      const type = at(module.globalTypes, index);
      return [name, { name, type: type.value, mutable: type.mutable }];
    }),
  );
}

/** Name of each function of the index space: its debug name, else its first export's, else its number. */
export function functionNames(module: Module): string[] {
  const exported = new Map<number, string>();
  for (const { kind, name, index } of module.exports) {
    if (kind === "function" && !exported.has(index)) exported.set(index, name);
  }
  return module.functionTypes.map(
    (_, index) => module.functionNames.get(index) ?? exported.get(index) ?? `func[${index}]`,
  );
}

/** One line of text, for messages: `function (i32, i32) -> (i32)`. */
export function formatType(type: ExternalType): string {
  switch (type.kind) {
    case "function":
      return `function (${type.parameters.join(", ")}) -> (${type.results.join(", ")})`;
    case "table":
      return `table of ${type.element}, ${formatLimits(type.limits)} elements`;
    case "memory":
      return `memory, ${formatLimits(type.limits)} pages`;
    case "global":
      return `${type.mutable ? "mutable " : ""}global ${type.value}`;
  }
}

function formatLimits({
  minimum,
  maximum,
}: {
  readonly minimum: number;
  readonly maximum: number | undefined;
}): string {
  return maximum === undefined ? `${minimum} or more` : `${minimum} to ${maximum}`;
}

function typeOf(module: Module, kind: ExternalKind, index: number): ExternalType {
  switch (kind) {
    case "function":
      return { kind, ...functionType(module, index) };
    case "table":
      return { kind, ...at(module.tables, index) };
    case "memory":
      return { kind, ...at(module.memories, index) };
    case "global":
      return { kind, ...at(module.globalTypes, index) };
  }
}

function functionType(module: Module, index: number) {
  const { parameters, results } = at(module.types, at(module.functionTypes, index));
  return { parameters, results };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  // Validation has checked every index.
  if (item === undefined) throw new Error(`index ${index} in a validated module`);
  return item;
}
