/**
 * Every loop header and every entry of a recursive function is a checkpoint, charged for what runs up to the next one (`cost.ts`). The shader compilers behind us assume that loops
 * terminate and delete what depends on an endless one (naga and Tint bound their loops for the same reason), so no loop may go uncharged.
 * Fuel lives in a local; it goes back to the instance around calls that use it and on return.
 */
import { assign, field, read } from "../../ir/builder.ts";
import type { IrFunction, Local, Statement } from "../../ir/module.ts";
import { rewrite } from "../../ir/walk.ts";
import type { CallGraph, FunctionFacts } from "../callGraph.ts";
import { costOf } from "../cost.ts";
import { type Bodies, unrolled } from "./unrolling.ts";

/** Of a call of each function that has been met, up to its first checkpoint. */
export type Costs = Map<number, number>;

/** `costs` has the functions that it calls; loops get several of their bodies, where these are small. */
export function fuel(func: IrFunction, graph: CallGraph, costs: Costs, bodies: Bodies): void {
  const facts = graph.facts.get(func.index) as FunctionFacts;
  const cost = costOf(func.body, costs);
  // A dispatcher's callers and callees charge, and nothing may end a function from inside its `switch`.
  if (facts.suspends && func.kind !== "dispatcher")
    charge(func, graph, costs, facts.recursive ? cost : undefined, bodies);
  if (!facts.recursive) costs.set(func.index, cost);
}

/** `entryCost`: of a recursive function, which charges when it is entered. */
function charge(
  func: IrFunction,
  graph: CallGraph,
  costs: ReadonlyMap<number, number>,
  entryCost: number | undefined,
  bodies: Bodies,
): void {
  const recursive = entryCost !== undefined;
  // Neither its calls of itself nor its returns leave the function: recursionLoop.ts.
  const loops = graph.facts.get(func.index)?.loops === true;
  const remaining: Local = { kind: "variable", type: "i32", name: "fuel" };
  const checkpoint = (cost: number): Statement => ({
    kind: "checkpoint",
    fuel: remaining,
    cost: Math.max(cost, 1),
    frame: undefined,
  });
  const giveBack: Statement = { kind: "setField", field: "fuel", value: read(remaining) };
  const withCheckpoint = (loop: Extract<Statement, { kind: "loop" }>, first: Statement): Statement => {
    const checked = { ...loop, body: [first, ...loop.body] };
    // A recursion's code stands several times in the text anyway.
    return recursive ? checked : unrolled(checked, bodies);
  };
  let charged = recursive;
  const body = rewrite(func.body, (statement) => {
    switch (statement.kind) {
      case "loop":
        if (statement.counted !== undefined) return undefined;
        charged = true;
        return [withCheckpoint(statement, checkpoint(costOf(statement.body, costs)))];
      case "call":
        if (loops && statement.callee === func.index) return undefined;
        return graph.facts.get(statement.callee)?.suspends === true
          ? [giveBack, statement, assign(remaining, field("fuel"))]
          : undefined;
      case "return":
        return loops ? undefined : [giveBack, statement];
      default:
        return undefined;
    }
  });
  // A function that only passes fuel on leaves it in the instance.
  if (!charged) return;
  func.variables.push(remaining);
  const prologue = body.findIndex((statement) => statement.kind !== "assign" || statement.value.kind !== "field");
  // A loop's header there is met as often.
  const entry = recursive && body[prologue]?.kind !== "loop" ? [checkpoint(entryCost)] : [];
  func.body = [assign(remaining, field("fuel")), ...body.slice(0, prologue), ...entry, ...body.slice(prologue)];
}
