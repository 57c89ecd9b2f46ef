/**
 * Variables are declared where they get their first value, in the innermost list that holds all their occurrences; unused ones disappear. Shader compilers
 * slow down with the number of function-scope variables, and people read the text.
 */
import type { IrFunction, IrModule, Local, Statement } from "../ir/module.ts";
import { assignedLocals, expressionsOf, nestedLists, visitLocals } from "../ir/walk.ts";

export function declarations(module: IrModule): void {
  for (const func of module.functions.values()) declareVariables(func);
}

interface Occurrences {
  /** The lists around all occurrences, outermost first, and the position in each of the first occurrence. */
  lists: Statement[][];
  positions: number[];
}

function declareVariables(func: IrFunction): void {
  const variables = new Set(func.variables);
  const found = new Map<Local, Occurrences>();
  const lists: Statement[][] = [];
  const positions: number[] = [];
  const occur = (local: Local): void => {
    if (!variables.has(local)) return;
    const known = found.get(local);
    if (known === undefined) {
      found.set(local, { lists: [...lists], positions: [...positions] });
      return;
    }
    let common = 0;
    while (common < lists.length && common < known.lists.length && lists[common] === known.lists[common]) common++;
    known.lists.length = common;
    known.positions.length = common;
  };
  const walk = (list: Statement[]): void => {
    lists.push(list);
    list.forEach((statement, position) => {
      positions.push(position);
      for (const local of assignedLocals(statement)) occur(local);
      for (const expression of expressionsOf(statement)) visitLocals(expression, occur);
      for (const nested of nestedLists(statement)) walk(nested as Statement[]);
      positions.pop();
    });
    lists.pop();
  };
  walk(func.body);
  func.variables = func.variables.filter((local) => {
    const occurrences = found.get(local);
    return occurrences !== undefined && !declareAtFirst(local, occurrences);
  });
}

function declareAtFirst(local: Local, { lists, positions }: Occurrences): boolean {
  const list = lists[lists.length - 1] as Statement[];
  const position = positions[positions.length - 1] as number;
  const first = list[position];
  if (first?.kind !== "assign" || first.target !== local) return false;
  let readsItself = false;
  visitLocals(first.value, (read) => {
    readsItself ||= read === local;
  });
  if (readsItself) return false;
  list[position] = { kind: "declare", target: local, value: first.value };
  return true;
}
