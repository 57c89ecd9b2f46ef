/**
 * How much fuel a piece of code is charged: an estimate of the instructions that run between two checkpoints. It decides nothing but how evenly fuel measures
 * time.
 */
import type { Statement } from "../ir/module.ts";
import { expressionsOf } from "../ir/operands.ts";

/** Of accesses with their checks, calls, and instructions that work on ranges. */
const accessCost = 4;
const callCost = 4;
const bulkCost = 16;
/** A checkpoint may take an instance's fuel this far below zero. */
const mostCost = 1 << 15;

/** `callees` has what a call of a function costs beyond the call; functions that are not there charge for themselves. */
export function costOf(list: readonly Statement[], callees: ReadonlyMap<number, number>): number {
  let cost = 0;
  for (const statement of list) cost += statementCost(statement, callees);
  return Math.min(cost, mostCost);
}

function statementCost(statement: Statement, callees: ReadonlyMap<number, number>): number {
  switch (statement.kind) {
    case "block":
      return costOf(statement.body, callees);
    case "loop":
      // Its header charges, unless it is counted.
      return statement.counted === undefined ? 0 : statement.counted.iterations * costOf(statement.body, callees);
    case "if":
      return (
        statement.condition.size + Math.max(costOf(statement.whenTrue, callees), costOf(statement.whenFalse, callees))
      );
    case "switch":
      return (
        statement.index.size +
        statement.cases.reduce((most, item) => Math.max(most, costOf(item.body, callees)), 0) +
        costOf(statement.default, callees)
      );
    case "assign":
      return statement.value.size;
    case "load":
      return accessCost + statement.address.size;
    case "store":
      return accessCost + statement.address.size + statement.value.size;
    default: {
      let cost = 1;
      for (const expression of expressionsOf(statement)) cost += expression.size;
      if (statement.kind === "call") cost += callCost + (callees.get(statement.callee) ?? 0);
      else if (statement.kind === "bulk") cost += bulkCost;
      return cost;
    }
  }
}
