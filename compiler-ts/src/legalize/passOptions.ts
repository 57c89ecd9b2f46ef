/**
 * What a compilation can leave out, to measure what it gives and to test what takes its place. A program's results are the same with all choices. Default: nothing
 * is left out.
 */
export interface PassOptions {
  /** `false`: functions that call themselves become levels and a trampoline, as those do that call each other. */
  readonly recursionLoops?: boolean | undefined;
  /** `false`: recursions whose results are summed hand partial sums from call to caller (`accumulators.ts`). */
  readonly accumulators?: boolean | undefined;
  /** `false` assumes nothing about addresses: each access is checked by itself, its alignment too (`moduleAlignment.ts`, `accessGroups.ts`). */
  readonly memoryFacts?: boolean | undefined;
  /** `false`: what counted loops load comes from linear memory each time (`memoryWindows.ts`). */
  readonly memoryWindows?: boolean | undefined;
  /** `false`: stores do not wait for what was loaded from their place (`exchanges.ts`). */
  readonly exchanges?: boolean | undefined;
  /** `false`: lanes that leave a loop go on by themselves, also in modules with tables (`convergence.ts`). */
  readonly convergence?: boolean | undefined;
  /** `false`: loops in loops stay as they are, also where lanes take numbers of steps of their own in them (`suspension/mergedLoops.ts`); `"everywhere"`: none does, to test it. */
  readonly mergedLoops?: boolean | "everywhere" | undefined;
  /** Bodies of a small loop for one checkpoint, at most; `false`: each has its own (`unrolling.ts`). */
  readonly unrolling?: number | false | undefined;
}

export const passNames = [
  "recursionLoops",
  "accumulators",
  "memoryFacts",
  "memoryWindows",
  "exchanges",
  "convergence",
  "mergedLoops",
  "unrolling",
] as const;

/** All passes but those named. */
export function without(names: readonly (typeof passNames)[number][]): PassOptions {
  return Object.fromEntries(names.map((name) => [name, false]));
}
