/** Where tables lie in the tables region, and which of them never change. */
import { CompileError } from "../diagnostics.ts";
import type { IrTable } from "../ir/module.ts";
import {
  type ConstantExpression,
  type ElementSegment,
  type Instruction,
  importedCount,
  instantiationParts,
  type Module,
} from "../wasm/module.ts";

/** Elements that `table.grow` can add at most, and an imported table can have more than it must: tables are backed whole, and growth is rare. */
const growthReserve = 1024;
/** Bytes of all tables of an instance; beyond it a module is refused by name. */
const maximumTableBytes = 1 << 22;

export function layOutTables(
  module: Module,
  instructions: readonly Instruction[],
  allocateStateWord: (words: number) => number,
  referenceOf: (element: ConstantExpression) => number | undefined,
): { readonly tables: readonly IrTable[]; readonly words: number } {
  const grown = new Set<number>();
  const written = new Set<number>();
  for (const instruction of instructions) {
    if (instruction.immediate === "index") {
      if (instruction.opcode.name === "table.grow") grown.add(instruction.index);
      if (instruction.opcode.name === "table.set" || instruction.opcode.name === "table.fill")
        written.add(instruction.index);
    } else if (instruction.immediate === "indexPair") {
      if (instruction.opcode.name === "table.copy") written.add(instruction.first);
      if (instruction.opcode.name === "table.init") written.add(instruction.second);
    }
  }
  const imported = importedCount(module, "table");
  let word = 0;
  const tables = module.tables.map((type, index): IrTable => {
    const { minimum, maximum } = type.limits;
    // The host decides how large an imported table is, and what is in it.
    const fixed = index >= imported && !grown.has(index);
    const capacity = !fixed ? Math.min(maximum ?? minimum + growthReserve, minimum + growthReserve) : minimum;
    const first = word;
    word += capacity;
    if (word * 4 > maximumTableBytes)
      throw new CompileError({
        kind: "limit",
        message: `tables of ${word * 4} bytes an instance exceed the limit of ${maximumTableBytes} bytes`,
      });
    const constantContents =
      fixed && !written.has(index) ? staticContents(module, index, minimum, referenceOf) : undefined;
    return {
      imported: index < imported,
      minimum,
      capacity,
      word: first,
      sizeWord: fixed ? undefined : allocateStateWord(1),
      contents: constantContents,
    };
  });
  return { tables, words: word };
}

function staticContents(
  module: Module,
  table: number,
  length: number,
  referenceOf: (element: ConstantExpression) => number | undefined,
): number[] | undefined {
  const contents = new Array<number>(length).fill(0);
  for (const { segment, afterStart } of activeElements(module)) {
    if (segment.tableIndex !== table) continue;
    // A library's start function may have seen the table without it.
    if (afterStart) return undefined;
    if (segment.offset?.kind !== "i32") return undefined;
    const offset = segment.offset.value >>> 0;
    // Out of bounds: instantiation traps, what the table would hold does not matter.
    if (offset + segment.elements.length > length) return undefined;
    for (const [i, element] of segment.elements.entries()) {
      const reference = referenceOf(element);
      if (reference === undefined) return undefined;
      contents[offset + i] = reference;
    }
  }
  return contents;
}

/** In the order of instantiation. */
function* activeElements(
  module: Module,
): Generator<{ readonly segment: ElementSegment; readonly afterStart: boolean }> {
  let afterStart = false;
  for (const { elements, start } of instantiationParts(module)) {
    for (const index of elements) {
      const segment = module.elements[index] as ElementSegment;
      if (segment.mode === "active") yield { segment, afterStart };
    }
    afterStart ||= start !== undefined;
  }
}
