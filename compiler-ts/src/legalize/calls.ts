/** A call that may trap is followed by a statement that ends the caller too. Calls that may be suspended have theirs from `suspension`. */
import type { IrFunction, IrModule, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";

export function calls(module: IrModule, func: IrFunction, graph: CallGraph): void {
  const propagates = (callee: number): boolean => {
    const facts = graph.facts.get(callee);
    return facts?.mayTrap === true && !facts.suspends;
  };
  const dispatcher = func.kind === "dispatcher";
  if (!(dispatcher || func.lowered.has("call") || func.lowered.has("callIndirect"))) return;
  // A dispatcher whose cases suspend has the statement behind its `switch` already.
  if (dispatcher && graph.facts.get(func.index)?.suspends === true) return;
  func.body = rewrite(func.body, (statement): readonly Statement[] | undefined => {
    // A dispatcher's cases hold the call alone: nothing returns from inside a `switch` (Apple's compiler service can crash on it).
    if (dispatcher) {
      const calls =
        statement.kind === "switch" && statement.cases.some((item) => item.body.some(({ kind }) => kind === "call"));
      return calls ? [statement, { kind: "propagateTrap", attribute: false, frame: undefined }] : undefined;
    }
    if (statement.kind !== "call" || !propagates(statement.callee)) return undefined;
    const attribute = module.functions.get(statement.callee)?.kind === "dispatcher";
    return [statement, { kind: "propagateTrap", attribute, frame: undefined }];
  });
}
