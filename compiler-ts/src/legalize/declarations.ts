/**
 * Variables are declared where they get their first value, in the innermost list that holds all their occurrences; unused ones disappear. Shader compilers
 * slow down with the number of function-scope variables, and people read the text.
 */
import type { IrFunction, Local, Statement } from "../ir/module.ts";
import { visitLocals, visitMentions } from "../ir/operands.ts";
import { forEachList } from "../ir/walk.ts";

/** A list, where it lies, and how far the walk is in it. */
interface Place {
  readonly list: Statement[];
  readonly outer: Place | undefined;
  readonly depth: number;
  position: number;
}

interface Occurrence {
  /** The innermost list that holds every occurrence so far. */
  place: Place;
  /** Of the first occurrence, in that list. */
  position: number;
}

export function declarations(func: IrFunction): void {
  const found = new Map<Local, Occurrence | undefined>();
  for (const local of func.variables) found.set(local, undefined);
  let here: Place | undefined;
  const occur = (local: Local): void => {
    if (local.kind === "parameter" || local.kind === "temporary") return;
    const current = here as Place;
    const known = found.get(local);
    if (known !== undefined) {
      if (known.place !== current) meet(known, current);
    } else if (found.has(local)) found.set(local, { place: current, position: current.position });
  };
  const walk = (list: Statement[]): void => {
    const place: Place = { list, outer: here, depth: here === undefined ? 0 : here.depth + 1, position: 0 };
    here = place;
    for (; place.position < list.length; place.position++) {
      const statement = list[place.position] as Statement;
      visitMentions(statement, occur);
      forEachList(statement, walk);
    }
    here = place.outer;
  };
  walk(func.body);
  func.variables = func.variables.filter((local) => {
    const occurrence = found.get(local);
    return occurrence !== undefined && !declareAtFirst(local, occurrence);
  });
}

/** Widens `known` to the innermost list around it and `other`. A list that is still walked stands at the statement that holds the inner one. */
function meet(known: Occurrence, other: Place): void {
  let a = known.place;
  let b = other;
  while (a !== b) {
    if (a.depth >= b.depth) {
      a = a.outer as Place;
      known.position = -1;
    } else b = b.outer as Place;
  }
  known.place = a;
}

function declareAtFirst(local: Local, { place, position }: Occurrence): boolean {
  const first = place.list[position];
  if (first?.kind !== "assign" || first.target !== local) return false;
  let readsItself = false;
  visitLocals(first.value, (read) => {
    readsItself ||= read === local;
  });
  if (readsItself) return false;
  place.list[position] = { kind: "declare", target: local, value: first.value };
  return true;
}
