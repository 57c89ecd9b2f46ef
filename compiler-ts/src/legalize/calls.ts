/**
 * A call that may trap is followed by a statement that ends the caller too. Calls inside a recursive component count the depth and trap with
 * `call stack exhausted` when the call stack's frames are used up.
 */
import { apply, field, i32 } from "../ir/builder.ts";
import type { IrModule, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";
import type { CallGraph, FunctionFacts } from "./callGraph.ts";
import { isRecursiveCall } from "./fuel.ts";

export function calls(module: IrModule, graph: CallGraph): void {
  for (const func of module.functions.values()) {
    const caller = graph.facts.get(func.index) as FunctionFacts;
    const dispatcher = func.kind === "dispatcher";
    if (!(dispatcher || func.lowered.has("call") || func.lowered.has("callIndirect"))) continue;
    func.body = rewrite(func.body, (statement) => {
      if (statement.kind === "switch")
        return dispatcher ? [statement, { kind: "propagateTrap", attribute: false }] : undefined;
      if (statement.kind !== "call") return undefined;
      const callee = graph.facts.get(statement.callee) as FunctionFacts;
      const result: Statement[] = [statement];
      if (isRecursiveCall(graph, caller, statement.callee) && !dispatcher) {
        result.unshift({
          kind: "trapIf",
          condition: apply("i32", "i32.eqz", [field("depth")]),
          trap: "call stack exhausted",
        });
        result.splice(1, 0, {
          kind: "setField",
          field: "depth",
          value: apply("i32", "i32.sub", [field("depth"), i32(1)]),
        });
        result.push({ kind: "setField", field: "depth", value: apply("i32", "i32.add", [field("depth"), i32(1)]) });
      }
      // A dispatcher's cases hold the call alone: nothing returns from inside a `switch` (Apple's compiler service can crash on it).
      if (callee.mayTrap && !dispatcher) {
        const target = module.functions.get(statement.callee);
        result.push({ kind: "propagateTrap", attribute: target?.kind === "dispatcher" });
      }
      return result;
    });
  }
}
