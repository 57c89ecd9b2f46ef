/**
 * Alignment that holds wherever it is looked at: of globals, the stack pointer above all, and of parameters, by what all calls pass. Assumed first and taken back
 * where an assignment contradicts, until nothing changes; a local counts with all of its assignments at once.
 */
import { read } from "../../ir/builder.ts";
import type { Expression, IrFunction, IrModule, Local } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";
import { visitStatements } from "../../ir/walk.ts";
import { expressionAlignment, type KnownAlignment, largestAlignment } from "./alignment.ts";

export interface ModuleAlignment {
  /** Of the global in a word of the state. */
  readonly ofState: (word: number) => KnownAlignment;
  /** When the function begins. */
  readonly ofParameter: (func: IrFunction, parameter: number) => KnownAlignment;
}

/** `place` is a local, or stands for a global or for what a parameter has when its function begins. */
interface Constraint {
  readonly place: Local;
  readonly value: Expression;
}

function placeNamed(name: string): Local {
  return { type: "i32", name, kind: "variable" };
}

export function moduleAlignment(module: IrModule): ModuleAlignment {
  const known = new Map<Local, number>();
  const globals = module.globals.map(({ mutable, imported, exported, initial }, index): Local => {
    const place = placeNamed(`global ${index}`);
    const isOurs = !imported && !(exported && mutable) && initial !== undefined;
    known.set(place, isOurs ? expressionAlignment(initial, () => undefined) : 1);
    return place;
  });
  const byWord = new Map(module.globals.map(({ stateWord }, index) => [stateWord, globals[index] as Local]));
  const parameters = new Map<number, readonly Local[]>();
  const roots = new Set(module.roots);
  for (const func of module.functions.values()) {
    const places = func.parameters.map(({ name }) => placeNamed(name));
    if (roots.has(func.index)) for (const place of places) known.set(place, 1);
    parameters.set(func.index, places);
  }
  const constraints: Constraint[] = [];
  for (const func of module.functions.values()) collect(func, { known, globals, parameters, constraints });

  const of = (place: Local): number => known.get(place) ?? largestAlignment;
  let pending = constraints;
  for (let changed = true; changed; ) {
    changed = false;
    const rest: Constraint[] = [];
    for (const constraint of pending) {
      const { place, value } = constraint;
      const before = of(place);
      if (before === 1) continue;
      const after = expressionAlignment(value, of);
      if (after < before) {
        known.set(place, after);
        changed = true;
      }
      if (after > 1) rest.push(constraint);
    }
    pending = rest;
  }
  return {
    ofState: (word) => (byWord.has(word) ? of(byWord.get(word) as Local) : 1) as KnownAlignment,
    ofParameter: (func, parameter) =>
      of((parameters.get(func.index) as readonly Local[])[parameter] as Local) as KnownAlignment,
  };
}

interface Collected {
  readonly known: Map<Local, number>;
  readonly globals: readonly Local[];
  readonly parameters: ReadonlyMap<number, readonly Local[]>;
  readonly constraints: Constraint[];
}

function collect(func: IrFunction, { known, globals, parameters, constraints }: Collected): void {
  const entries = parameters.get(func.index) as readonly Local[];
  func.parameters.forEach((place, index) => {
    if (place.type === "i32") constraints.push({ place, value: read(entries[index] as Local) });
  });
  const unknown = (local: Local): void => {
    if (local.type === "i32") known.set(local, 1);
  };
  visitStatements(func.body, (statement) => {
    switch (statement.kind) {
      case "assign":
        if (statement.target.type === "i32") constraints.push({ place: statement.target, value: statement.value });
        break;
      case "globalGet":
        if (statement.target.type === "i32")
          constraints.push({ place: statement.target, value: read(globals[statement.global] as Local) });
        break;
      case "globalSet":
        constraints.push({ place: globals[statement.global] as Local, value: statement.value });
        break;
      case "call": {
        const places = parameters.get(statement.callee) as readonly Local[];
        statement.arguments.forEach((value, index) => {
          if (value.type === "i32") constraints.push({ place: places[index] as Local, value });
        });
        for (const target of statement.targets) unknown(target);
        break;
      }
      default:
        visitAssigned(statement, unknown);
    }
  });
}
