/**
 * Every loop header and every recursive call is charged one unit of fuel and ends the instance when none is left. The shader compilers behind us assume that
 * loops terminate and delete what depends on an endless one (naga and Tint bound their loops for the same reason), so no loop may go uncharged.
 * Fuel lives in a local; it goes back to the instance around calls that use it and on return.
 */
import { apply, assign, field, i32, read } from "../ir/builder.ts";
import type { IrFunction, IrModule, Local, Statement } from "../ir/module.ts";
import { rewrite, someStatement } from "../ir/walk.ts";
import type { CallGraph, FunctionFacts } from "./callGraph.ts";

const chargeable: readonly Statement["kind"][] = ["loop", "call", "callIndirect"];

export function fuel(module: IrModule, graph: CallGraph): void {
  for (const func of module.functions.values()) {
    // Its callers charge the call, and nothing may end a function from inside its `switch`.
    if (func.kind === "dispatcher" || !chargeable.some((kind) => func.lowered.has(kind))) continue;
    const facts = graph.facts.get(func.index) as FunctionFacts;
    const recursiveCall = (statement: Statement): boolean =>
      statement.kind === "call" && isRecursiveCall(graph, facts, statement.callee);
    if (someStatement(func.body, (statement) => statement.kind === "loop" || recursiveCall(statement)))
      charge(func, graph, recursiveCall);
  }
}

export function isRecursiveCall(graph: CallGraph, caller: FunctionFacts, callee: number): boolean {
  return caller.recursive && graph.facts.get(callee)?.component === caller.component;
}

function charge(func: IrFunction, graph: CallGraph, recursiveCall: (statement: Statement) => boolean): void {
  const remaining: Local = { kind: "variable", type: "i32", name: "fuel" };
  const chargeOne: readonly Statement[] = [
    {
      kind: "if",
      condition: apply("i32", "i32.eqz", [read(remaining)]),
      results: [],
      whenTrue: [
        { kind: "bulk", operation: "fuel.refill", immediates: [], operands: [], target: remaining },
        { kind: "trapIf", condition: apply("i32", "i32.eqz", [read(remaining)]), trap: "fuel exhausted" },
      ],
      whenFalse: [],
    },
    assign(remaining, apply("i32", "i32.sub", [read(remaining), i32(1)])),
  ];
  const giveBack: Statement = { kind: "setField", field: "fuel", value: read(remaining) };
  func.body = rewrite(func.body, (statement) => {
    switch (statement.kind) {
      case "loop":
        return [{ ...statement, body: [...chargeOne, ...statement.body] }];
      case "call": {
        const recursive = recursiveCall(statement);
        if (graph.facts.get(statement.callee)?.usesFuel !== true) return undefined;
        return [...(recursive ? chargeOne : []), giveBack, statement, assign(remaining, field("fuel"))];
      }
      case "return":
        return [giveBack, statement];
      default:
        return undefined;
    }
  });
  func.variables.push(remaining);
  func.body = [assign(remaining, field("fuel")), ...func.body];
}
