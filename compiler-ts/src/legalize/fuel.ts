/**
 * Every loop header and every entry of a recursive function is a checkpoint, charged one unit of fuel. The shader compilers behind us assume that loops
 * terminate and delete what depends on an endless one (naga and Tint bound their loops for the same reason), so no loop may go uncharged.
 * Fuel lives in a local; it goes back to the instance around calls that use it and on return.
 */
import { assign, field, read } from "../ir/builder.ts";
import type { IrFunction, IrModule, Local, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";

export function fuel(module: IrModule, graph: CallGraph): void {
  for (const func of module.functions.values()) {
    const facts = graph.facts.get(func.index);
    // A dispatcher's callers and callees charge, and nothing may end a function from inside its `switch`.
    if (facts?.suspends === true && func.kind !== "dispatcher") charge(func, graph, facts.recursive);
  }
}

function charge(func: IrFunction, graph: CallGraph, recursive: boolean): void {
  const remaining: Local = { kind: "variable", type: "i32", name: "fuel" };
  const checkpoint = (): Statement => ({ kind: "checkpoint", fuel: remaining, frame: undefined });
  const giveBack: Statement = { kind: "setField", field: "fuel", value: read(remaining) };
  let charged = recursive;
  const body = rewrite(func.body, (statement) => {
    switch (statement.kind) {
      case "loop":
        charged = true;
        return [{ ...statement, body: [checkpoint(), ...statement.body] }];
      case "call":
        return graph.facts.get(statement.callee)?.suspends === true
          ? [giveBack, statement, assign(remaining, field("fuel"))]
          : undefined;
      case "return":
        return [giveBack, statement];
      default:
        return undefined;
    }
  });
  // A function that only passes fuel on leaves it in the instance.
  if (!charged) return;
  func.variables.push(remaining);
  const prologue = body.findIndex((statement) => statement.kind !== "assign" || statement.value.kind !== "field");
  const entry = recursive ? [checkpoint()] : [];
  func.body = [assign(remaining, field("fuel")), ...body.slice(0, prologue), ...entry, ...body.slice(prologue)];
}
