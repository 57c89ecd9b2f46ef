/**
 * A function whose recursion is its own alone becomes a loop with a stack of frames: a call puts the locals that are live behind it on the stack and begins the
 * next iteration with the arguments, a return takes them back and goes on behind the call through the guards that resumption needs anyway (`resumable.ts`). Lanes
 * at different depths run the same code, where calls would have each wait for the others. The frames lie where those of a suspended instance do, so the limits of
 * depth are the same; suspended, the function leaves all of them as one.
 */
import { apply, assign, field, i32, read, zero } from "../../ir/builder.ts";
import type { Expression, IrFunction, IrModule, Label, Local, Statement } from "../../ir/module.ts";
import { localsOf } from "../../ir/operands.ts";
import { forEachList, mapLists, rewrite, someStatement } from "../../ir/walk.ts";
import type { ValueType } from "../../wasm/module.ts";
import type { CallGraph } from "../callGraph.ts";
import { stackParts, wordsOfLocals } from "../suspension/frameParts.ts";
import { Resumable } from "../suspension/resumable.ts";
import { CallLowering, type CallTarget, packed, position } from "../suspension/suspendedCalls.ts";
import { larger, type StackNeed, SuspendPoints } from "../suspension/suspendPoints.ts";
import { atMost, exhausted, type Needs, plainTarget, pointTest, stackNeed } from "../suspension/suspension.ts";
import { constantParameters } from "./earlyReturns.ts";

/** What the largest frame takes of the stack. */
export function recursionLoop(module: IrModule, graph: CallGraph, needs: Needs, func: IrFunction): StackNeed {
  return new RecursionLoop(module, graph, needs, func).run();
}

/** Where the frames lie; the writer prints pushes and pops with it. */
const stack: Local = { kind: "temporary", type: "stack", name: "stack" };

/** Where the function goes on behind calls of itself. */
interface Point {
  readonly number: number;
  /** What such a call leaves on the stack. */
  readonly locals: readonly Local[];
}

type Call = Extract<Statement, { kind: "call" }>;
type Loop = Extract<Statement, { kind: "loop" }>;

class RecursionLoop {
  readonly #module: IrModule;
  readonly #graph: CallGraph;
  readonly #func: IrFunction;
  readonly #points: SuspendPoints;
  /** Calls behind which the next iteration of a loop begins: no points, what is resumed is the loop's header. */
  readonly #beforeHeaders: ReadonlyMap<Statement, Loop>;
  readonly #calls: readonly Point[];
  /** Parameters that are not the same in all calls. */
  readonly #passed: readonly Local[];
  readonly #need: StackNeed;
  /** Of the innermost call; that of the outermost is the parameter. */
  readonly #at: Local = { kind: "variable", type: "i32", name: "at" };
  readonly #next: Label = { name: "next" };
  readonly #returned: Label = { name: "returned" };
  readonly #results: readonly Local[];

  constructor(module: IrModule, graph: CallGraph, needs: Needs, func: IrFunction) {
    this.#module = module;
    this.#graph = graph;
    this.#func = func;
    const constant = constantParameters(func);
    this.#beforeHeaders = this.#callsBeforeHeaders();
    const isPoint = pointTest(func, graph);
    this.#points = new SuspendPoints(func, (item) => isPoint(item) && !this.#beforeHeaders.has(item));
    const resumed = new Set([...this.#beforeHeaders.values()].map(({ body }) => body[0] as Statement));
    const calls = [...this.#points.frames]
      .filter(([statement]) => this.#isCall(statement) || resumed.has(statement))
      .map(
        ([, { point, parts }]): Point => ({
          number: point,
          locals: localsOf(parts).filter((local) => !constant.has(local) && local !== func.accumulator?.local),
        }),
      );
    this.#calls = withEqualLocals(calls);
    this.#passed = func.parameters.filter((parameter) => !constant.has(parameter));
    this.#results =
      func.accumulator === undefined
        ? func.type.results.map((type, i) => ({ kind: "variable", type, name: `result${i}` }))
        : [];
    this.#need = atMost(
      this.#calls
        .map(({ locals }) => this.#frameNeed(locals))
        .reduce(larger, stackNeed(this.#points, plainTarget(graph), needs)),
    );
  }

  run(): StackNeed {
    const func = this.#func;
    const plain = plainTarget(this.#graph);
    const target = (callee: number): CallTarget | undefined =>
      callee === func.index ? { kind: "looped", statements: this.#enter, results: this.#results } : plain(callee);
    const calls = new CallLowering(this.#module, func.index, target, this.#at);
    // Lanes with few iterations before their next call would wait for those with many.
    const takes = (statement: Statement): boolean =>
      statement.kind === "loop" && someStatement(statement.body, (item) => this.#isCall(item));
    const resumable = new Resumable(func, this.#points, calls, this.#at, { label: this.#next, takes });
    const code = this.#entered(resumable.code());
    const body = this.#resumedInside(code, resumable.resume) ?? [
      { kind: "block", label: this.#returned, results: [], body: this.#leaving(code, this.#returned) },
      ...this.#goOn(resumable.resume),
    ];
    const { accumulator } = func;
    func.body = [
      ...this.#points.prologue,
      assign(this.#at, read(position)),
      ...(accumulator === undefined ? [] : [assign(accumulator.local, accumulator.identity)]),
      resumable.restore(),
      this.#trapIfExhausted(),
      assign(stack, this.#sureStack()),
      { kind: "loop", label: this.#next, results: [], body: [...body, { kind: "continue", label: this.#next }] },
    ];
    func.variables = [...resumable.variables, this.#at, ...this.#results];
    func.parameters = [position, ...func.parameters];
    func.lowered = new Set([...func.lowered, "loop", "push"]);
    return this.#calls.map(({ locals }) => this.#frameNeed(locals)).reduce(larger);
  }

  #isCall(statement: Statement): statement is Call {
    return statement.kind === "call" && statement.callee === this.#func.index;
  }

  #callsBeforeHeaders(): Map<Statement, Loop> {
    const found = new Map<Statement, Loop>();
    const loops = new Map<Label, Loop>();
    const look = (list: readonly Statement[]): void => {
      list.forEach((statement, i) => {
        if (statement.kind === "loop") loops.set(statement.label, statement);
        const next = list[i + 1];
        const loop = next?.kind === "continue" ? loops.get(next.label) : undefined;
        if (this.#isCall(statement) && loop?.body[0]?.kind === "checkpoint") found.set(statement, loop);
        forEachList(statement, look);
      });
    };
    look(this.#func.body);
    return found;
  }

  /** Calls before headers are begun; the next iteration follows when they have returned. */
  #entered(list: readonly Statement[]): Statement[] {
    const call = list.findIndex((statement) => this.#beforeHeaders.has(statement));
    const loop = this.#beforeHeaders.get(list[call] as Statement);
    if (loop === undefined) return list.map((statement) => mapLists(statement, (nested) => this.#entered(nested)));
    const { point } = this.#points.frame(loop.body[0] as Statement);
    const before = list.slice(0, call).map((statement) => mapLists(statement, (nested) => this.#entered(nested)));
    return [...before, ...this.#enter((list[call] as Call).arguments, point)];
  }

  /**
   * Where all calls return to the header of one loop, what stands before the loop is an activation's beginning alone. One that returns there, as the leaves of a
   * recursion do, takes the frame below back right before the loop and goes on with it: lanes that call and lanes that return then need one iteration, not two.
   */
  #resumedInside(code: readonly Statement[], resume: Local): Statement[] | undefined {
    const [only, ...others] = this.#calls as [Point, ...Point[]];
    const headers = new Set(this.#beforeHeaders.values());
    const [loop] = headers;
    if (others.length > 0 || loop === undefined || this.#points.frame(loop.body[0] as Statement).point !== only.number)
      return undefined;
    const list = code.length === 1 && code[0]?.kind === "block" && code[0].label !== loop.label ? code[0].body : code;
    const index = list.findIndex((item) => item.kind === "block" && item.label === loop.label);
    if (index < 0) return undefined;
    const early: Label = { name: "returned_early" };
    const resumed: Label = { name: "resumed" };
    const after = list.slice(index);
    const beginning: Statement[] =
      index === 0
        ? []
        : [
            {
              kind: "block",
              label: resumed,
              results: [],
              body: [
                {
                  kind: "block",
                  label: early,
                  results: [],
                  body: [...this.#leaving(list.slice(0, index), early), { kind: "break", label: resumed }],
                },
                ...this.#goOn(resume),
              ],
            },
          ];
    return someStatement(after, (item) => item.kind === "return")
      ? [
          {
            kind: "block",
            label: this.#returned,
            results: [],
            body: [...beginning, ...this.#leaving(after, this.#returned)],
          },
          ...this.#goOn(resume),
        ]
      : [...beginning, ...after];
  }

  /** What near frames need not be asked for: each takes words at least, so that few of them are many words. */
  #sureStack(): Expression {
    const least = Math.min(...this.#calls.map(({ locals }) => this.#frameNeed(locals).words));
    const operands = [field("stack"), read(position), packed(this.#need), i32(least), field("stack_limit")];
    return apply("stack", "stack.sure", operands);
  }

  #trapIfExhausted(): Statement {
    return { kind: "trapIf", condition: exhausted(read(this.#at), this.#need), trap: "call stack exhausted" };
  }

  /** Behind the only call, or at any of several, which then lies in the frame's last word. */
  #frameNeed(locals: readonly Local[]): StackNeed {
    return { frames: 1, words: wordsOfLocals(locals) + (this.#calls.length > 1 ? 1 : 0) };
  }

  #moved(operation: "i32.add" | "i32.sub", locals: readonly Local[]): Statement {
    return assign(this.#at, apply("i32", operation, [read(this.#at), packed(this.#frameNeed(locals))]));
  }

  readonly #enter = (values: readonly Expression[], number: number): Statement[] => {
    const { locals } = this.#calls.find((point) => point.number === number) as Point;
    const { parameters } = this.#func;
    const passed = this.#passed.map(
      ({ type }, i): Local => ({ kind: "temporary", type, name: `argument${number}_${i}` }),
    );
    const unassigned = this.#points.liveAtEntry.filter(
      (local) => !parameters.includes(local) && local !== this.#func.accumulator?.local,
    );
    return [
      ...passed.map((local, i) => assign(local, values[parameters.indexOf(this.#passed[i] as Local)] as Expression)),
      this.#moved("i32.add", locals),
      {
        kind: "push",
        parts: stackParts(locals, this.#calls.length > 1),
        point: this.#calls.length > 1 ? number : undefined,
        position: this.#at,
        need: packed(this.#need),
      },
      // Frames without words are never far.
      ...(this.#frameNeed(locals).words === 0 ? [this.#trapIfExhausted()] : []),
      ...this.#passed.map((parameter, i) => assign(parameter, read(passed[i] as Local))),
      // A call begins with its locals zero.
      ...unassigned.map((local) => assign(local, zero(local.type as ValueType))),
      { kind: "continue", label: this.#next },
    ];
  };

  #leaving(list: readonly Statement[], label: Label): Statement[] {
    return rewrite([...list], (statement) =>
      statement.kind === "return"
        ? [
            ...this.#results.map((result, i) => assign(result, statement.values[i] as Expression)),
            { kind: "break", label },
          ]
        : undefined,
    );
  }

  /** Behind a call's end: out of the function, or on in the frame below. */
  #goOn(resume: Local): Statement[] {
    const fuel = this.#points.prologue.find(
      (statement) =>
        statement.kind === "assign" && statement.value.kind === "field" && statement.value.field === "fuel",
    );
    const giveBack: Statement[] =
      fuel?.kind === "assign" ? [{ kind: "setField", field: "fuel", value: read(fuel.target) }] : [];
    const { accumulator } = this.#func;
    const returned = accumulator === undefined ? this.#results : [accumulator.local];
    const [only, ...others] = this.#calls as [Point, ...Point[]];
    const popped: Statement[] =
      others.length === 0
        ? [...this.#pop(only.locals), assign(resume, i32(only.number))]
        : this.#calls.every(({ locals }) => locals === only.locals)
          ? this.#pop(only.locals, resume)
          : [{ kind: "pop", parts: stackParts([resume], false), position: this.#at }, this.#popOneOf(resume)];
    return [
      {
        kind: "if",
        condition: apply("i32", "i32.eq", [read(this.#at), read(position)]),
        results: [],
        whenTrue: [...giveBack, { kind: "return", values: returned.map(read) }],
        whenFalse: [],
      },
      ...popped,
    ];
  }

  #pop(locals: readonly Local[], point?: Local): Statement[] {
    const all = point === undefined ? locals : [...locals, point];
    return [{ kind: "pop", parts: stackParts(all, false), position: this.#at }, this.#moved("i32.sub", locals)];
  }

  #popOneOf(resume: Local): Statement {
    const cases = this.#calls.map(({ number, locals }) => ({ values: [number], body: this.#pop(locals, resume) }));
    return { kind: "switch", index: read(resume), cases, default: [] };
  }
}

/** Where it costs little, all calls leave the same locals: lanes that return to different calls then take them back together. */
function withEqualLocals(calls: readonly Point[]): readonly Point[] {
  const all = [...new Set(calls.flatMap(({ locals }) => locals))];
  const most = Math.max(...calls.map(({ locals }) => locals.length));
  return all.length <= most + mostAdded ? calls.map(({ number }) => ({ number, locals: all })) : calls;
}

const mostAdded = 2;
