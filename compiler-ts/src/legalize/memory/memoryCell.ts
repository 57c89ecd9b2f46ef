/**
 * How many bytes of an instance's memory lie together. Small cells are best where the lanes of a tile touch the same addresses, which is where their loops take the
 * same number of steps. A loop that ends by what it has loaded takes a number of its own in each instance: its lanes drift apart, and one that walks through
 * memory then wants its next words in the line that it has fetched. So do lanes that each look in a table for where they have seen their data before, and go on
 * with what they find: at any time each of them reads and writes at places of its own. Measured in docs/performance.md.
 */
import { accessBytes } from "../../ir/access.ts";
import type { Expression, IrModule, Local, Statement } from "../../ir/module.ts";
import { mentions } from "../../ir/operands.ts";
import { forEachList, hasLists, visitStatements } from "../../ir/walk.ts";
import type { MemoryCell } from "../../metadata.ts";
import { loadedBefore } from "./exchanges.ts";
import { walkOf } from "./walks.ts";

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
  const { endsByLoads, pointers } = walkOf(body);
  let accesses = 0;
  if (endsByLoads && pointers.size > 0)
    visitStatements(body, (statement) => {
      if (statement.kind !== "load" && statement.kind !== "store") return;
      if (accessBytes(statement.operation) >= leastBytesOfWalk && mentions(statement.address, pointers)) accesses++;
    });
  return accesses;
}
