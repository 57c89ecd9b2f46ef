/** Traversal and rebuilding of nested statement lists, so that a pass names only the statements that it changes. */
import { completes } from "./builder.ts";
import type { Label, Statement } from "./module.ts";

/** The statement with its nested lists replaced by what `change` makes of them. */
export function mapLists(statement: Statement, change: (list: Statement[]) => Statement[]): Statement {
  switch (statement.kind) {
    case "block":
    case "loop":
    case "once":
    case "repeatedly":
      return withBody(statement, change(statement.body));
    case "if":
      return ifWith(statement, change(statement.whenTrue), change(statement.whenFalse));
    case "switch":
      return {
        ...statement,
        cases: statement.cases.map((item) => ({ ...item, body: change(item.body) })),
        default: change(statement.default),
      };
    case "chain":
      return {
        ...statement,
        segments: statement.segments.map((segment) => ({ ...segment, body: change(segment.body) })),
      };
    default:
      return statement;
  }
}

// Field by field: a spread takes several times as long.

function withBody(statement: Extract<Statement, { body: Statement[] }>, body: Statement[]): Statement {
  switch (statement.kind) {
    case "block":
      return { kind: "block", label: statement.label, results: statement.results, body };
    case "loop":
      return { kind: "loop", label: statement.label, results: statement.results, body, counted: statement.counted };
    case "once":
      return { kind: "once", body };
    case "repeatedly":
      return { kind: "repeatedly", body, counted: statement.counted, together: statement.together };
  }
}

function ifWith(
  statement: Extract<Statement, { kind: "if" }>,
  whenTrue: Statement[],
  whenFalse: Statement[],
): Statement {
  return { kind: "if", condition: statement.condition, results: statement.results, whenTrue, whenFalse };
}

/**
 * Replaces each statement, innermost lists first, by the statements that `change` gives for it; `undefined` keeps it. What is kept is shared, not copied:
 * most passes touch few statements, and compile time is spent here. Where a trap takes a statement's place the rest of the list goes: it may read what the
 * statement would have assigned.
 */
export function rewrite(
  list: Statement[],
  change: (statement: Statement) => readonly Statement[] | undefined,
): Statement[] {
  let result: Statement[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const statement = list[i] as Statement;
    const inner = rewriteLists(statement, change);
    const replacement = change(inner);
    if (result === undefined) {
      if (inner === statement && replacement === undefined) continue;
      result = list.slice(0, i);
    }
    if (replacement === undefined) result.push(inner);
    else for (const item of replacement) result.push(item);
    if (statement.kind !== "trap" && result[result.length - 1]?.kind === "trap") break;
  }
  return result ?? list;
}

function rewriteLists(
  statement: Statement,
  change: (statement: Statement) => readonly Statement[] | undefined,
): Statement {
  switch (statement.kind) {
    case "block":
    case "loop":
    case "once":
    case "repeatedly": {
      const body = rewrite(statement.body, change);
      return body === statement.body ? statement : withBody(statement, body);
    }
    case "if": {
      const whenTrue = rewrite(statement.whenTrue, change);
      const whenFalse = rewrite(statement.whenFalse, change);
      if (whenTrue === statement.whenTrue && whenFalse === statement.whenFalse) return statement;
      return ifWith(statement, whenTrue, whenFalse);
    }
    case "switch":
    case "chain":
      return mapLists(statement, (list) => rewrite(list, change));
    default:
      return statement;
  }
}

export function nestedLists(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case "block":
    case "loop":
    case "once":
    case "repeatedly":
      return [statement.body];
    case "if":
      return [statement.whenTrue, statement.whenFalse];
    case "switch":
      return [...statement.cases.map((item) => item.body), statement.default];
    case "chain":
      return statement.segments.map((segment) => segment.body);
    default:
      return none;
  }
}

const none: readonly never[] = [];

/** Each nested list in order, without allocation: analyses walk every function several times. */
export function forEachList(statement: Statement, visit: (list: Statement[]) => void): void {
  switch (statement.kind) {
    case "block":
    case "loop":
    case "once":
    case "repeatedly":
      visit(statement.body);
      break;
    case "if":
      visit(statement.whenTrue);
      if (statement.whenFalse.length > 0) visit(statement.whenFalse);
      break;
    case "switch":
      for (const item of statement.cases) visit(item.body);
      visit(statement.default);
      break;
    case "chain":
      for (const segment of statement.segments) visit(segment.body);
      break;
    default:
      break;
  }
}

export function visitStatements(list: readonly Statement[], visit: (statement: Statement) => void): void {
  const visitList = (nested: readonly Statement[]): void => {
    for (const statement of nested) {
      visit(statement);
      forEachList(statement, visitList);
    }
  };
  visitList(list);
}

/** Whether the statement can hold others. */
export function hasLists(statement: Statement): boolean {
  switch (statement.kind) {
    case "block":
    case "loop":
    case "once":
    case "repeatedly":
    case "if":
    case "switch":
    case "chain":
      return true;
    default:
      return false;
  }
}

export function someStatement(list: readonly Statement[], test: (statement: Statement) => boolean): boolean {
  return list.some(
    (statement) => test(statement) || nestedLists(statement).some((nested) => someStatement(nested, test)),
  );
}

export function breaksTo(list: readonly Statement[], label: Label): boolean {
  return someStatement(list, (item) => item.kind === "break" && item.label === label);
}

/** As far as can be told, something may follow the statement. */
export function mayComplete(statement: Statement | undefined): boolean {
  switch (statement?.kind) {
    case "if":
      return mayComplete(statement.whenTrue.at(-1)) || mayComplete(statement.whenFalse.at(-1));
    case "loop":
      return mayComplete(statement.body.at(-1)) || breaksTo(statement.body, statement.label);
    default:
      return completes(statement);
  }
}

/** Labels that a jump inside the list names; memoized by list, since passes ask for nested lists again. */
export class JumpTargets {
  readonly #known = new Map<readonly Statement[], ReadonlySet<Label>>();

  of(list: readonly Statement[]): ReadonlySet<Label> {
    if (list.length === 0) return noLabels;
    const known = this.#known.get(list);
    if (known !== undefined) return known;
    let labels: Set<Label> | undefined;
    for (const statement of list) {
      if (statement.kind === "break" || statement.kind === "continue") {
        labels ??= new Set();
        labels.add(statement.label);
      }
      forEachList(statement, (nested) => {
        for (const label of this.of(nested)) {
          labels ??= new Set();
          labels.add(label);
        }
      });
    }
    const result = labels ?? noLabels;
    this.#known.set(list, result);
    return result;
  }
}

const noLabels: ReadonlySet<Label> = new Set();
