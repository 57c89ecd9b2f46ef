/**
 * An instance can stop at known points and go on in a later launch (docs/suspension.md). Points are checkpoints, where fuel runs out, calls of imports, and calls
 * of functions that have points themselves. Unwinding, each active function leaves a frame with its point and the locals that are live there; resumed, it takes
 * them back and goes on. Functions without points stay plain calls. Recursive components are `recursion`'s.
 */
import { apply, field, read } from "../../ir/builder.ts";
import type { Expression, IrFunction, IrModule, Statement } from "../../ir/module.ts";
import type { CallGraph, FunctionFacts } from "../callGraph.ts";
import { Recursion } from "../recursion/recursion.ts";
import { recursionLoop } from "../recursion/recursionLoop.ts";
import { type Merging, mergedLoops } from "./mergedLoops.ts";
import { resumableBody } from "./resumable.ts";
import { CallLowering, type CallTarget, packed, position } from "./suspendedCalls.ts";
import { both, frameNeed, larger, nothing, type StackNeed, SuspendPoints } from "./suspendPoints.ts";

/** What calls of a function need beyond its caller's frame, by function; nothing where it sees to it itself. */
export type Needs = Map<number, StackNeed>;

/** Calls within each other that near memory is asked for. */
const nearFrames = 16;
/** An H100 keeps all its threads with up to 24 words each: more calls of small frames for nothing. */
const leastNearWords = 24;
/** A threadgroup of 64 has 16 KB with them, half of what Apple's GPUs have for one; an H100 keeps 896 threads on a multiprocessor. */
const mostNearWords = 64;

export class Suspension {
  readonly #module: IrModule;
  readonly #graph: CallGraph;
  readonly #merging: Merging;
  readonly #needs: Needs = new Map();
  #nearWords = 0;

  constructor(module: IrModule, graph: CallGraph, merging: Merging) {
    this.#module = module;
    this.#graph = graph;
    this.#merging = merging;
  }

  /** For the stacks of recursions that are loops. */
  get nearWords(): number {
    return this.#nearWords;
  }

  /** What takes the place of the component's functions; those of its callees have gone before. */
  component(component: readonly IrFunction[]): readonly IrFunction[] {
    const [first] = component as [IrFunction];
    const facts = this.#graph.facts.get(first.index) as FunctionFacts;
    if (!facts.suspends) return component;
    if (facts.loops) {
      const { words } = recursionLoop(this.#module, this.#graph, this.#needs, first);
      const near = Math.max(words * nearFrames, leastNearWords);
      this.#nearWords = Math.max(this.#nearWords, Math.min(near, mostNearWords));
      return component;
    }
    if (facts.recursive) return new Recursion(this.#module, this.#graph, this.#needs, component).run();
    this.#function(first);
    return component;
  }

  #function(func: IrFunction): void {
    const points = new SuspendPoints(func, pointTest(func, this.#graph));
    const target = plainTarget(this.#graph);
    const around = mergedLoops(func, this.#merging);
    const { body, variables } = resumableBody(func, points, new CallLowering(this.#module, func.index, target), around);
    const need = stackNeed(points, target, this.#needs);
    this.#needs.set(func.index, need);
    func.variables = variables;
    // Whoever calls a root from outside has asked nobody.
    func.body = this.#module.roots.includes(func.index) ? withCheck(body, points, need) : body;
    func.parameters = [position, ...func.parameters];
  }
}

export function plainTarget(graph: CallGraph): (callee: number) => CallTarget | undefined {
  return (callee) => (graph.facts.get(callee)?.suspends === true ? { kind: "plain", callee } : undefined);
}

export function pointTest(func: IrFunction, graph: CallGraph): (statement: Statement) => boolean {
  const suspends = (statement: Statement): boolean =>
    statement.kind === "call" && graph.facts.get(statement.callee)?.suspends === true;
  if (func.kind === "dispatcher")
    return (statement) => statement.kind === "switch" && statement.cases.some((item) => item.body.some(suspends));
  return (statement) => statement.kind === "checkpoint" || statement.kind === "callImport" || suspends(statement);
}

/** What the function and the functions that it calls can take of the stack before one of them asks for itself. */
export function stackNeed(
  points: SuspendPoints,
  target: (callee: number) => CallTarget | undefined,
  needs: Needs,
): StackNeed {
  let need = nothing;
  for (const [statement, frame] of points.frames) {
    const own = frameNeed(frame);
    const calls = statement.kind === "switch" ? statement.cases.flatMap((item) => item.body) : [statement];
    for (const call of calls) {
      const callee = call.kind === "call" ? target(call.callee) : undefined;
      // A dispatcher leaves no frame for a callee of its own component.
      const left = statement.kind === "switch" && callee?.kind !== "plain" ? nothing : own;
      need = larger(
        need,
        callee === undefined || call.kind !== "call" ? left : both(left, needs.get(call.callee) ?? nothing),
      );
    }
  }
  return need;
}

/** More than any instance has room for (wb_stack_exhausted in runtime/suspension.metal). */
const mostNeed = 0x7fff;

/** Whether the instance traps must not depend on where it is suspended: room for all frames is asked for at the start, not when they are left. */
export function withCheck(body: Statement[], points: SuspendPoints, need: StackNeed): Statement[] {
  if (need.frames === 0) return body;
  const start = points.prologue.length;
  const condition = exhausted(read(position), need);
  return [...body.slice(0, start), { kind: "trapIf", condition, trap: "call stack exhausted" }, ...body.slice(start)];
}

/** More than there is room for is all the same. */
export function atMost({ frames, words }: StackNeed): StackNeed {
  return { frames: Math.min(frames, mostNeed), words: Math.min(words, mostNeed) };
}

/** Whether there is less room behind the position than `need`. */
export function exhausted(at: Expression, need: StackNeed): Expression {
  return apply("i32", "stack.exhausted", [at, packed(atMost(need)), field("stack_limit")]);
}
