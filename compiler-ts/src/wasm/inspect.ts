/** What `wasmburst inspect` shows of a module: plain data, ready for JSON, and its rendering as text. */
import { type CallGraphFacts, callGraphFacts } from "./callGraph.ts";
import { type Feature, featuresUsed } from "./features.ts";
import {
  type ExternalKind,
  type FunctionType,
  type GlobalType,
  type ImportDescription,
  importedCount,
  type Limits,
  type MemoryType,
  type Module,
  type TableType,
} from "./module.ts";
import { functionDisplayNames } from "./names.ts";

export type ExternalType =
  | ({ readonly kind: "function" } & FunctionType)
  | ({ readonly kind: "table" } & TableType)
  | ({ readonly kind: "memory" } & MemoryType)
  | ({ readonly kind: "global" } & GlobalType);

export interface InspectedFunction {
  readonly index: number;
  readonly name: string;
  /** Of the code entry, in bytes. */
  readonly size: number;
  readonly instructions: number;
  readonly locals: number;
}

export interface Inspection {
  readonly exports: readonly { readonly name: string; readonly type: ExternalType }[];
  readonly imports: readonly { readonly module: string; readonly name: string; readonly type: ExternalType }[];
  /** Pages of 64 KiB. */
  readonly memories: readonly { readonly imported: boolean; readonly limits: Limits }[];
  readonly tables: readonly ({ readonly imported: boolean } & TableType)[];
  readonly features: readonly Feature[];
  /** The defined functions, largest first. */
  readonly functions: readonly InspectedFunction[];
  /** Of all functions, imports first: resolves the indices of `callGraph`. */
  readonly functionNames: readonly string[];
  readonly callGraph: CallGraphFacts;
  readonly customSections: readonly { readonly name: string; readonly size: number }[];
}

/** `module` has to be a validated one. */
export function inspect(module: Module): Inspection {
  const names = functionDisplayNames(module);
  const importedFunctions = importedCount(module, "function");
  const importedTables = importedCount(module, "table");
  const importedMemories = importedCount(module, "memory");
  const functions = module.functions.map((body, defined) => ({
    index: importedFunctions + defined,
    name: names[importedFunctions + defined] ?? "",
    size: body.size,
    instructions: body.instructions.length,
    locals: body.locals.length,
  }));
  return {
    exports: module.exports.map((item) => ({ name: item.name, type: typeAt(module, item.kind, item.index) })),
    imports: module.imports.map(({ module: from, name, description }) => ({
      module: from,
      name,
      type: importedType(module, description),
    })),
    memories: module.memories.map(({ limits }, index) => ({ imported: index < importedMemories, limits })),
    tables: module.tables.map((type, index) => ({ imported: index < importedTables, ...type })),
    features: featuresUsed(module),
    functions: functions.sort((a, b) => b.size - a.size || a.index - b.index),
    functionNames: names,
    callGraph: callGraphFacts(module),
    customSections: module.customSections.map(({ name, bytes }) => ({ name, size: bytes.length })),
  };
}

export function importedType(module: Module, description: ImportDescription): ExternalType {
  switch (description.kind) {
    case "function":
      return functionTypeAt(module, description.typeIndex);
    case "table":
      return { kind: "table", ...description.type };
    case "memory":
      return { kind: "memory", ...description.type };
    case "global":
      return { kind: "global", ...description.type };
  }
}

function functionTypeAt(module: Module, typeIndex: number): ExternalType {
  return { kind: "function", ...defined(module.types[typeIndex]) };
}

/** The type of an item that a validated module exports. */
export function typeAt(module: Module, kind: ExternalKind, index: number): ExternalType {
  switch (kind) {
    case "function":
      return functionTypeAt(module, defined(module.functionTypes[index]));
    case "table":
      return { kind, ...defined(module.tables[index]) };
    case "memory":
      return { kind, ...defined(module.memories[index]) };
    case "global":
      return { kind, ...defined(module.globalTypes[index]) };
  }
}

function defined<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Error("an index of a validated module is out of range");
  return item;
}

export interface RenderOptions {
  /** How many functions to list. */
  readonly functions?: number;
}

export function renderInspection(inspection: Inspection, options: RenderOptions = {}): string {
  const { functions, functionNames, callGraph } = inspection;
  const shown = functions.slice(0, options.functions ?? 20);
  const name = (index: number): string => functionNames[index] ?? `func[${index}]`;
  const lines = [
    ...block(
      "exports",
      inspection.exports.map((item) => `${item.name}: ${renderType(item.type)}`),
    ),
    ...block(
      "imports",
      inspection.imports.map((item) => `${item.module}.${item.name}: ${renderType(item.type)}`),
    ),
    ...block(
      "memories",
      inspection.memories.map((item) => `${renderLimits(item.limits, "pages")}${item.imported ? ", imported" : ""}`),
    ),
    ...block(
      "tables",
      inspection.tables.map((item) => `${renderType({ kind: "table", ...item })}${item.imported ? ", imported" : ""}`),
    ),
    ...block("features", inspection.features),
    ...block(`functions (${functions.length}${shown.length < functions.length ? `, largest ${shown.length}` : ""})`, [
      ...shown.map((item) => `${item.size} bytes, ${item.instructions} instructions, ${renderName(item)}`),
    ]),
    ...block("call graph", [
      `${callGraph.directCalls} direct calls, ${callGraph.indirectCalls} indirect, ${callGraph.addressTaken} functions may be called indirectly`,
      ...callGraph.recursiveGroups.map(
        (group) =>
          `recursive${group.onlyIndirect ? " through indirect calls" : ""}: ${group.functions.map(name).join(", ")}`,
      ),
      `deepest chain (${callGraph.deepestChain.length}): ${callGraph.deepestChain.map(name).join(" > ")}`,
    ]),
    ...block(
      "custom sections",
      inspection.customSections.map((item) => `${item.name}: ${item.size} bytes`),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function renderName({ index, name }: InspectedFunction): string {
  return name === `func[${index}]` ? name : `func[${index}] ${name}`;
}

function block(title: string, lines: readonly string[]): string[] {
  return [`${title}:`, ...(lines.length === 0 ? ["  none"] : lines.map((line) => `  ${escapeControls(line)}`))];
}

/** Names come from the module: they must not drive a terminal. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** One line of text, for people. */
export function renderType(type: ExternalType): string {
  switch (type.kind) {
    case "function":
      return `(${type.parameters.join(", ")}) -> (${type.results.join(", ")})`;
    case "table":
      return `table of ${type.element}, ${renderLimits(type.limits, "elements")}`;
    case "memory":
      return `memory, ${renderLimits(type.limits, "pages")}`;
    case "global":
      return `${type.mutable ? "mutable " : ""}global ${type.value}`;
  }
}

function renderLimits({ minimum, maximum }: Limits, unit: string): string {
  if (minimum === maximum) return `${minimum} ${unit}`;
  return maximum === undefined ? `${minimum} ${unit} or more` : `${minimum} to ${maximum} ${unit}`;
}
