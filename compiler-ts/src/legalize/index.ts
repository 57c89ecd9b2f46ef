/** The ordered list of passes between lowering and writing. Each pass is one file; the order constraints are here. */
import type { IrModule } from "../ir/module.ts";
import { branchTables } from "./branchTables.ts";
import { analyzeCallGraph } from "./callGraph.ts";
import { calls } from "./calls.ts";
import { chains } from "./chains.ts";
import { declarations } from "./declarations.ts";
import { exits } from "./exits.ts";
import { fuel } from "./fuel.ts";
import { globals } from "./globals.ts";
import { indirectCalls } from "./indirectCalls.ts";
import { memoryAccess } from "./memoryAccess.ts";
import { nesting } from "./nesting.ts";
import { outOfLine } from "./outOfLine.ts";
import { largestFunction, splitting } from "./splitting.ts";
import { stateAndTables } from "./stateAndTables.ts";
import { suspension } from "./suspension.ts";
import { trappingOperations } from "./trappingOperations.ts";

export interface LegalizedModule {
  readonly module: IrModule;
  /** Functions that the shader compiler must keep as calls. */
  readonly outOfLine: ReadonlySet<number>;
  /** Functions in the order in which their definitions are written, callees first where possible. */
  readonly order: readonly number[];
}

export type Pass = (module: IrModule) => void;

/** Called after each pass in tests: verification and IR text. */
export type PassObserver = (pass: string, module: IrModule) => void;

export interface LegalizeOptions {
  readonly observe?: PassObserver | undefined;
  /** `false` leaves out fuel and suspension: kernels run every instance to its end, however long, and recursion takes the device's own stack. To measure their price. */
  readonly suspension?: boolean | undefined;
  /** Statements above which a function is split; tests have small ones. */
  readonly largestFunction?: number | undefined;
}

export function legalize(module: IrModule, options: LegalizeOptions = {}): LegalizedModule {
  const { observe = () => {}, suspension: suspends = true } = options;
  const run = (name: string, pass: Pass): void => {
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
  // Before the call graph: it makes the traps of table and memory instructions visible as statements.
  run("stateAndTables", stateAndTables);
  const graph = analyzeCallGraph(module, suspends);
  // Needs to know which calls may grow the memory; must see the calls before `calls` puts statements behind them.
  run("memoryAccess", (target) => memoryAccess(target, graph));
  if (suspends) {
    // Checkpoints are suspend points.
    run("fuel", (target) => fuel(target, graph));
    // Behind everything that puts copies of the instance's fields at a function's start: they are no part of frames.
    run("suspension", (target) => suspension(target, graph));
  }
  run("calls", (target) => calls(target, graph));
  // Behind `suspension`, whose guards nest as well; makes blocks that `chains` joins.
  run("nesting", nesting);
  // After `exits` there are no labels.
  run("chains", chains);
  run("exits", exits);
  // Last: it looks at where each variable finally occurs.
  run("declarations", declarations);
  return { module, outOfLine: outOfLine(module, graph), order: graph.order };
}
