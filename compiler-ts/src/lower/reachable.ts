/** Which functions a program can reach, and the few instructions of them that decide about layout, found in one pass over the code. */
import { type Instruction, importedCount, instantiationParts, type Module } from "../wasm/module.ts";

export interface ReachableCode {
  /** Function indices in order. */
  readonly functions: readonly number[];
  /** Instructions that name a table, a data segment or an element segment. */
  readonly tableAndSegment: readonly Instruction[];
  /** Indices of the memories that may grow. */
  readonly grownMemories: ReadonlySet<number>;
}

/** From the roots, the start function and whatever a reference can reach: with an indirect call in sight, every function that anything makes a reference to. */
export function reachableCode(module: Module, roots: readonly number[]): ReachableCode {
  const imported = importedCount(module, "function");
  const reached = new Set<number>();
  const pending = [...roots];
  for (const { start } of instantiationParts(module)) if (start !== undefined) pending.push(start);
  const grownMemories = new Set<number>();
  const tableAndSegment: Instruction[] = [];
  const references = new Set<number>();
  let callsIndirectly = false;
  const reach = (functionIndex: number): void => {
    reached.add(functionIndex);
    const body = module.functions[functionIndex - imported];
    if (body === undefined) return;
    for (const instruction of body.instructions) {
      const { code } = instruction.opcode;
      if (code === callCode && instruction.immediate === "index") pending.push(instruction.index);
      else if (code === refFuncCode && instruction.immediate === "index") references.add(instruction.index);
      else if (instruction.immediate === "callIndirect") callsIndirectly = true;
      else if (code === memoryGrowCode) grownMemories.add(body.memoryIndex);
      else if (code >> 8 === 0xfc || code === tableGetCode || code === tableSetCode) tableAndSegment.push(instruction);
    }
  };
  addStaticReferences(module, references);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) if (!reached.has(index)) reach(index);
    if (callsIndirectly) pending.push(...references);
  }
  return { functions: [...reached].sort((a, b) => a - b), tableAndSegment, grownMemories };
}

const callCode = 0x10;
const tableGetCode = 0x25;
const tableSetCode = 0x26;
const memoryGrowCode = 0x40;
const refFuncCode = 0xd2;

function addStaticReferences(module: Module, references: Set<number>): void {
  for (const segment of module.elements)
    for (const element of segment.elements) if (element.kind === "refFunc") references.add(element.functionIndex);
  for (const global of module.globals)
    if (global.initial.kind === "refFunc") references.add(global.initial.functionIndex);
}
