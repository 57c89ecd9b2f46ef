/**
 * The body of a function that can be entered again at its suspend points. It reaches them through its normal code, with a guard around what has already run:
 * points are numbered in program order, so a guard is one comparison with `resume`, the number of the point that is looked for, 0 in normal execution. What lies
 * behind the last point of a list needs none, hence an innermost loop carries nothing but its checkpoint.
 */
import { apply, assign, field, i32, read } from "../../ir/builder.ts";
import type { Expression, IrFunction, Label, Local, Statement, SwitchCase } from "../../ir/module.ts";
import { localsOf } from "../../ir/operands.ts";
import { rewrite } from "../../ir/walk.ts";
import { widenScope } from "../scopes.ts";
import { type CallLowering, position } from "./suspendedCalls.ts";
import type { SuspendPoints } from "./suspendPoints.ts";

type If = Extract<Statement, { kind: "if" }>;

export function resumableBody(
  func: IrFunction,
  points: SuspendPoints,
  calls: CallLowering,
  loop?: LoopAround,
): { readonly body: Statement[]; readonly variables: Local[] } {
  const resumable = new Resumable(func, points, calls, position, loop);
  const code = resumable.code();
  const around: Statement[] =
    loop === undefined ? code : [{ kind: "loop", label: loop.label, results: [], body: code }];
  return { body: [...points.prologue, resumable.restore(), ...around], variables: resumable.variables };
}

/** A loop around the whole body that takes the place of others: their next iteration is its, resumed at their header. */
export interface LoopAround {
  readonly label: Label;
  readonly takes: (loop: Statement) => boolean;
}

export class Resumable {
  readonly #points: SuspendPoints;
  readonly #calls: CallLowering;
  readonly #innermost: Local;
  readonly #around: LoopAround | undefined;
  readonly #variables: Set<Local>;
  readonly resume: Local = { kind: "variable", type: "i32", name: "resume" };
  /** The guard that was made last, its list, and its bound. */
  readonly #bounds = new Map<Statement, number>();
  /** Number of the last point met. */
  #last = 0;

  /** `innermost`: where the frame's values begin; the parameter, or what a recursion that is a loop has for it. */
  constructor(func: IrFunction, points: SuspendPoints, calls: CallLowering, innermost: Local, around?: LoopAround) {
    this.#points = points;
    this.#calls = calls;
    this.#innermost = innermost;
    this.#around = around;
    this.#variables = new Set(func.variables);
  }

  code(): Statement[] {
    return this.#list(this.#points.code);
  }

  get variables(): Local[] {
    return [...this.#variables, this.resume];
  }

  /** What a resumed function does first. */
  restore(): Statement {
    const pop: Statement = {
      kind: "bulk",
      operation: "frame.pop",
      immediates: [],
      operands: [read(position)],
      target: this.resume,
    };
    // Points with the same values share a case.
    const cases = new Map<string, { values: number[]; body: Statement[] }>();
    for (const { point, parts } of this.#points.frames.values()) {
      if (parts.length === 0) continue;
      const key = localsOf(parts)
        .map((local) => local.name)
        .join(" ");
      const known = cases.get(key);
      if (known === undefined)
        cases.set(key, { values: [point], body: [{ kind: "restore", parts, position: this.#innermost }] });
      else known.values.push(point);
    }
    const [first, ...others] = cases.values();
    const whenTrue: Statement[] = [pop];
    if (this.#innermost !== position)
      whenTrue.push({
        kind: "bulk",
        operation: "stack.restore",
        immediates: [],
        operands: [read(position)],
        target: this.#innermost,
      });
    // Restoring at the points without locals as well does no harm: they have no word to read, nobody reads what they read.
    if (first !== undefined && cases.size === 1 && first.values.length === this.#points.frames.size)
      whenTrue.push(...first.body);
    else if (first !== undefined)
      whenTrue.push({
        kind: "switch",
        index: read(this.resume),
        cases: [first, ...others] satisfies SwitchCase[],
        default: [],
      });
    return { kind: "if", condition: field("rewinding"), results: [], whenTrue, whenFalse: [] };
  }

  #list(list: readonly Statement[]): Statement[] {
    const result: Statement[] = [];
    const last = this.#points.lastContaining(list);
    for (let i = 0; i < list.length; i++) {
      const statement = list[i] as Statement;
      if (i > last) {
        result.push(statement);
        continue;
      }
      // A guard is a scope.
      widenScope(statement, this.#variables);
      if (!this.#points.contains(statement)) this.#unlessPassed([statement], result);
      else {
        const changed = this.#containing(statement);
        if (i < last) this.#unlessPassed(changed, result);
        else for (const item of changed) result.push(item);
      }
    }
    return result;
  }

  /** What belongs to points up to `#last` runs normally, and when one of them is resumed. */
  #unlessPassed(body: readonly Statement[], result: Statement[]): void {
    // Directly behind a guard with the same bound: if that one held, `resume` has not grown since.
    const before = result[result.length - 1];
    if (before?.kind === "if" && this.#bounds.get(before) === this.#last) {
      before.whenTrue.push(...body);
      return;
    }
    const guard: If = {
      kind: "if",
      condition: this.#atMost(this.#last),
      results: [],
      whenTrue: [...body],
      whenFalse: [],
    };
    this.#bounds.set(guard, this.#last);
    result.push(guard);
  }

  #atMost(point: number): Expression {
    return point === 0
      ? apply("i32", "i32.eqz", [read(this.resume)])
      : apply("i32", "i32.le_u", [read(this.resume), i32(point)]);
  }

  #containing(statement: Statement): readonly Statement[] {
    switch (statement.kind) {
      case "if":
        return [this.#if(statement)];
      case "block":
        return [{ ...statement, body: this.#list(statement.body) }];
      case "loop":
        return [this.#loop(statement)];
      default:
        return this.#point(statement);
    }
  }

  /** Resumed, the arm that holds the point is entered whatever the condition would be now. */
  #if(statement: If): Statement {
    const before = this.#last;
    const whenTrue = this.#list(statement.whenTrue);
    const lastOfFirst = this.#last;
    const whenFalse = this.#list(statement.whenFalse);
    const resumed = lastOfFirst === before ? i32(0) : this.#last === lastOfFirst ? i32(1) : this.#atMost(lastOfFirst);
    const condition = apply("i32", "select", [
      statement.condition,
      resumed,
      apply("i32", "i32.eqz", [read(this.resume)]),
    ]);
    return { kind: "if", condition, results: statement.results, whenTrue, whenFalse };
  }

  #loop(statement: Extract<Statement, { kind: "loop" }>): Statement {
    const body = this.#list(statement.body);
    const [checkpoint] = statement.body;
    if (this.#around === undefined || checkpoint === undefined || !this.#around.takes(statement))
      return { ...statement, body };
    const { label } = this.#around;
    const header = this.#points.frame(checkpoint).point;
    // Nothing lies before a loop that the function begins with.
    const seek = statement === this.#points.code[0] ? [] : [assign(this.resume, i32(header))];
    const again = (item: Statement): Statement[] | undefined =>
      item.kind === "continue" && item.label === statement.label ? [...seek, { kind: "continue", label }] : undefined;
    return { kind: "block", label: statement.label, results: statement.results, body: rewrite(body, again) };
  }

  #point(statement: Statement): readonly Statement[] {
    const frame = this.#points.frame(statement);
    this.#last = frame.point;
    const reached = assign(this.resume, i32(0));
    const lowered = this.#calls.lower(statement, frame);
    if (lowered.answers === undefined) return [...lowered.statements, reached];
    // The host or the trampoline has made the call; its results are there.
    const condition = apply("i32", "i32.eq", [read(this.resume), i32(frame.point)]);
    return [
      {
        kind: "if",
        condition,
        results: [],
        whenTrue: [...lowered.answers, reached],
        whenFalse: [...lowered.statements],
      },
    ];
  }
}
