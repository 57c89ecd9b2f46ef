/** How a loop goes through memory: what it ends by, and what it steps. Cells (`memoryCell.ts`) and the merging of loops (`suspension/mergedLoops.ts`) ask for it. */
import type { Expression, Local, Statement } from "../../ir/module.ts";
import { expressionsOf, mentions, visitAssigned } from "../../ir/operands.ts";
import { nestedLists, visitStatements } from "../../ir/walk.ts";

/** Of one loop. */
export interface Walk {
  /** It is left, or goes on, by what it has loaded: its lanes take numbers of steps of their own. */
  readonly endsByLoads: boolean;
  /** The locals that it steps by constants. */
  readonly pointers: ReadonlySet<Local>;
}

/** A longer step is no walk: it would leave what a small cell or a sector holds. */
const longestStep = 16;

export function walkOf(body: readonly Statement[]): Walk {
  const pointers = new Set<Local>();
  const loaded = new Set<Local>();
  let endsByLoads = false;
  visitStatements(body, (statement) => {
    if (statement.kind === "load") loaded.add(statement.target);
    else if (statement.kind === "assign") {
      if (mentions(statement.value, loaded)) loaded.add(statement.target);
      else loaded.delete(statement.target);
      if (isStep(statement.target, statement.value)) pointers.add(statement.target);
    } else if (!endsByLoads && (statement.kind === "if" || statement.kind === "switch") && leaves(statement)) {
      endsByLoads = expressionsOf(statement).some((condition) => mentions(condition, loaded));
    } else visitAssigned(statement, (local) => loaded.delete(local));
  });
  return { endsByLoads, pointers };
}

function leaves(statement: Statement): boolean {
  return nestedLists(statement).some((list) => list.some(({ kind }) => kind === "break" || kind === "continue"));
}

function isStep(target: Local, value: Expression): boolean {
  if (value.kind !== "apply" || (value.operation !== "i32.add" && value.operation !== "i32.sub")) return false;
  const [first, second] = value.operands as [Expression, Expression];
  return (
    first.kind === "local" &&
    first.local === target &&
    second.kind === "constant" &&
    Math.abs(Number(second.bits) | 0) <= longestStep
  );
}
