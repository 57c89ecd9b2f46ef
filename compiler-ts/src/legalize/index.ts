/** The ordered list of passes between lowering and writing. Each pass is one file; the order constraints are here. */
import type { IrFunction, IrModule } from "../ir/module.ts";
import { branchTables } from "./branchTables.ts";
import { analyzeCallGraph, type CallGraph } from "./callGraph.ts";
import { calls } from "./calls.ts";
import { chains } from "./chains.ts";
import { convergence } from "./convergence.ts";
import { declarations } from "./declarations.ts";
import { exits } from "./exits.ts";
import { anyNan, type NativeFloats } from "./floats/anyNan.ts";
import { plainFloats } from "./floats/plainFloats.ts";
import { speculation } from "./floats/speculation.ts";
import { globals } from "./globals.ts";
import { indirectCalls } from "./indirectCalls.ts";
import { exchanges } from "./memory/exchanges.ts";
import { type MemoryFacts, memoryAccess } from "./memory/memoryAccess.ts";
import { memoryWindows } from "./memory/memoryWindows.ts";
import { moduleAlignment } from "./memory/moduleAlignment.ts";
import { nesting } from "./nesting.ts";
import { outOfLine } from "./outOfLine.ts";
import type { PassOptions } from "./passOptions.ts";
import { accumulators } from "./recursion/accumulators.ts";
import { earlyReturns } from "./recursion/earlyReturns.ts";
import { largestFunction, splitting } from "./splitting.ts";
import { stateAndTables } from "./stateAndTables.ts";
import { countedLoops } from "./suspension/countedLoops.ts";
import { type Costs, fuel } from "./suspension/fuel.ts";
import type { Merging } from "./suspension/mergedLoops.ts";
import { Suspension } from "./suspension/suspension.ts";
import { type Bodies, defaultBodies, mergedBodies } from "./suspension/unrolling.ts";
import { trappingOperations } from "./trappingOperations.ts";

export interface LegalizedModule {
  readonly module: IrModule;
  /** Functions that the shader compiler must keep as calls. */
  readonly outOfLine: ReadonlySet<number>;
  /** Functions in the order in which their definitions are written, callees first where possible. */
  readonly order: readonly number[];
  /** Functions whose recursion became a loop. */
  readonly recursionLoops: readonly number[];
  /** Words of an instance's values that are worth having in threadgroup memory. */
  readonly nearWords: number;
}

/** Called after each pass in tests: verification and IR text. */
export type PassObserver = (pass: string, module: IrModule) => void;

export interface LegalizeOptions {
  readonly observe?: PassObserver | undefined;
  /** `false` leaves out fuel and suspension: kernels run every instance to its end, however long, and recursion takes the device's own stack. To measure their price. */
  readonly suspension?: boolean | undefined;
  /** Default: neither f32 nor f64. */
  readonly nativeFloats?: NativeFloats | undefined;
  /** f32 arithmetic flushes subnormals. `false` guards each operation, which is right everywhere, and slow. */
  readonly flushes?: boolean | undefined;
  /** Lanes that part find their ways together again behind loops. Default: no. */
  readonly converges?: boolean | undefined;
  /** Loops in loops that end by what they load become one (`suspension/mergedLoops.ts`). Default: no. */
  readonly merges?: boolean | undefined;
  readonly passes?: PassOptions | undefined;
  /** Statements above which a function is split; tests have small ones. */
  readonly largestFunction?: number | undefined;
}

export function legalize(module: IrModule, options: LegalizeOptions = {}): LegalizedModule {
  const { observe = () => {}, suspension: suspends = true, passes = {} } = options;
  const { recursionLoops = true, memoryFacts = true, accumulators: accumulates = true, mergedLoops = true } = passes;
  const merging: Merging =
    mergedLoops === "everywhere" ? "all" : mergedLoops && options.merges === true ? "parting" : "none";
  const run = (name: string, pass: (module: IrModule) => void): void => {
    pass(module);
    observe(name, module);
  };
  // First: what follows is linear in a function's size only where that is bounded, and parts are functions to all of it.
  run("splitting", (target) => splitting(target, options.largestFunction ?? largestFunction));
  run("globals", globals);
  run("trappingOperations", trappingOperations);
  // Before `indirectCalls`, whose switches have a function for each value.
  run("branchTables", branchTables);
  // Dispatchers are functions of their own: the call graph must see them.
  run("indirectCalls", indirectCalls);
  // Sees all calls, and globals as such.
  const alignment = memoryFacts ? moduleAlignment(module) : undefined;
  // Before the call graph: it makes the traps of table and memory instructions visible as statements.
  run("stateAndTables", stateAndTables);
  // Before the call graph: they need no suspension.
  if (suspends) run("countedLoops", countedLoops);
  const graph = analyzeCallGraph(module, { suspension: suspends, recursionLoops });
  const components = graph.components.map((members) =>
    members.map((index) => module.functions.get(index) as IrFunction),
  );
  // Nobody watches: a component goes through all passes at once, and what they make in between dies young.
  const groups = options.observe === undefined ? components.map((component) => [component]) : [components];
  const suspension = new Suspension(module, graph, merging);
  const facts = { graph, alignment };
  const choices = { ...passes, accumulators: suspends && recursionLoops && accumulates };
  const each = componentPasses(module, facts, suspends ? suspension : undefined, {
    ...options,
    merges: merging !== "none",
    passes: choices,
  });
  const order: number[] = [];
  for (const group of groups) {
    let current: readonly Component[] = group;
    for (const { name, pass } of each) {
      current = current.map(pass);
      observe(name, module);
    }
    for (const component of current) for (const { index } of component) order.push(index);
  }
  return {
    module,
    outOfLine: outOfLine(module, graph, order),
    order,
    recursionLoops: loopedRecursions(graph),
    nearWords: suspension.nearWords,
  };
}

function loopedRecursions({ facts }: CallGraph): number[] {
  const looped = [...facts].filter(([, { loops, sums = false }]) => loops || sums);
  return looped.map(([index]) => index).sort((a, b) => a - b);
}

/** Functions that can call each other. */
type Component = readonly IrFunction[];

/** Passes that see one component at a time, behind those that it calls. */
function componentPasses(
  module: IrModule,
  facts: MemoryFacts,
  suspension: Suspension | undefined,
  { nativeFloats, flushes = false, converges = false, merges = false, passes = {} }: LegalizeOptions,
): readonly { readonly name: string; readonly pass: (component: Component) => Component }[] {
  const each = (name: string, change: (func: IrFunction) => void) => ({
    name,
    pass: (component: Component): Component => {
      for (const func of component) change(func);
      return component;
    },
  });
  const { graph } = facts;
  const {
    accumulators: accumulates,
    memoryWindows: windows = true,
    exchanges: exchanged = true,
    convergence: together = true,
    unrolling = defaultBodies,
  } = passes;
  const costs: Costs = new Map();
  const most = unrolling || 1;
  const bodies: Bodies = { most, walking: merges ? Math.min(most, mergedBodies) : 1 };
  return [
    // First: what it makes of a recursion is an ordinary loop to the others. Only where recursions become loops.
    ...(accumulates ? [each("accumulators", (func) => accumulators(func, graph))] : []),
    // Among the first: it must see every use of a value.
    ...(nativeFloats === undefined ? [] : [each("anyNan", (func) => anyNan(func, nativeFloats))]),
    // Likewise; and control flow still has its labels, by which values come together.
    ...(flushes ? [each("plainFloats", plainFloats), each("speculation", speculation)] : []),
    // Repeats what a function begins with, which must not have checks and checkpoints yet.
    each("earlyReturns", (func) => earlyReturns(func, graph)),
    // Finds loads and stores as the module has them, and leaves some without their checks.
    ...(windows && suspension !== undefined ? [each("memoryWindows", (func) => memoryWindows(module, func))] : []),
    // While a load and a store stand as the module has them, without their checks.
    ...(exchanged ? [each("exchanges", exchanges)] : []),
    // Needs to know which calls may grow the memory; must see the calls before `calls` puts statements behind them.
    each("memoryAccess", (func) => memoryAccess(module, func, facts)),
    ...(suspension !== undefined
      ? [
          // Checkpoints are suspend points.
          each("fuel", (func) => fuel(func, graph, costs, bodies)),
          // Behind everything that puts copies of the instance's fields at a function's start: they are no part of frames.
          { name: "suspension", pass: (component: Component) => suspension.component(component) },
        ]
      : []),
    each("calls", (func) => calls(module, func, graph)),
    // Behind `suspension`, whose guards nest as well, and whose copies it must see together; makes blocks that `chains` joins.
    {
      name: "nesting",
      pass: (component: Component): Component => {
        nesting(component);
        return component;
      },
    },
    // After `exits` there are no labels.
    each("chains", chains),
    each("exits", exits),
    // There are no other constructs that are left by ends of the function.
    ...(converges && together ? [each("convergence", convergence)] : []),
    // Last: it looks at where each variable finally occurs.
    each("declarations", declarations),
  ];
}
