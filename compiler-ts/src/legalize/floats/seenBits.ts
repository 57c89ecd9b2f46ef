/**
 * Which NaN an operation gives matters only where its bits are seen: in memory, in an integer, outside the function. What other arithmetic, comparisons and
 * conversions take may be any NaN, since their own results are canonical, or not a float.
 */
import type { Expression, IrFunction, Local, Statement } from "../../ir/module.ts";
import { expressionsOf } from "../../ir/operands.ts";
import { nestedLists, visitStatements } from "../../ir/walk.ts";

const takesAnyNan =
  /^f(?:32|64)\.(?:add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|eq|ne|lt|gt|le|ge|demote_f64|promote_f32)$|^i(?:32|64)\.trunc_/;
/** Their results have the bits of their first operands, or some of them. */
const passesOn = /^f(?:32|64)\.(?:abs|neg|copysign)$|^select$/;

/** What an operation does with its operands' bits. */
export type UseOfBits = "hides" | "passesOn" | "shows";

const uses = new Map<string, UseOfBits>();

export function useOfBits(operation: string): UseOfBits {
  let use = uses.get(operation);
  if (use === undefined) {
    use = takesAnyNan.test(operation) ? "hides" : passesOn.test(operation) ? "passesOn" : "shows";
    uses.set(operation, use);
  }
  return use;
}

/** Whether an operation's operands are seen where its result is, or is not. */
export function seesOperands(operation: string, seen: boolean): boolean {
  const use = useOfBits(operation);
  return use === "shows" || (use === "passesOn" && seen);
}

/** Locals whose bits are seen. */
export function seenLocals(func: IrFunction): ReadonlySet<Local> {
  const seen = new Set<Local>();
  /** What a local may get its bits from. */
  const sources = new Map<Local, Local[]>();

  /** `target`: the local that gets the expression's bits; `undefined`: they are seen, unless `hidden`. */
  const collect = (expression: Expression, target: Local | undefined, hidden: boolean): void => {
    if (expression.kind === "local") {
      const { local } = expression;
      if (hidden) return;
      const known = target === undefined ? undefined : sources.get(target);
      if (target === undefined) seen.add(local);
      else if (known === undefined) sources.set(target, [local]);
      else known.push(local);
    } else if (expression.kind === "apply") {
      const use = useOfBits(expression.operation);
      for (const operand of expression.operands)
        if (use === "hides") collect(operand, undefined, true);
        else if (use === "passesOn") collect(operand, target, hidden);
        else collect(operand, undefined, false);
    }
  };

  visitStatements(func.body, (statement) => {
    for (const expression of expressionsOf(statement))
      collect(expression, statement.kind === "assign" ? statement.target : undefined, false);
  });
  const pending = [...seen];
  for (let local = pending.pop(); local !== undefined; local = pending.pop())
    for (const source of sources.get(local) ?? []) {
      if (seen.has(source)) continue;
      seen.add(source);
      pending.push(source);
    }
  return seen;
}

/** Whether the function has values of one of the types. */
export function hasTypes(func: IrFunction, types: readonly string[]): boolean {
  const isOne = ({ type }: { readonly type: string }): boolean => types.includes(type);
  return func.parameters.some(isOne) || func.variables.some(isOne) || listHas(func.body, isOne);
}

// No closures and no arrays for each statement: most functions have none, and are looked at to their ends.
function listHas(list: readonly Statement[], isOne: (value: { readonly type: string }) => boolean): boolean {
  for (const statement of list) {
    switch (statement.kind) {
      case "assign":
      case "load":
        if (isOne(statement.target)) return true;
        break;
      case "store":
        if (isOne(statement.value)) return true;
        break;
      case "block":
      case "loop":
        if (listHas(statement.body, isOne)) return true;
        break;
      case "if":
        if (listHas(statement.whenTrue, isOne) || listHas(statement.whenFalse, isOne)) return true;
        break;
      case "break":
      case "continue":
        break;
      default:
        if (expressionsOf(statement).some(isOne) || nestedLists(statement).some((nested) => listHas(nested, isOne)))
          return true;
    }
  }
  return false;
}
