/** A call that may trap is followed by a statement that ends the caller too. */
import type { IrModule, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";

export function calls(module: IrModule, graph: CallGraph): void {
  for (const func of module.functions.values()) {
    const dispatcher = func.kind === "dispatcher";
    func.body = rewrite(func.body, (statement): readonly Statement[] | undefined => {
      // A dispatcher's cases hold the call alone: nothing returns from inside a `switch` (Apple's compiler service can crash on it).
      if (dispatcher) {
        const calls =
          statement.kind === "switch" && statement.cases.some((item) => item.body.some(({ kind }) => kind === "call"));
        return calls ? [statement, { kind: "propagateTrap", attribute: false }] : undefined;
      }
      if (statement.kind !== "call" || graph.facts.get(statement.callee)?.mayTrap !== true) return undefined;
      return [
        statement,
        { kind: "propagateTrap", attribute: module.functions.get(statement.callee)?.kind === "dispatcher" },
      ];
    });
  }
}
