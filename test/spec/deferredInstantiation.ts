/**
 * Modules of the suite are linked with instances that have already run: one program for all of them has to instantiate each at its time. So what instantiation
 * does to tables and memories becomes an exported function, in wasm's own terms: an active segment is a passive one, an `init` and a `drop`.
 */
import type {
  ConstantExpression,
  FunctionType,
  Immediates,
  Import,
  Instruction,
  Module,
} from "../../compiler-ts/src/wasm/module.ts";
import { type OpcodeName, opcodeNamed } from "../../compiler-ts/src/wasm/opcodes.ts";

export const instantiate = "(instantiate)";

/** Exports of functions that return the current size of a table or of the memory. */
export const sizeOf = { memory: "(size of memory)", table: (index: number) => `(size of table ${index})` } as const;

function instruction(name: OpcodeName, immediates: Immediates = { immediate: "none" }): Instruction {
  return { opcode: opcodeNamed(name), offset: 0, ...immediates };
}

function index(name: OpcodeName, value: number): Instruction {
  return instruction(name, { immediate: "index", index: value });
}

function i32(value: number): Instruction {
  return instruction("i32.const", { immediate: "i32", value });
}

function offsetCode(expression: ConstantExpression | undefined): Instruction {
  if (expression?.kind === "i32") return i32(expression.value);
  if (expression?.kind === "globalGet") return index("global.get", expression.globalIndex);
  throw new Error(`an offset of kind ${expression?.kind}`);
}

export function deferInstantiation(module: Module): Module {
  const code: Instruction[] = [];
  const init = (
    name: OpcodeName,
    segment: number,
    into: number,
    offset: ConstantExpression | undefined,
    length: number,
  ) => {
    code.push(offsetCode(offset), i32(0), i32(length));
    code.push(instruction(name, { immediate: "indexPair", first: segment, second: into }));
  };
  module.elements.forEach(({ mode, tableIndex, offset, elements }, segment) => {
    if (mode === "active") init("table.init", segment, tableIndex, offset, elements.length);
    if (mode === "active") code.push(index("elem.drop", segment));
  });
  module.data.forEach(({ mode, memoryIndex, offset, bytes }, segment) => {
    if (mode === "active") init("memory.init", segment, memoryIndex, offset, bytes.length);
    if (mode === "active") code.push(index("data.drop", segment));
  });
  if (module.start !== undefined) code.push(index("call", module.start));
  const passive = { mode: "passive", offset: undefined } as const;
  return withFunctions(
    {
      ...module,
      start: undefined,
      elements: module.elements.map((segment) => (segment.mode === "active" ? { ...segment, ...passive } : segment)),
      data: module.data.map((segment) => ({ ...segment, ...passive })),
    },
    [
      { name: instantiate, results: [], code },
      ...module.memories.map(() => ({
        name: sizeOf.memory,
        results: ["i32"] as const,
        code: [index("memory.size", 0)],
      })),
      ...module.tables.map((_, table) => ({
        name: sizeOf.table(table),
        results: ["i32"] as const,
        code: [index("table.size", table)],
      })),
    ],
  );
}

interface AddedFunction {
  readonly name: string;
  readonly results: FunctionType["results"];
  readonly code: readonly Instruction[];
}

function withFunctions(module: Module, added: readonly AddedFunction[]): Module {
  const firstType = module.types.length;
  const firstFunction = module.functionTypes.length;
  return {
    ...module,
    types: [...module.types, ...added.map(({ results }) => ({ parameters: [], results }))],
    functionTypes: [...module.functionTypes, ...added.map((_, i) => firstType + i)],
    functions: [
      ...module.functions,
      ...added.map(({ code }, i) => ({
        typeIndex: firstType + i,
        locals: [],
        instructions: [...code, instruction("end")],
        offset: 0,
        size: 0,
        memoryIndex: 0,
      })),
    ],
    exports: [
      ...module.exports,
      ...added.map(({ name }, i) => ({ name, kind: "function" as const, index: firstFunction + i })),
    ],
  };
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
