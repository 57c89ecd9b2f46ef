/** The suspend points of one function, in program order, and what each leaves in its frame. All copies of the function share them. */
import type { Frame, IrFunction, Local, Statement } from "../../ir/module.ts";
import { localsOf } from "../../ir/operands.ts";
import { forEachList, hasLists } from "../../ir/walk.ts";
import { Liveness } from "../liveness.ts";
import { frameParts, wordsOfLocals } from "./frameParts.ts";

/** Of the call stack, in frames, and of the values, in words. */
export interface StackNeed {
  readonly frames: number;
  readonly words: number;
}

export const nothing: StackNeed = { frames: 0, words: 0 };

export function larger(a: StackNeed, b: StackNeed): StackNeed {
  return { frames: Math.max(a.frames, b.frames), words: Math.max(a.words, b.words) };
}

export function both(a: StackNeed, b: StackNeed): StackNeed {
  return { frames: a.frames + b.frames, words: a.words + b.words };
}

export function frameNeed(frame: Frame): StackNeed {
  return { frames: 1, words: wordsOfLocals(localsOf(frame.parts)) };
}

export class SuspendPoints {
  /** Copies of the instance's fields at the function's start: taken afresh by a resumed function, and never saved. */
  readonly prologue: readonly Statement[];
  readonly code: readonly Statement[];
  readonly frames: ReadonlyMap<Statement, Frame>;
  readonly liveAtEntry: readonly Local[];
  readonly #containing = new Set<Statement>();

  constructor(func: IrFunction, isPoint: (statement: Statement) => boolean) {
    const start = func.body.findIndex((statement) => statement.kind !== "assign" || statement.value.kind !== "field");
    this.prologue = func.body.slice(0, start);
    this.code = func.body.slice(start);
    const fresh = new Set(
      this.prologue.flatMap((statement) => (statement.kind === "assign" ? [statement.target] : [])),
    );
    const points: Statement[] = [];
    this.#find(this.code, isPoint, points);
    const liveness = new Liveness(this.code, func.parameters, fresh, isPoint);
    this.liveAtEntry = liveness.atEntry;
    this.frames = new Map(points.map((point, i) => [point, { point: i + 1, parts: frameParts(liveness.at(point)) }]));
  }

  /** The statement is a point or holds one. */
  contains(statement: Statement): boolean {
    return this.#containing.has(statement);
  }

  frame(point: Statement): Frame {
    return this.frames.get(point) as Frame;
  }

  /** Behind its index a list holds no point. */
  lastContaining(list: readonly Statement[]): number {
    let last = list.length - 1;
    while (last >= 0 && !this.#containing.has(list[last] as Statement)) last--;
    return last;
  }

  #find(list: readonly Statement[], isPoint: (statement: Statement) => boolean, points: Statement[]): boolean {
    let any = false;
    for (const statement of list) {
      const before = points.length;
      if (isPoint(statement)) points.push(statement);
      if (hasLists(statement)) forEachList(statement, (nested) => this.#find(nested, isPoint, points));
      if (points.length === before) continue;
      this.#containing.add(statement);
      any = true;
    }
    return any;
  }
}
