/** What a pass changes of scopes when it moves statements into blocks, guards or copies. */
import type { Local, Statement } from "../ir/module.ts";
import { visitAssigned } from "../ir/operands.ts";

/** What the statement declares for the rest of its list, results of a construct too, is to be known outside of that: it becomes a variable of the function. */
export function widenScope(statement: Statement, variables: Set<Local>): void {
  visitAssigned(statement, (local) => {
    if (local.kind !== "temporary") return;
    local.kind = "variable";
    variables.add(local);
  });
  if (statement.kind === "block" || statement.kind === "loop" || statement.kind === "if")
    for (const local of statement.results) variables.add(local);
}
