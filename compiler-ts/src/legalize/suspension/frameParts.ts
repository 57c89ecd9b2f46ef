/** Locals that are saved or taken back, in the parts that one call of the runtime moves. */
import type { FramePart, Local } from "../../ir/module.ts";
import { wordsOf } from "../../metadata.ts";
import type { ValueType } from "../../wasm/module.ts";

/** The runtime's templates recurse once for each local, and compilers limit how deep (clang to 1,024). */
const localsOfPart = 128;

export function wordsOfLocals(locals: readonly Local[]): number {
  return locals.reduce((sum, { type }) => sum + wordsOf(type as ValueType), 0);
}

/** Of a frame: each part with the word at which it starts. */
export function frameParts(locals: readonly Local[]): readonly FramePart[] {
  const parts: FramePart[] = [];
  let word = 0;
  for (let i = 0; i < locals.length; i += localsOfPart) {
    const part = locals.slice(i, i + localsOfPart);
    parts.push({ word, locals: part });
    word += wordsOfLocals(part);
  }
  return parts;
}

/** Of a stack: each part with the words between its start and the position. The last is followed by the number of the point, if that is saved. */
export function stackParts(locals: readonly Local[], hasPoint: boolean): readonly FramePart[] {
  const words = wordsOfLocals(locals) + (hasPoint ? 1 : 0);
  const parts = frameParts(locals).map((part) => ({ word: words - part.word, locals: part.locals }));
  return parts.length === 0 && hasPoint ? [{ word: words, locals }] : parts;
}
