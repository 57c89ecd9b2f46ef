/**
 * Loops in loops that each end by what an instance has loaded take a number of steps of their own in every lane: lanes that leave an inner one wait for the longest,
 * or go on by themselves until hardly two run together. Here all of them become one: the next iteration of any is the next of a loop around the whole function, which
 * finds its place through the guards that resumption needs anyway (`resumable.ts`). A lane that is through with one loop takes the first step of the next while
 * others take their next one of this; what lanes wait for is a step, not a loop.
 */
import type { IrFunction, Label, Statement } from "../../ir/module.ts";
import { forEachList } from "../../ir/walk.ts";
import { walkOf } from "../memory/walks.ts";
import type { LoopAround } from "./resumable.ts";

type Loop = Extract<Statement, { kind: "loop" }>;

/** Loops with an inner one that ends by what it loads, or all that have an inner one. */
export type Merging = "none" | "parting" | "all";

/** Which loops of the function one loop takes the place of, if there are any. */
export function mergedLoops(func: IrFunction, merging: Merging): LoopAround | undefined {
  const taken = new Set<Statement>();
  const look = (list: readonly Statement[], outer: readonly Loop[]): void => {
    for (const statement of list) {
      if (!isOpen(statement)) forEachList(statement, (nested) => look(nested, outer));
      else {
        const nest = [...outer, statement];
        if (outer.length > 0 && (merging === "all" || walkOf(statement.body).endsByLoads))
          for (const loop of nest) taken.add(loop);
        look(statement.body, nest);
      }
    }
  };
  if (merging !== "none" && func.kind === "wasm" && func.lowered.has("loop")) look(func.body, []);
  if (taken.size === 0) return undefined;
  const label: Label = { name: "step" };
  return { label, takes: (loop) => taken.has(loop) };
}

/** With a checkpoint, by which it can be found again. */
function isOpen(statement: Statement): statement is Loop {
  return statement.kind === "loop" && statement.body[0]?.kind === "checkpoint";
}
