/** What instantiation does to tables and memories in wasm's own instructions, where a module has to stand for several that are instantiated one after the other. */
import {
  type ConstantExpression,
  type DataSegment,
  type ElementSegment,
  type FunctionType,
  type Global,
  type Immediates,
  type Instruction,
  importedCount,
  instantiationParts,
  type Module,
} from "../wasm/module.ts";
import { type OpcodeName, opcodeNamed } from "../wasm/opcodes.ts";

/** Active segments as passive ones, and the code that copies and drops them and calls the start functions, part by part. */
export function withoutActiveSegments(module: Module): {
  readonly module: Module;
  readonly code: readonly Instruction[];
} {
  const code: Instruction[] = [];
  for (const { elements, data, start } of instantiationParts(module)) {
    for (const segment of elements) code.push(...initElements(module.elements[segment] as ElementSegment, segment));
    for (const segment of data) code.push(...initData(module.data[segment] as DataSegment, segment));
    if (start !== undefined) code.push(index("call", start));
  }
  const passive = { mode: "passive", offset: undefined } as const;
  const { parts: _, ...rest } = module;
  return {
    code,
    module: {
      ...rest,
      start: undefined,
      elements: module.elements.map((segment) => (segment.mode === "active" ? { ...segment, ...passive } : segment)),
      data: module.data.map((segment) => ({ ...segment, ...passive })),
    },
  };
}

function initElements({ mode, tableIndex, offset, elements }: ElementSegment, segment: number): Instruction[] {
  if (mode !== "active") return [];
  const init = instruction("table.init", { immediate: "indexPair", first: segment, second: tableIndex });
  return [...range(offset, elements.length), init, index("elem.drop", segment)];
}

function initData({ mode, memoryIndex, offset, bytes }: DataSegment, segment: number): Instruction[] {
  if (mode !== "active") return [];
  const init = instruction("memory.init", { immediate: "indexPair", first: segment, second: memoryIndex });
  return [...range(offset, bytes.length), init, index("data.drop", segment)];
}

function range(offset: ConstantExpression | undefined, length: number): Instruction[] {
  return [offsetCode(offset), i32(0), i32(length)];
}

function offsetCode(expression: ConstantExpression | undefined): Instruction {
  if (expression?.kind === "i32") return i32(expression.value);
  if (expression?.kind === "globalGet") return index("global.get", expression.globalIndex);
  throw new Error(`an offset of kind ${expression?.kind}`);
}

export function instruction(name: OpcodeName, immediates: Immediates = { immediate: "none" }): Instruction {
  return { opcode: opcodeNamed(name), offset: 0, ...immediates };
}

export function index(name: OpcodeName, value: number): Instruction {
  return instruction(name, { immediate: "index", index: value });
}

function i32(value: number): Instruction {
  return instruction("i32.const", { immediate: "i32", value });
}

/** Without parameters and locals. */
export interface AddedFunction {
  readonly results: FunctionType["results"];
  readonly code: readonly Instruction[];
}

/** They come behind all others. */
export function withFunctions(module: Module, added: readonly AddedFunction[]): Module {
  const firstType = module.types.length;
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
  };
}

/** The same program as a module of the binary format, which has one start function and knows no globals of its own in constant expressions. */
export function asOneModule(program: Module): Module {
  const { module, code } = withoutActiveSegments(program);
  const resolve = (expression: ConstantExpression): ConstantExpression => {
    const global: Global | undefined =
      expression.kind === "globalGet"
        ? program.globals[expression.globalIndex - importedCount(program, "global")]
        : undefined;
    return global === undefined ? expression : resolve(global.initial);
  };
  const start = module.functionTypes.length;
  return withFunctions(
    {
      ...module,
      start,
      functionNames: new Map([...module.functionNames, [start, "(instantiation)"]]),
      globals: module.globals.map(({ type, initial }) => ({ type, initial: resolve(initial) })),
      elements: [
        ...module.elements.map((segment) => ({ ...segment, elements: segment.elements.map(resolve) })),
        referencedFunctions(module),
      ],
    },
    [{ results: [], code }],
  );
}

/** Validation wants every function that `ref.func` names to be in a segment; those of libraries may have been exports alone. */
function referencedFunctions(module: Module): ElementSegment {
  const referenced = new Set<number>();
  for (const { instructions } of module.functions) {
    for (const item of instructions)
      if (item.immediate === "index" && item.opcode.name === "ref.func") referenced.add(item.index);
  }
  const elements = [...referenced].map((functionIndex) => ({ kind: "refFunc" as const, functionIndex }));
  return { mode: "declarative", type: "funcref", tableIndex: 0, offset: undefined, elements };
}
