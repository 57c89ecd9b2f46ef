/** How far the memory of a module of the suite may grow: the limit is backed by real memory, in each of thousands of instances. */
import type { Module } from "../../compiler-ts/src/wasm/module.ts";

/** In pages, where the amount is an argument; the suite grows to 804. */
const furthest = 1024;

/** In pages; `undefined` where there is no memory. A limit that is too low fails the command that grows: nothing passes because of it that should not. */
export function memoryLimit(module: Module): number | undefined {
  const limits = module.memories[0]?.limits;
  if (limits === undefined) return undefined;
  return Math.min(limits.maximum ?? 65_536, limits.minimum + growth(module));
}

/** Amounts are constants of the module, small ones several times, or what a function is given. */
function growth(module: Module): number {
  let grows = false;
  let largest = 0;
  for (const { instructions } of module.functions) {
    for (const [place, instruction] of instructions.entries()) {
      if (instruction.opcode.name === "memory.grow") {
        grows = true;
        if (instructions[place - 1]?.opcode.name === "local.get") return furthest;
      }
      if (instruction.immediate === "i32" && instruction.value <= furthest) {
        largest = Math.max(largest, instruction.value);
      }
    }
  }
  return grows ? largest + 16 : 0;
}
