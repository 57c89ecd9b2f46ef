/** Whether a loop over one activation's parameters ends by itself: one of them is lowered by each jump, and none jumps where it is below a constant. */
import type { Expression, Label, Local, Statement } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";
import { forEachList, mayComplete, visitStatements } from "../../ir/walk.ts";

/** `start` is the label that the jumps name, each at the end of the list in which it assigns the parameters. */
export function descends(body: readonly Statement[], start: Label, parameters: readonly Local[]): boolean {
  return parameters.some(
    (parameter) => (parameter.type === "i32" || parameter.type === "i64") && isLowered(body, start, parameter),
  );
}

function isLowered(body: readonly Statement[], start: Label, parameter: Local): boolean {
  const values = new Map<Local, Expression>();
  let assignments = 0;
  visitStatements(body, (statement) => {
    if (statement.kind === "assign" && statement.target.kind === "temporary")
      values.set(statement.target, statement.value);
    visitAssigned(statement, (local) => {
      if (local === parameter) assignments++;
    });
  });
  let isSure = true;
  let lowered = 0;
  const look = (list: readonly Statement[], isBoundedBefore: boolean): void => {
    let isBounded = isBoundedBefore;
    const last = list.at(-1);
    const jumps = last?.kind === "continue" && last.label === start;
    if (jumps) {
      const found = list.some((item) => {
        if (item.kind !== "assign" || item.target !== parameter) return false;
        const value = item.value.kind === "local" ? (values.get(item.value.local) ?? item.value) : item.value;
        return isLess(value, parameter);
      });
      if (found) lowered++;
      else isSure = false;
    }
    for (const statement of list) {
      if (statement.kind === "if") {
        const bounded = boundedArm(statement.condition, parameter);
        look(statement.whenTrue, isBounded || bounded === "whenTrue");
        look(statement.whenFalse, isBounded || bounded === "whenFalse");
        const other = bounded === "whenTrue" ? "whenFalse" : "whenTrue";
        if (bounded !== undefined && !mayComplete(statement[other].at(-1)) && statement[other].length > 0)
          isBounded = true;
      } else forEachList(statement, (nested) => look(nested, isBounded));
    }
    if (jumps && !isBounded) isSure = false;
  };
  look(body, false);
  return isSure && lowered === assignments;
}

/** Constants of a size that nothing near them overflows. */
function smallConstant(value: Expression | undefined): number | undefined {
  if (value?.kind !== "constant") return undefined;
  const bits = typeof value.bits === "bigint" ? Number(BigInt.asIntN(64, value.bits)) : value.bits | 0;
  return Math.abs(bits) < 2 ** 20 ? bits : undefined;
}

/** The parameter less a constant. */
function isLess(value: Expression, parameter: Local): boolean {
  if (value.kind !== "apply") return false;
  const [first, second] = value.operands;
  if (first?.kind !== "local" || first.local !== parameter) return false;
  const by = smallConstant(second);
  if (by === undefined) return false;
  return (value.operation.endsWith(".sub") && by > 0) || (value.operation.endsWith(".add") && by < 0);
}

/** Of an `if`: the arm in which the parameter, signed, is not below a constant. */
function boundedArm(condition: Expression, parameter: Local): "whenTrue" | "whenFalse" | undefined {
  if (condition.kind !== "apply") return undefined;
  const [first, second] = condition.operands;
  if (first?.kind !== "local" || first.local !== parameter || smallConstant(second) === undefined) return undefined;
  const comparison = condition.operation.slice(4);
  if (comparison === "lt_s" || comparison === "le_s") return "whenFalse";
  return comparison === "ge_s" || comparison === "gt_s" ? "whenTrue" : undefined;
}
