/**
 * How many bytes of an instance's memory lie together. Small cells are best where the lanes of a tile touch the same addresses, which is where their loops take the
 * same number of steps. A loop that ends by what it has loaded takes a number of its own in each instance: its lanes drift apart, and one that walks through
 * memory then wants its next words in the line that it has fetched. So do lanes that each look in a table for where they have seen their data before, and go on
 * with what they find: at any time each of them reads and writes at places of its own. Measured in docs/performance.md.
 */
import { accessBytes } from "../../ir/access.ts";
import type { Expression, IrModule, Local, Statement } from "../../ir/module.ts";
import { expressionsOf, mentions, visitAssigned } from "../../ir/operands.ts";
import { forEachList, hasLists, nestedLists, visitStatements } from "../../ir/walk.ts";
import type { MemoryCell } from "../../metadata.ts";
import { loadedBefore } from "./exchanges.ts";

export const defaultMemoryCell: MemoryCell = 8;
const forTables: MemoryCell = 64;
/** A line of an H100's caches: lanes that walk share none. */
const forWalks: MemoryCell = 128;

/** An access in a loop counts as so many outside of it. */
const loopWeight = 8;
/** Deeper than this weights would only hide all others. */
const deepest = 5;
/** Bytes by bytes, eight steps find theirs in a small cell as well. */
const leastBytesOfWalk = 4;
/** A longer step leaves the sector. */
const longestStep = 16;
/** Of all accesses, by weight: between the programs that gain and those that lose. */
const leastShare = 0.2;

export interface WaysThroughMemory {
  /** What suits them. */
  readonly cell: MemoryCell;
  /** There are loops that keep tables by what they load. */
  readonly hasTable: boolean;
  /** Much of the memory is walked through by loops that end by what they load. */
  readonly isWalked: boolean;
}

export function waysThroughMemory(module: IrModule): WaysThroughMemory {
  const ways: Ways = { walks: 0, all: 0, hasTable: false };
  for (const func of module.functions.values()) {
    if (func.lowered.has("load") || func.lowered.has("store")) weigh(func.body, 1, ways);
  }
  const isWalked = ways.walks > ways.all * leastShare;
  const cell = ways.hasTable ? forTables : isWalked ? forWalks : defaultMemoryCell;
  return { cell, hasTable: ways.hasTable, isWalked };
}

interface Ways {
  /** Accesses, by weight, that walk in loops which end by what they load. */
  walks: number;
  /** All accesses, by weight. */
  all: number;
  /** A loop exchanges what lies at places that it computes from what it has loaded. */
  hasTable: boolean;
}

/** Returns whether there is a loop. Only innermost ones are looked into: each statement is looked at a fixed number of times. */
function weigh(list: readonly Statement[], weight: number, ways: Ways): boolean {
  let anyLoop = false;
  ways.hasTable ||= weight > 1 && looksUp(list);
  for (const statement of list) {
    if (statement.kind === "load" || statement.kind === "store") ways.all += weight;
    else if (statement.kind === "loop") {
      anyLoop = true;
      const inside = Math.min(weight * loopWeight, loopWeight ** deepest);
      if (!weigh(statement.body, inside, ways)) ways.walks += inside * walkingAccesses(statement.body);
    } else if (hasLists(statement))
      forEachList(statement, (nested) => {
        anyLoop = weigh(nested, weight, ways) || anyLoop;
      });
  }
  return anyLoop;
}

/** Whether what lies at a place is exchanged, and the place comes from what was loaded straight before. */
function looksUp(list: readonly Statement[]): boolean {
  return list.some(
    (statement, at) =>
      statement.kind === "store" &&
      loadedBefore(list, at, statement) !== undefined &&
      comesFromLoads(statement.address, list.slice(0, at)),
  );
}

function comesFromLoads(address: Expression, before: readonly Statement[]): boolean {
  const loaded = new Set<Local>();
  for (const statement of before) {
    if (statement.kind === "load") loaded.add(statement.target);
    else if (statement.kind === "assign" && mentions(statement.value, loaded)) loaded.add(statement.target);
  }
  return mentions(address, loaded);
}

/** Accesses through pointers that the loop steps by constants, if its end is found in memory. */
function walkingAccesses(body: readonly Statement[]): number {
  const pointers = walkedBy(body);
  let accesses = 0;
  if (pointers.size > 0)
    visitStatements(body, (statement) => {
      if (statement.kind !== "load" && statement.kind !== "store") return;
      if (accessBytes(statement.operation) >= leastBytesOfWalk && mentions(statement.address, pointers)) accesses++;
    });
  return accesses;
}

/** Whether the loop's own statements leave it by what they have loaded. */
export function endsByLoads(body: readonly Statement[]): boolean {
  return lookThrough(body).endsByLoads;
}

const noWalk: ReadonlySet<Local> = new Set();

/** The locals that a loop's own statements step, if it ends by what it loads. */
function walkedBy(body: readonly Statement[]): ReadonlySet<Local> {
  const { endsByLoads, pointers } = lookThrough(body);
  return endsByLoads ? pointers : noWalk;
}

function lookThrough(body: readonly Statement[]): {
  readonly endsByLoads: boolean;
  readonly pointers: ReadonlySet<Local>;
} {
  const pointers = new Set<Local>();
  const loaded = new Set<Local>();
  let endsByData = false;
  visitStatements(body, (statement) => {
    if (statement.kind === "load") loaded.add(statement.target);
    else if (statement.kind === "assign") {
      if (mentions(statement.value, loaded)) loaded.add(statement.target);
      else loaded.delete(statement.target);
      if (isStep(statement.target, statement.value)) pointers.add(statement.target);
    } else if (!endsByData && (statement.kind === "if" || statement.kind === "switch") && leaves(statement)) {
      endsByData = expressionsOf(statement).some((condition) => mentions(condition, loaded));
    } else visitAssigned(statement, (local) => loaded.delete(local));
  });
  return { endsByLoads: endsByData, pointers };
}

function leaves(statement: Statement): boolean {
  return nestedLists(statement).some((list) => list.some(({ kind }) => kind === "break" || kind === "continue"));
}

function isStep(target: Local, value: Expression): boolean {
  if (value.kind !== "apply" || (value.operation !== "i32.add" && value.operation !== "i32.sub")) return false;
  const [first, second] = value.operands as [Expression, Expression];
  return (
    first.kind === "local" &&
    first.local === target &&
    second.kind === "constant" &&
    Math.abs(Number(second.bits) | 0) <= longestStep
  );
}
