/** The sizes of memories, and where those lie that linked modules bring beside the instance's own. */
import { CompileError } from "../diagnostics.ts";
import type { IrLinkedMemory, IrMemory } from "../ir/module.ts";
import { maximumMemoryPages } from "../metadata.ts";
import { importedCount, type MemoryType, type Module } from "../wasm/module.ts";

/** Pages that `memory.grow` can add at most to a linked memory: it is backed whole, in every instance. */
const growthReserve = 16;
/** Pages of all linked memories of an instance; beyond it a program is refused by name. */
const maximumLinkedPages = 1024;
const pageWords = 16_384;

export function ownMemory(module: Module): IrMemory | undefined {
  if (importedCount(module, "memory") > 1)
    throw new CompileError({ kind: "limit", message: "more than one imported memory: the host gives an instance one" });
  const memory = module.memories[0];
  return memory === undefined ? undefined : memoryOf(memory);
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

/** They follow the tables, from word `tableWords` on. */
export function layOutLinkedMemories(
  module: Module,
  grown: ReadonlySet<number>,
  tableWords: number,
  allocateStateWord: (words: number) => number,
): { readonly memories: readonly IrLinkedMemory[]; readonly words: number } {
  // Without tiles its words of 8 bytes have to lie at multiples of 8.
  let word = tableWords + (module.memories.length > 1 ? tableWords % 2 : 0);
  let pages = 0;
  const memories = module.memories.slice(1).map(({ limits: { minimum, maximum } }, index): IrLinkedMemory => {
    const largest = minimum + growthReserve;
    const capacityPages = grown.has(index + 1) ? Math.min(maximum ?? largest, largest) : minimum;
    pages += capacityPages;
    if (pages > maximumLinkedPages)
      throw new CompileError({
        kind: "limit",
        message: `linked memories of ${pages} pages an instance exceed the limit of ${maximumLinkedPages} pages`,
      });
    const first = word;
    word += capacityPages * pageWords;
    return { minimumPages: minimum, capacityPages, word: first, sizeWord: allocateStateWord(1) };
  });
  return { memories, words: word };
}
