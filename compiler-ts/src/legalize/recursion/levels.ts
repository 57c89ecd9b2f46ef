/** How many levels the functions of a recursion get, and how many of them may become one function together. */
import type { IrFunction } from "../../ir/module.ts";
import { visitStatements } from "../../ir/walk.ts";

/** Statements of all levels together that a component may grow to. */
const levelBudget = 600;
const mostLevels = 8;
/** Bodies that inlining may make of one: level by level they multiply by the calls in each. NVRTC took 25 s for fib with all eight levels inlined. */
const mostBodies = 8;

export function levelsOf(functions: readonly IrFunction[]): number {
  let statements = 0;
  for (const func of functions) visitStatements(func.body, () => statements++);
  return Math.min(mostLevels, Math.floor(levelBudget / statements));
}

export function inlinedLevels(functions: readonly IrFunction[], component: readonly number[]): number {
  let calls = 1;
  for (const func of functions) {
    let own = 0;
    visitStatements(func.body, (statement) => {
      if (statement.kind === "call" && component.includes(statement.callee)) own++;
    });
    calls = Math.max(calls, own);
  }
  let levels = 1;
  for (let bodies = 1; levels < mostLevels; levels++) {
    bodies += calls ** levels;
    if (bodies > mostBodies) break;
  }
  return levels;
}
