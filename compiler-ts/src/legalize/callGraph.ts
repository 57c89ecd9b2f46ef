/** Facts about calls that passes need: strongly connected components (Tarjan 1972), what a function may do, an order with callees first. */
import type { IrModule } from "../ir/module.ts";
import { visitStatements } from "../ir/walk.ts";

export interface FunctionFacts {
  readonly callees: ReadonlySet<number>;
  /** Number of the strongly connected component; components are numbered callees first. */
  readonly component: number;
  /** It can call itself, directly or not. */
  readonly recursive: boolean;
  /** It or a function that it calls may trap. */
  readonly mayTrap: boolean;
  readonly mayGrowMemory: boolean;
  /** It or a function that it calls has a loop or a recursive call. */
  readonly usesFuel: boolean;
}

export interface CallGraph {
  readonly facts: ReadonlyMap<number, FunctionFacts>;
  readonly order: readonly number[];
}

interface OwnFacts {
  readonly callees: Set<number>;
  traps: boolean;
  growsMemory: boolean;
  loops: boolean;
}

export function analyzeCallGraph(module: IrModule): CallGraph {
  const own = new Map<number, OwnFacts>();
  for (const func of module.functions.values()) own.set(func.index, ownFacts(func.body));
  const components = stronglyConnectedComponents(own);
  const facts = new Map<number, FunctionFacts>();
  const order: number[] = [];
  components.forEach((members, component) => {
    const inside = new Set(members);
    const recursive = members.length > 1 || own.get(members[0] as number)?.callees.has(members[0] as number) === true;
    const any = (test: (facts: OwnFacts) => boolean, inherited: (facts: FunctionFacts) => boolean): boolean =>
      members.some((member) => {
        const it = own.get(member) as OwnFacts;
        return (
          test(it) ||
          [...it.callees].some((callee) => !inside.has(callee) && inherited(facts.get(callee) as FunctionFacts))
        );
      });
    const mayTrap =
      recursive ||
      any(
        (it) => it.traps || it.loops,
        (it) => it.mayTrap,
      );
    const mayGrowMemory = any(
      (it) => it.growsMemory,
      (it) => it.mayGrowMemory,
    );
    const usesFuel =
      recursive ||
      any(
        (it) => it.loops,
        (it) => it.usesFuel,
      );
    for (const member of members) {
      facts.set(member, {
        callees: (own.get(member) as OwnFacts).callees,
        component,
        recursive,
        mayTrap,
        mayGrowMemory,
        usesFuel,
      });
      order.push(member);
    }
  });
  return { facts, order };
}

function ownFacts(body: Parameters<typeof visitStatements>[0]): OwnFacts {
  const facts: OwnFacts = { callees: new Set(), traps: false, growsMemory: false, loops: false };
  visitStatements(body, (statement) => {
    switch (statement.kind) {
      case "call":
        facts.callees.add(statement.callee);
        break;
      case "loop":
        facts.loops = true;
        break;
      case "load":
      case "store":
      case "trap":
      case "trapIf":
      case "trapWith":
        facts.traps = true;
        break;
      case "bulk":
        if (statement.operation === "memory.grow" || statement.operation === "instance.reset") facts.growsMemory = true;
        break;
      default:
        break;
    }
  });
  return facts;
}

/** Iterative: modules with thousands of functions in one chain must not exhaust the stack. */
function stronglyConnectedComponents(graph: ReadonlyMap<number, OwnFacts>): number[][] {
  const discovered = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const components: number[][] = [];
  const enter = (node: number): Iterator<number> => {
    discovered.set(node, discovered.size);
    low.set(node, discovered.get(node) as number);
    stack.push(node);
    onStack.add(node);
    return (graph.get(node) as OwnFacts).callees.values();
  };
  const lower = (node: number, to: number): void => {
    if (to < (low.get(node) as number)) low.set(node, to);
  };
  for (const root of graph.keys()) {
    if (discovered.has(root)) continue;
    const work = [{ node: root, callees: enter(root) }];
    while (work.length > 0) {
      const { node, callees } = work[work.length - 1] as (typeof work)[number];
      const next = callees.next();
      if (next.done !== true) {
        const callee = next.value;
        if (!discovered.has(callee)) work.push({ node: callee, callees: enter(callee) });
        else if (onStack.has(callee)) lower(node, discovered.get(callee) as number);
        continue;
      }
      work.pop();
      const parent = work[work.length - 1];
      if (parent !== undefined) lower(parent.node, low.get(node) as number);
      if (low.get(node) !== discovered.get(node)) continue;
      const component: number[] = [];
      let member: number;
      do {
        member = stack.pop() as number;
        onStack.delete(member);
        component.push(member);
      } while (member !== node);
      components.push(component.sort((a, b) => a - b));
    }
  }
  return components;
}
