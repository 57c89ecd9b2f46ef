/** Module-level lowering: where state, tables and segments lie, which functions are compiled. */
import type { IrFunction, IrGlobal, IrModule } from "../ir/module.ts";
import { wordsOf } from "../metadata.ts";
import { Namer } from "../msl/namer.ts";
import { importedCount, type Module } from "../wasm/module.ts";
import { functionDisplayNames } from "../wasm/names.ts";
import { constantReference, constantValue } from "./constants.ts";
import { importedFunction } from "./importedFunction.ts";
import { instantiationFunction } from "./instantiation.ts";
import { lowerFunction } from "./lowerFunction.ts";
import { layOutLinkedMemories, ownMemory } from "./memories.ts";
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
  const displayNames = functionDisplayNames(module);
  let stateWord = firstStateWord;
  const allocateStateWord = (words: number): number => {
    const word = stateWord;
    stateWord += words;
    return word;
  };
  const reachable = reachableCode(module, options.roots);
  const importedGlobals = importedCount(module, "global");
  const exportedGlobals = new Set(module.exports.flatMap((item) => (item.kind === "global" ? [item.index] : [])));
  const globals = module.globalTypes.map(({ value: type, mutable }, index): IrGlobal => {
    const global = module.globals[index - importedGlobals];
    const initial = global === undefined ? undefined : constantValue(module, global.initial);
    const exported = exportedGlobals.has(index);
    return {
      type,
      mutable,
      imported: global === undefined,
      exported,
      initial,
      stateWord: allocateStateWord(wordsOf(type)),
    };
  });
  const tables = layOutTables(module, reachable.tableAndSegment, allocateStateWord, (element) =>
    constantReference(module, element),
  );
  const linked = layOutLinkedMemories(module, reachable.grownMemories, tables.words, allocateStateWord);
  const used = usedSegments(reachable.tableAndSegment);
  const segments = layOutSegments(module, used, allocateStateWord, (element) => constantReference(module, element));
  const namer = new Namer();
  const importedFunctions = importedCount(module, "function");
  const functions = new Map<number, IrFunction>();
  for (const index of reachable.functions) {
    const lower = index < importedFunctions ? importedFunction : lowerFunction;
    functions.set(
      index,
      lower({
        module,
        functionIndex: index,
        name: namer.name(`f${index}`, displayNames[index] === `func[${index}]` ? undefined : displayNames[index]),
        displayName: displayNames[index] as string,
      }),
    );
  }
  const instantiate = instantiationFunction({
    module,
    globals,
    tables: tables.tables,
    data: segments.data,
    elements: segments.elements,
  });
  functions.set(instantiate.index, instantiate);
  return {
    functions,
    globals,
    tables: tables.tables,
    memory: ownMemory(module),
    linkedMemories: linked.memories,
    data: segments.data,
    elements: segments.elements,
    image: segments.image,
    instantiate,
    stateWords: stateWord,
    tableWords: linked.words,
    roots: [...new Set([...options.roots, instantiate.index])],
  };
}
