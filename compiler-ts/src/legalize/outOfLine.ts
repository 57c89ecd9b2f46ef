/**
 * Which functions stay calls. Apple's compiler inlines every call otherwise, and shader compilers are superlinear in function size; small functions are worth
 * inlining, and a function with one caller costs nothing. What counts is a function with all that is inlined in it.
 */
import type { IrModule } from "../ir/module.ts";
import { visitStatements } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";

/** Statements above which a function with several callers stays a call. */
const inlineLimit = 40;
/** Above it also with one caller: the caller must stay small too. */
const mergeLimit = 400;
/** Statements, those of inlined functions among them, above which a function stays a call in other functions. A kernel is nothing but its call. */
const inlinedLimit = 600;
/** Statements that all copies of a function may add to the module. brotli-wasm's grew 2.5 times by functions within the limits above, one of them 30 times. */
const copiesLimit = 1000;
/** Statements of functions that are inlined however many call them: their calls would be as large. */
const alwaysInline = 8;

/** `order`: callees first where possible. */
export function outOfLine(module: IrModule, graph: CallGraph, order: readonly number[]): ReadonlySet<number> {
  const own = new Map<number, number>();
  const callees = new Map<number, readonly number[]>();
  const calls = new Map<number, number>();
  for (const func of module.functions.values()) {
    let statements = 0;
    const called: number[] = [];
    visitStatements(func.body, (statement) => {
      statements++;
      if (statement.kind === "call") called.push(statement.callee);
    });
    for (const callee of called) calls.set(callee, (calls.get(callee) ?? 0) + 1);
    own.set(func.index, statements);
    callees.set(func.index, called);
  }
  const kept = new Set<number>();
  const inlined = new Map<number, number>();
  for (const index of order) {
    const statements = own.get(index) ?? 0;
    const called = calls.get(index) ?? 0;
    let size = statements;
    for (const callee of callees.get(index) ?? []) if (!kept.has(callee)) size += inlined.get(callee) ?? 0;
    inlined.set(index, size);
    const facts = graph.facts.get(index);
    const callsItself = facts?.recursive === true && !facts.loops;
    const large = statements > (called > 1 ? inlineLimit : mergeLimit) || (called > 0 && size > inlinedLimit);
    const copied = size > alwaysInline && (called - 1) * size > copiesLimit;
    if (module.functions.get(index)?.outOfLine === true || callsItself || large || copied) kept.add(index);
  }
  return kept;
}
