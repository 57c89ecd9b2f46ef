/**
 * What brings an instance to its initial state, section 4.5.4 of the specification, in its order. All regions are zero when it starts, but for what the host
 * wrote: imported globals, the size and bytes of an imported memory, the sizes and elements of imported tables (docs/kernel-abi.md, Suspension).
 */
import { apply, i32, NameSource, read } from "../ir/builder.ts";
import type { Expression, IrFunction, IrGlobal, IrSegment, IrTable, Statement } from "../ir/module.ts";
import type { ConstantExpression, DataSegment, ElementSegment, Module, ValueType } from "../wasm/module.ts";
import { importedCount, instantiationParts } from "../wasm/module.ts";
import { constantValue } from "./constants.ts";

export interface InstantiationContext {
  readonly module: Module;
  readonly globals: readonly IrGlobal[];
  readonly tables: readonly IrTable[];
  readonly data: readonly IrSegment[];
  readonly elements: readonly IrSegment[];
}

export function instantiationFunction(context: InstantiationContext): IrFunction {
  return {
    kind: "instantiation",
    index: context.module.functionTypes.length,
    name: "wb_instantiate_instance",
    displayName: "(instantiation)",
    type: { parameters: [], results: [] },
    parameters: [],
    variables: [],
    body: new Instantiation(context).statements(),
    lowered: new Set(["bulk", "globalGet", "globalSet", "call", "return"]),
  };
}

class Instantiation {
  readonly #context: InstantiationContext;
  readonly #module: Module;
  readonly #names = new NameSource();
  readonly #statements: Statement[] = [];

  constructor(context: InstantiationContext) {
    this.#context = context;
    this.#module = context.module;
  }

  statements(): Statement[] {
    const module = this.#module;
    const importedMemories = importedCount(module, "memory");
    module.memories.forEach(({ limits }, index) => {
      if (index >= importedMemories) this.#bulk("memory.reset", [index, limits.minimum]);
    });
    this.#setGlobals();
    const importedTables = importedCount(module, "table");
    this.#context.tables.forEach((table, index) => {
      if (index >= importedTables && table.sizeWord !== undefined) this.#bulk("table.reset", [index]);
    });
    for (const { elements, data, start } of instantiationParts(module)) {
      for (const index of elements) this.#elementSegment(module.elements[index] as ElementSegment, index);
      for (const index of data) this.#dataSegment(module.data[index] as DataSegment, index);
      if (start !== undefined) this.#emit({ kind: "call", callee: start, arguments: [], targets: [] });
    }
    this.#emit({ kind: "return", values: [] });
    return this.#statements;
  }

  #setGlobals(): void {
    const imported = importedCount(this.#module, "global");
    this.#module.globals.forEach(({ initial }, index) => {
      this.#emit({ kind: "globalSet", global: imported + index, value: this.#evaluate(initial) });
    });
  }

  #elementSegment(segment: ElementSegment, index: number): void {
    const { length, droppedWord } = this.#context.elements[index] as IrSegment;
    if (segment.mode === "active") {
      const offset = this.#evaluate(segment.offset as ConstantExpression);
      this.#bulk("table.init", [index, segment.tableIndex], [offset, i32(0), i32(length)]);
      segment.elements.forEach((element, place) => {
        // The image is the same for all instances: it has null for what only this one knows.
        if (constantValue(this.#module, element) !== undefined) return;
        const at = apply("i32", "i32.add", [offset, i32(place)]);
        this.#bulk("table.set", [segment.tableIndex], [at, this.#evaluate(element)]);
      });
    }
    if (segment.mode !== "passive" && droppedWord !== undefined) this.#bulk("elem.drop", [index]);
  }

  #dataSegment(segment: DataSegment, index: number): void {
    if (segment.mode !== "active") return;
    const { length, droppedWord } = this.#context.data[index] as IrSegment;
    const offset = this.#evaluate(segment.offset as ConstantExpression);
    this.#bulk("memory.init", [index, segment.memoryIndex], [offset, i32(0), i32(length)]);
    if (droppedWord !== undefined) this.#bulk("data.drop", [index]);
  }

  #evaluate(expression: ConstantExpression): Expression {
    const known = constantValue(this.#module, expression);
    if (known !== undefined) return known;
    if (expression.kind !== "globalGet") throw new Error(`${expression.kind} is constant`);
    const type = this.#module.globalTypes[expression.globalIndex]?.value as ValueType;
    const target = this.#names.temporary(type);
    this.#emit({ kind: "globalGet", target, global: expression.globalIndex });
    return read(target);
  }

  #bulk(operation: string, immediates: readonly number[], operands: readonly Expression[] = []): void {
    this.#emit({ kind: "bulk", operation, immediates, operands, target: undefined });
  }

  #emit(statement: Statement): void {
    this.#statements.push(statement);
  }
}
