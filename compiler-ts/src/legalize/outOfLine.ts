/**
 * Which functions stay calls. Apple's compiler inlines every call otherwise, and shader compilers are superlinear in function size; small functions are worth
 * inlining, and a function with one caller costs nothing.
 */
import type { IrModule } from "../ir/module.ts";
import { visitStatements } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";

/** Statements above which a function with several callers stays a call. */
const inlineLimit = 40;
/** Above it also with one caller: the caller must stay small too. */
const mergeLimit = 400;

export function outOfLine(module: IrModule, graph: CallGraph): ReadonlySet<number> {
  const size = new Map<number, number>();
  const callers = new Map<number, number>();
  for (const func of module.functions.values()) {
    let statements = 0;
    visitStatements(func.body, (statement) => {
      statements++;
      if (statement.kind === "call") callers.set(statement.callee, (callers.get(statement.callee) ?? 0) + 1);
    });
    size.set(func.index, statements);
  }
  const kept = new Set<number>();
  for (const func of module.functions.values()) {
    const statements = size.get(func.index) ?? 0;
    const limit = (callers.get(func.index) ?? 0) > 1 ? inlineLimit : mergeLimit;
    const facts = graph.facts.get(func.index);
    const callsItself = facts?.recursive === true && !facts.loops;
    if (func.outOfLine === true || callsItself || statements > limit) kept.add(func.index);
  }
  return kept;
}
