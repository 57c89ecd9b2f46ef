/** Module-level lowering: where state, tables and segments lie, what instantiation does, which functions are compiled. */
import { CompileError } from "../diagnostics.ts";
import { constant, i32, vector, zero } from "../ir/builder.ts";
import type {
  Expression,
  IrFunction,
  IrGlobal,
  IrMemory,
  IrModule,
  IrSegment,
  IrTable,
  Statement,
} from "../ir/module.ts";
import { maximumMemoryPages, wordsOf } from "../metadata.ts";
import { Namer } from "../msl/namer.ts";
import type { ConstantExpression, MemoryType, Module } from "../wasm/module.ts";
import { functionDisplayNames } from "../wasm/names.ts";
import { lowerFunction } from "./lowerFunction.ts";
import { reachableCode } from "./reachable.ts";
import { layOutSegments, usedSegments } from "./segments.ts";
import { layOutTables } from "./tables.ts";

/** Word 0 of the state region is the memory's size in pages (docs/kernel-abi.md). */
const firstStateWord = 1;

export interface LoweringOptions {
  /** Indices of the functions that get a kernel. */
  readonly roots: readonly number[];
}

export function lowerModule(module: Module, options: LoweringOptions): IrModule {
  refuseUnsupported(module);
  const displayNames = functionDisplayNames(module);
  let stateWord = firstStateWord;
  const allocateStateWord = (words: number): number => {
    const word = stateWord;
    stateWord += words;
    return word;
  };
  const reachable = reachableCode(module, options.roots);
  const globals = module.globals.map((global): IrGlobal => {
    const type = global.type.value;
    return {
      type,
      mutable: global.type.mutable,
      initial: constantExpression(module, global.initial),
      stateWord: allocateStateWord(wordsOf(type)),
    };
  });
  const tables = layOutTables(module, reachable.tableAndSegment, allocateStateWord, (element) =>
    referenceOf(module, element),
  );
  const used = usedSegments(reachable.tableAndSegment);
  const segments = layOutSegments(module, used, allocateStateWord, (element) => referenceOf(module, element));
  const namer = new Namer();
  const functions = new Map<number, IrFunction>();
  for (const index of reachable.functions) {
    functions.set(
      index,
      lowerFunction({
        module,
        functionIndex: index,
        name: namer.name(`f${index}`, displayNames[index] === `func[${index}]` ? undefined : displayNames[index]),
        displayName: displayNames[index] as string,
      }),
    );
  }
  const memory = module.memories[0];
  const instantiate: IrFunction = {
    kind: "instantiation",
    index: module.functionTypes.length,
    name: "wb_instantiate_instance",
    displayName: "(instantiation)",
    type: { parameters: [], results: [] },
    parameters: [],
    variables: [],
    body: instantiation(module, globals, tables.tables, segments.data, segments.elements),
    lowered: new Set(["bulk", "globalSet", "call", "return"]),
  };
  functions.set(instantiate.index, instantiate);
  return {
    functions,
    globals,
    tables: tables.tables,
    memory: memory === undefined ? undefined : memoryOf(memory),
    data: segments.data,
    elements: segments.elements,
    image: segments.image,
    instantiate,
    stateWords: stateWord,
    tableWords: tables.words,
    roots: [...new Set([...options.roots, instantiate.index])],
  };
}

function refuseUnsupported(module: Module): void {
  if (module.imports.length > 0) {
    const list = module.imports.map((item) => `${item.description.kind} "${item.module}"."${item.name}"`).join(", ");
    throw new CompileError({ kind: "unsupported", message: `imports are not supported: ${list}` });
  }
}

function referenceOf(_module: Module, expression: ConstantExpression): number {
  return expression.kind === "refFunc" ? expression.functionIndex + 1 : 0;
}

function constantExpression(_module: Module, expression: ConstantExpression): Expression {
  switch (expression.kind) {
    case "i32":
      return i32(expression.value);
    case "i64":
      return constant("i64", expression.value);
    case "f32":
      return constant("f32", expression.bits);
    case "f64":
      return constant("f64", expression.bits);
    case "refNull":
      return zero(expression.type);
    case "refFunc":
      return constant("funcref", expression.functionIndex + 1);
    case "v128":
      return vector(expression.bytes);
    case "globalGet":
      // Only imported globals may be named here, and imports were refused.
      throw new CompileError({
        kind: "unsupported",
        message: `imported global ${expression.globalIndex} in a constant expression`,
      });
  }
}

function memoryOf({ limits: { minimum, maximum } }: MemoryType): IrMemory {
  if (minimum > maximumMemoryPages)
    throw new CompileError({
      kind: "limit",
      message: `a memory of ${minimum} pages exceeds the limit of ${maximumMemoryPages} pages`,
    });
  return {
    minimumPages: minimum,
    maximumPages: maximum === undefined ? undefined : Math.min(maximum, maximumMemoryPages),
  };
}

/** Section 4.5.4 of the specification, in its order. Memory and state are zero when it starts. */
function instantiation(
  module: Module,
  globals: readonly IrGlobal[],
  tables: readonly IrTable[],
  data: readonly IrSegment[],
  elements: readonly IrSegment[],
): Statement[] {
  const statements: Statement[] = [bulk("instance.reset", [module.memories[0]?.limits.minimum ?? 0], [])];
  globals.forEach((global, index) => {
    statements.push({ kind: "globalSet", global: index, value: global.initial });
  });
  tables.forEach((table, index) => {
    if (table.minimum > 0 || table.sizeWord !== undefined) statements.push(bulk("table.reset", [index], []));
  });
  module.elements.forEach((segment, index) => {
    if (segment.mode === "active") {
      const offset = constantExpression(module, segment.offset as ConstantExpression);
      statements.push(
        bulk("table.init", [index, segment.tableIndex], [offset, i32(0), i32((elements[index] as IrSegment).length)]),
      );
    }
    if (segment.mode !== "passive" && elements[index]?.droppedWord !== undefined)
      statements.push(bulk("elem.drop", [index], []));
  });
  module.data.forEach((segment, index) => {
    if (segment.mode !== "active") return;
    const offset = constantExpression(module, segment.offset as ConstantExpression);
    statements.push(bulk("memory.init", [index, 0], [offset, i32(0), i32((data[index] as IrSegment).length)]));
    if (data[index]?.droppedWord !== undefined) statements.push(bulk("data.drop", [index], []));
  });
  if (module.start !== undefined) statements.push({ kind: "call", callee: module.start, arguments: [], targets: [] });
  statements.push({ kind: "return", values: [] });
  return statements;
}

function bulk(operation: string, immediates: readonly number[], operands: readonly Expression[]): Statement {
  return { kind: "bulk", operation, immediates, operands, target: undefined };
}
