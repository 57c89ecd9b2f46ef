/**
 * A function whose recursion is its own alone becomes a loop with a stack of frames: a call puts the locals that are live behind it on the stack and begins the
 * next iteration with the arguments, a return takes them back and goes on behind the call through the guards that resumption needs anyway (`resumable.ts`). Lanes
 * at different depths run the same code, where calls would have each wait for the others. The frames lie where those of a suspended instance do, so the limits of
 * depth are the same; suspended, the function leaves all of them as one.
 */
import { apply, assign, field, i32, read, zero } from "../ir/builder.ts";
import type { Expression, IrFunction, IrModule, Label, Local, Statement } from "../ir/module.ts";
import { rewrite, someStatement } from "../ir/walk.ts";
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { CallGraph } from "./callGraph.ts";
import { constantParameters } from "./earlyReturns.ts";
import { Resumable } from "./resumable.ts";
import { CallLowering, type CallTarget, packed, position } from "./suspendedCalls.ts";
import { larger, type StackNeed, SuspendPoints } from "./suspendPoints.ts";
import { exhausted, type Needs, plainTarget, pointTest, stackNeed } from "./suspension.ts";

/** What the largest frame takes of the stack. */
export function recursionLoop(module: IrModule, graph: CallGraph, needs: Needs, func: IrFunction): StackNeed {
  return new RecursionLoop(module, graph, needs, func).run();
}

/** Where the frames lie; the writer prints pushes and pops with it. */
const stack: Local = { kind: "temporary", type: "stack", name: "stack" };

/** A call of the function by itself. */
interface Point {
  readonly number: number;
  /** What it leaves on the stack. */
  readonly locals: readonly Local[];
}

class RecursionLoop {
  readonly #module: IrModule;
  readonly #graph: CallGraph;
  readonly #func: IrFunction;
  readonly #points: SuspendPoints;
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
    this.#points = new SuspendPoints(func, pointTest(func, graph));
    const constant = constantParameters(func);
    const calls = [...this.#points.frames]
      .filter(([statement]) => this.#isCall(statement))
      .map(
        ([, { point, locals }]): Point => ({ number: point, locals: locals.filter((local) => !constant.has(local)) }),
      );
    this.#calls = withEqualLocals(calls);
    this.#passed = func.parameters.filter((parameter) => !constant.has(parameter));
    this.#results = func.type.results.map((type, i) => ({ kind: "variable", type, name: `result${i}` }));
    this.#need = this.#calls
      .map(({ locals }) => this.#frameNeed(locals))
      .reduce(larger, stackNeed(this.#points, plainTarget(graph), needs));
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
    const body = rewrite(resumable.code(), (statement) =>
      statement.kind === "return" ? this.#leave(statement.values) : undefined,
    );
    const loop: Statement = {
      kind: "loop",
      label: this.#next,
      results: [],
      body: [
        { kind: "block", label: this.#returned, results: [], body },
        ...this.#goOn(resumable.resume),
        { kind: "continue", label: this.#next },
      ],
    };
    func.body = [
      ...this.#points.prologue,
      assign(stack, field("stack")),
      assign(this.#at, read(position)),
      resumable.restore(),
      this.#trapIfExhausted(),
      loop,
    ];
    func.variables = [...resumable.variables, this.#at, ...this.#results];
    func.parameters = [position, ...func.parameters];
    func.lowered = new Set([...func.lowered, "loop", "push"]);
    return this.#calls.map(({ locals }) => this.#frameNeed(locals)).reduce(larger);
  }

  #isCall(statement: Statement): boolean {
    return statement.kind === "call" && statement.callee === this.#func.index;
  }

  #trapIfExhausted(): Statement {
    return { kind: "trapIf", condition: exhausted(read(this.#at), this.#need), trap: "call stack exhausted" };
  }

  /** Behind the only call, or at any of several, which then lies in the frame's last word. */
  #frameNeed(locals: readonly Local[]): StackNeed {
    const words = locals.reduce((sum, { type }) => sum + wordsOf(type as ValueType), 0);
    return { frames: 1, words: words + (this.#calls.length > 1 ? 1 : 0) };
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
    const unassigned = this.#points.liveAtEntry.filter((local) => !parameters.includes(local));
    return [
      ...passed.map((local, i) => assign(local, values[parameters.indexOf(this.#passed[i] as Local)] as Expression)),
      this.#moved("i32.add", locals),
      { kind: "push", locals, point: this.#calls.length > 1 ? number : undefined, position: this.#at },
      this.#trapIfExhausted(),
      ...this.#passed.map((parameter, i) => assign(parameter, read(passed[i] as Local))),
      // A call begins with its locals zero.
      ...unassigned.map((local) => assign(local, zero(local.type as ValueType))),
      { kind: "continue", label: this.#next },
    ];
  };

  #leave(values: readonly Expression[]): Statement[] {
    return [
      ...this.#results.map((result, i) => assign(result, values[i] as Expression)),
      { kind: "break", label: this.#returned },
    ];
  }

  /** Behind a call's end: out of the function, or on in the frame below. */
  #goOn(resume: Local): Statement[] {
    const fuel = this.#points.prologue.find(
      (statement) =>
        statement.kind === "assign" && statement.value.kind === "field" && statement.value.field === "fuel",
    );
    const giveBack: Statement[] =
      fuel?.kind === "assign" ? [{ kind: "setField", field: "fuel", value: read(fuel.target) }] : [];
    const [only, ...others] = this.#calls as [Point, ...Point[]];
    const popped: Statement[] =
      others.length === 0
        ? [...this.#pop(only.locals), assign(resume, i32(only.number))]
        : this.#calls.every(({ locals }) => locals === only.locals)
          ? this.#pop(only.locals, resume)
          : [{ kind: "pop", locals: [resume], position: this.#at }, this.#popOneOf(resume)];
    return [
      {
        kind: "if",
        condition: apply("i32", "i32.eq", [read(this.#at), read(position)]),
        results: [],
        whenTrue: [...giveBack, { kind: "return", values: this.#results.map(read) }],
        whenFalse: [],
      },
      ...popped,
    ];
  }

  #pop(locals: readonly Local[], point?: Local): Statement[] {
    const all = point === undefined ? locals : [...locals, point];
    return [{ kind: "pop", locals: all, position: this.#at }, this.#moved("i32.sub", locals)];
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
