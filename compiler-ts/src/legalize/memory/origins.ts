/** What a local seems to hold at some place: its last assignment before it in the text, where that is a constant from another local. */
import type { Expression, Local, Statement } from "../../ir/module.ts";
import { assignedIn, type Origin } from "./countedTrace.ts";

/** A statement of a list, by position. */
export interface Place {
  readonly list: readonly Statement[];
  readonly position: number;
}

/** `around` are the place's own list and those that hold it, outermost first. A guess: what a loop around does later is not looked at. */
export function originBefore(
  local: Local,
  around: readonly Place[],
  memory: Map<Statement, readonly Local[]>,
): Origin | undefined {
  for (let depth = around.length - 1; depth >= 0; depth--) {
    const { list, position } = around[depth] as Place;
    for (let i = position - 1; i >= 0; i--) {
      const statement = list[i] as Statement;
      if (!assignedIn(statement, memory).includes(local)) continue;
      return statement.kind === "assign" ? sumOf(statement.value, local) : undefined;
    }
  }
  return undefined;
}

function sumOf(value: Expression, target: Local): Origin | undefined {
  let rest = value;
  let constant = 0;
  while (rest.kind === "apply" && (rest.operation === "i32.add" || rest.operation === "i32.sub")) {
    const [first, second] = rest.operands as [Expression, Expression];
    if (second.kind !== "constant") return undefined;
    constant += (rest.operation === "i32.add" ? 1 : -1) * ((second.bits as number) | 0);
    rest = first;
  }
  if (rest === value || rest.kind !== "local" || rest.local === target) return undefined;
  // Others need not be in scope any more.
  return rest.local.kind === "variable" || rest.local.kind === "parameter" ? { base: rest.local, constant } : undefined;
}
