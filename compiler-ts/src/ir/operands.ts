/** What a single statement evaluates, reads, writes and saves; nested lists are walk.ts's. */
import type { Expression, FramePart, Local, Statement } from "./module.ts";

/** Locals that the statement itself writes, nested lists not included. */
export function visitAssigned(statement: Statement, visit: (local: Local) => void): void {
  switch (statement.kind) {
    case "assign":
    case "declare":
    case "load":
    case "windowLoad":
    case "globalGet":
    case "trapping":
      visit(statement.target);
      break;
    case "call":
    case "callImport":
    case "callIndirect":
      for (const local of statement.targets) visit(local);
      break;
    case "bulk":
      if (statement.target !== undefined) visit(statement.target);
      break;
    case "restore":
    case "pop":
      visitParts(statement.parts, visit);
      break;
    default:
      break;
  }
}

export function localsOf(parts: readonly FramePart[]): readonly Local[] {
  return parts.flatMap(({ locals }) => locals);
}

function visitParts(parts: readonly FramePart[], visit: (local: Local) => void): void {
  for (const { locals } of parts) for (const local of locals) visit(local);
}

/** What the statement saves in a frame. */
function savedParts(statement: Statement): readonly FramePart[] {
  switch (statement.kind) {
    case "checkpoint":
    case "propagateTrap":
    case "unwind":
      return statement.frame?.parts ?? none;
    case "push":
      return statement.parts;
    default:
      return none;
  }
}

/** Expressions that the statement itself evaluates, nested lists not included. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case "assign":
    case "declare":
    case "globalSet":
    case "setField":
      return [statement.value];
    case "load":
      return [statement.address];
    case "store":
      return [statement.address, statement.value];
    case "call":
    case "callImport":
      return statement.arguments;
    case "callIndirect":
      return [statement.index, ...statement.arguments];
    case "trapping":
    case "bulk":
      return statement.operands;
    case "if":
    case "trapIf":
      return [statement.condition];
    case "switch":
      return [statement.index];
    case "return":
      return statement.values;
    case "trapWith":
      return [statement.code];
    case "window":
    case "windowPut":
      return [statement.window.base];
    case "windowLoad":
      return [statement.place];
    case "windowStore":
      return [statement.window.base, statement.place, statement.value];
    default:
      return [];
  }
}

/** The statement with the expressions that it evaluates itself replaced; the same one where none changes. */
export function mapExpressions(statement: Statement, change: (expression: Expression) => Expression): Statement {
  const all = (expressions: readonly Expression[]): readonly Expression[] => {
    const changed = expressions.map(change);
    return changed.every((expression, i) => expression === expressions[i]) ? expressions : changed;
  };
  switch (statement.kind) {
    case "assign":
    case "globalSet": {
      const value = change(statement.value);
      return value === statement.value ? statement : { ...statement, value };
    }
    case "load": {
      const address = change(statement.address);
      return address === statement.address ? statement : { ...statement, address };
    }
    case "store": {
      const [address, value] = [change(statement.address), change(statement.value)];
      return address === statement.address && value === statement.value ? statement : { ...statement, address, value };
    }
    case "call":
    case "callImport": {
      const values = all(statement.arguments);
      return values === statement.arguments ? statement : { ...statement, arguments: values };
    }
    case "callIndirect": {
      const [index, values] = [change(statement.index), all(statement.arguments)];
      return index === statement.index && values === statement.arguments
        ? statement
        : { ...statement, index, arguments: values };
    }
    case "trapping":
    case "bulk": {
      const operands = all(statement.operands);
      return operands === statement.operands ? statement : { ...statement, operands };
    }
    case "if":
    case "trapIf": {
      const condition = change(statement.condition);
      return condition === statement.condition ? statement : { ...statement, condition };
    }
    case "switch": {
      const index = change(statement.index);
      return index === statement.index ? statement : { ...statement, index };
    }
    case "return": {
      const values = all(statement.values);
      return values === statement.values ? statement : { ...statement, values };
    }
    default:
      return statement;
  }
}

export function visitLocals(expression: Expression, visit: (local: Local) => void): void {
  if (expression.kind === "local") visit(expression.local);
  else if (expression.kind === "apply") for (const operand of expression.operands) visitLocals(operand, visit);
}

/** Whether the expression reads one of the locals. */
export function mentions(
  expression: Expression,
  locals: { readonly size: number; has(local: Local): boolean },
): boolean {
  let found = false;
  if (locals.size > 0)
    visitLocals(expression, (local) => {
      found ||= locals.has(local);
    });
  return found;
}

/** Every local that the statement itself reads in its expressions. Like visitStatements, it does not allocate for frequent statements. */
export function visitReads(statement: Statement, visit: (local: Local) => void): void {
  switch (statement.kind) {
    case "assign":
    case "declare":
    case "setField":
      visitLocals(statement.value, visit);
      break;
    case "load":
      visitLocals(statement.address, visit);
      break;
    case "store":
      visitLocals(statement.address, visit);
      visitLocals(statement.value, visit);
      break;
    case "if":
    case "trapIf":
      visitLocals(statement.condition, visit);
      break;
    default:
      for (const expression of expressionsOf(statement)) visitLocals(expression, visit);
  }
}

/** Every local that the statement itself mentions, read, written or saved. */
export function visitMentions(statement: Statement, visit: (local: Local) => void): void {
  switch (statement.kind) {
    case "assign":
    case "declare":
    case "load":
      visit(statement.target);
      break;
    case "setField":
    case "store":
    case "if":
    case "trapIf":
      break;
    default:
      if (statement.kind === "checkpoint") visit(statement.fuel);
      visitParts(savedParts(statement), visit);
      visitAssigned(statement, visit);
  }
  visitReads(statement, visit);
}

const none: readonly never[] = [];
