/**
 * Functions that can call themselves, directly or not, do not use the device's own stack. Each has copies: *levels*, which call the next level and so take the
 * last calls of a recursion, the most, as plain ones; the last level leaves its frame and asks for the call. The *resumed* copy goes on behind such a call. A
 * *trampoline* for the component makes the calls that are asked for, and resumes the frame below when one has ended. Who calls from outside sees the *entry*,
 * which has the function's index and tries a level before it turns to the trampoline.
 */
import { apply, assign, field, i32, read } from "../../ir/builder.ts";
import type { IrFunction, IrModule, Label, Local, Statement, SwitchCase } from "../../ir/module.ts";
import { mapLists, visitStatements } from "../../ir/walk.ts";
import type { CallGraph, FunctionFacts } from "../callGraph.ts";
import { resumableBody } from "../suspension/resumable.ts";
import {
  CallLowering,
  type CallTarget,
  calledPlain,
  callResults,
  position,
  recordWords,
} from "../suspension/suspendedCalls.ts";
import { both, SuspendPoints } from "../suspension/suspendPoints.ts";
import { type Needs, plainTarget, pointTest, stackNeed, withCheck } from "../suspension/suspension.ts";

/** What `wb_trampoline_next` says when there is nothing more to do; frames of trampolines have one point and no values. */
const stop = 0xffffffff;
const trampolineFrame = i32(1);

interface Member {
  readonly func: IrFunction;
  readonly points: SuspendPoints;
  /** Levels from 1 in order. */
  readonly levels: readonly number[];
  /** A dispatcher without plain callees leaves no frames. */
  readonly resumed: number | undefined;
}

export class Recursion {
  readonly #module: IrModule;
  readonly #graph: CallGraph;
  readonly #needs: Needs;
  readonly #members = new Map<number, Member>();
  readonly #made: IrFunction[] = [];
  readonly #trampoline: number;
  /** Levels that may become one function together. */
  readonly #inlinedLevels: number;
  #nextIndex: number;

  constructor(module: IrModule, graph: CallGraph, needs: Needs, functions: readonly IrFunction[]) {
    this.#module = module;
    this.#graph = graph;
    this.#needs = needs;
    this.#nextIndex = Math.max(...module.functions.keys()) + 1;
    this.#trampoline = this.#nextIndex++;
    const component = functions.map(({ index }) => index);
    const levels = levelsOf(functions);
    this.#inlinedLevels = inlinedLevels(functions, component);
    for (const func of functions) {
      const dispatcher = func.kind === "dispatcher";
      const points = new SuspendPoints(func, pointTest(func, graph));
      // A dispatcher's level calls functions of the same level: it has one more, which only asks.
      const count = dispatcher ? levels + 1 : levels;
      const resumed = !dispatcher || this.#callsOutside(func, component) ? this.#nextIndex++ : undefined;
      const indices = Array.from({ length: count }, () => this.#nextIndex++);
      this.#members.set(func.index, { func, points, levels: indices, resumed });
    }
  }

  /** The functions that take the component's place, in the order in which they are written. */
  run(): readonly IrFunction[] {
    const members = [...this.#members.values()];
    const isDispatcher = (member: Member): boolean => member.func.kind === "dispatcher";
    // Dispatchers do not ask for room themselves: their callers must know what they need.
    for (const member of members.filter(isDispatcher)) this.#dispatcherNeed(member);
    for (const member of members) this.#copies(member);
    this.#makeTrampoline();
    const entries = this.#calledFromOutside();
    for (const { func } of members)
      if (entries.has(func.index)) this.#makeEntry(func);
      else this.#module.functions.delete(func.index);
    return this.#made;
  }

  #callsOutside(func: IrFunction, component: readonly number[]): boolean {
    let any = false;
    visitStatements(func.body, (statement) => {
      any ||=
        statement.kind === "call" &&
        !component.includes(statement.callee) &&
        this.#graph.facts.get(statement.callee)?.suspends === true;
    });
    return any;
  }

  /** In one walk over the graph: a component can have more than a thousand members. */
  #calledFromOutside(): ReadonlySet<number> {
    const made = new Set(this.#made.map(({ index }) => index));
    const called = new Set(this.#module.roots.filter((index) => this.#members.has(index)));
    for (const [caller, { callees }] of this.#graph.facts) {
      if (this.#members.has(caller) || made.has(caller)) continue;
      for (const callee of callees) if (this.#members.has(callee)) called.add(callee);
    }
    return called;
  }

  /** A call in level `level` of a member; the resumed copy is level 0. */
  #target(caller: Member, level: number): (callee: number) => CallTarget | undefined {
    const plain = plainTarget(this.#graph);
    const fromDispatcher = caller.func.kind === "dispatcher";
    return (callee) => {
      const member = this.#members.get(callee);
      if (member === undefined) return plain(callee);
      const next = member.levels[fromDispatcher ? level - 1 : level];
      return next === undefined ? { kind: "request", callee } : { kind: "nested", callee: next };
    };
  }

  #dispatcherNeed(member: Member): void {
    const need = stackNeed(member.points, this.#target(member, 1), this.#needs);
    this.#needs.set(member.func.index, both({ frames: 1, words: 0 }, need));
  }

  #copies(member: Member): void {
    const { func, points, levels, resumed } = member;
    const need = stackNeed(points, this.#target(member, 1), this.#needs);
    const variables = func.kind === "dispatcher" ? [...func.variables, calledPlain] : func.variables;
    const checked = (body: Statement[]): Statement[] =>
      func.kind === "dispatcher" ? body : withCheck(body, points, need);
    let all = variables;
    if (resumed !== undefined) {
      const copy = resumableBody(
        { ...func, variables },
        points,
        new CallLowering(this.#module, func.index, this.#target(member, 0)),
      );
      // Without levels it is where a call begins as well.
      this.#add(func, resumed, "resumed", copy.variables, levels.length === 0 ? checked(copy.body) : copy.body, true);
      all = copy.variables;
    }
    levels.forEach((index, i) => {
      const lowering = new CallLowering(this.#module, func.index, this.#target(member, i + 1));
      const body = [...points.prologue, ...straight(points.code, points, lowering)];
      const outOfLine = func.kind !== "dispatcher" && i % this.#inlinedLevels === 0;
      this.#add(func, index, `level${i + 1}`, all, checked(body), outOfLine);
    });
  }

  #add(
    func: IrFunction,
    index: number,
    suffix: string,
    variables: readonly Local[],
    body: Statement[],
    outOfLine: boolean,
  ): void {
    this.#insert(
      {
        ...func,
        index,
        copyOf: func.index,
        name: `${func.name}_${suffix}`,
        parameters: [position, ...func.parameters],
        variables: [...variables],
        body,
        outOfLine,
      },
      func.index,
    );
  }

  #insert(func: IrFunction, like: number): void {
    const facts = this.#graph.facts.get(like) as FunctionFacts;
    this.#module.functions.set(func.index, func);
    this.#graph.facts.set(func.index, { ...facts, recursive: false });
    this.#made.push(func);
  }

  /** Where a call begins. */
  #fresh(member: Member): number {
    return (member.levels[0] ?? member.resumed) as number;
  }

  #makeTrampoline(): void {
    const members = [...this.#members.values()];
    const at: Local = { kind: "variable", type: "i32", name: "at" };
    const next: Local = { kind: "variable", type: "i32", name: "next" };
    const variables: Local[] = [at, next];
    const cases: SwitchCase[] = [];
    for (const member of members) {
      const { func, resumed } = member;
      const callCase = (value: number, callee: number, take: boolean): void => {
        const local = (kind: Local["kind"], type: Local["type"], name: string, i: number): Local => ({
          kind,
          type,
          name: `${name}${value}_${i}`,
        });
        const parameters = func.type.parameters.map((type, i) => local("temporary", type, "argument", i));
        const results = func.type.results.map((type, i) => local("temporary", type, "result", i));
        const taken: Statement[] = recordWords(parameters).map(({ value: target, word, bits }) => ({
          kind: "bulk",
          operation: `argument${bits}`,
          immediates: [word],
          operands: [],
          target,
        }));
        const given: Statement[] = recordWords(results).map(({ value: result, word, bits }) => ({
          kind: "bulk",
          operation: `result${bits}`,
          immediates: [word],
          operands: [read(result)],
          target: undefined,
        }));
        const body: Statement[] = [
          ...(take ? taken : parameters.map((parameter) => assign(parameter, zeroOf(parameter)))),
          { kind: "call", callee, arguments: [read(at), ...parameters.map(read)], targets: results },
        ];
        if (given.length > 0)
          body.push({
            kind: "if",
            condition: apply("i32", "i32.eqz", [field("trap")]),
            results: [],
            whenTrue: given,
            whenFalse: [],
          });
        cases.push({ values: [value], body });
      };
      if (func.kind !== "dispatcher") callCase(2 * func.index, this.#fresh(member), true);
      if (resumed !== undefined) callCase(2 * func.index + 1, resumed, false);
    }
    const [some] = members as [Member];
    const label: Label = { name: "next" };
    const body: Statement[] = [
      assign(at, apply("i32", "i32.add", [read(position), trampolineFrame])),
      {
        kind: "loop",
        label,
        results: [],
        body: [
          {
            kind: "bulk",
            operation: "trampoline.next",
            immediates: [this.#trampoline],
            operands: [read(position), read(at)],
            target: next,
          },
          assign(at, field("position")),
          {
            kind: "if",
            condition: apply("i32", "i32.ne", [read(next), i32(stop)]),
            results: [],
            whenTrue: [...this.#dispatch(cases, at, next), { kind: "continue", label }],
            whenFalse: [],
          },
        ],
      },
      { kind: "return", values: [] },
    ];
    this.#insert(
      {
        kind: "trampoline",
        index: this.#trampoline,
        name: `wb_trampoline_${this.#trampoline}`,
        displayName: `trampoline of ${members.map(({ func }) => func.displayName).join(", ")}`,
        type: { parameters: [], results: [] },
        parameters: [position],
        variables,
        body,
        lowered: new Set(["bulk", "loop", "if", "switch", "call", "return"]),
        outOfLine: true,
      },
      some.func.index,
    );
  }

  /** A `switch`; of a large component one for each part of the cases, in a function of its own. */
  #dispatch(cases: readonly SwitchCase[], at: Local, next: Local): readonly Statement[] {
    if (cases.length <= mostCases) return [{ kind: "switch", index: read(next), cases, default: [] }];
    const calls: Statement[] = [];
    for (let first = 0; first < cases.length; first += mostCases) {
      const part = cases.slice(first, first + mostCases);
      const [low, high] = [part[0], part[part.length - 1]].map((item) => item?.values[0] as number) as [number, number];
      const index = this.#nextIndex++;
      this.#insert(
        {
          kind: "trampoline",
          index,
          name: `wb_trampoline_${this.#trampoline}_from_${low}`,
          displayName: `cases of a trampoline from ${low} on`,
          type: { parameters: ["i32", "i32"], results: [] },
          parameters: [at, next],
          variables: [],
          body: [
            { kind: "switch", index: read(next), cases: part, default: [] },
            { kind: "return", values: [] },
          ],
          lowered: new Set(["bulk", "if", "switch", "call", "return"]),
          outOfLine: true,
        },
        [...this.#members.keys()][0] as number,
      );
      calls.push({
        kind: "if",
        condition: apply("i32", "i32.le_u", [apply("i32", "i32.sub", [read(next), i32(low)]), i32(high - low)]),
        results: [],
        whenTrue: [{ kind: "call", callee: index, arguments: [read(at), read(next)], targets: [] }],
        whenFalse: [],
      });
    }
    return calls;
  }

  #makeEntry(func: IrFunction): void {
    const member = this.#members.get(func.index) as Member;
    const results = func.type.results.map((type, i): Local => ({ kind: "variable", type, name: `result${i}` }));
    const returned: Statement = { kind: "return", values: results.map(read) };
    const begin = apply("i32", "i32.add", [read(position), trampolineFrame]);
    const body: Statement[] = [
      {
        kind: "if",
        condition: apply("i32", "i32.eqz", [field("rewinding")]),
        results: [],
        whenTrue: [
          {
            kind: "call",
            callee: this.#fresh(member),
            arguments: [begin, ...func.parameters.map(read)],
            targets: results,
          },
          {
            kind: "if",
            condition: apply("i32", "i32.eqz", [field("trap")]),
            results: [],
            whenTrue: [returned],
            whenFalse: [],
          },
        ],
        whenFalse: [],
      },
      { kind: "call", callee: this.#trampoline, arguments: [read(position)], targets: [] },
      { kind: "propagateTrap", attribute: false, frame: undefined },
      ...callResults(results),
      returned,
    ];
    this.#insert(
      { ...func, parameters: [position, ...func.parameters], variables: results, body, lowered: new Set(["call"]) },
      func.index,
    );
  }
}

function zeroOf(local: Local): ReturnType<typeof i32> {
  return {
    kind: "constant",
    type: local.type,
    bits: local.type === "i64" || local.type === "f64" || local.type === "v128" ? 0n : 0,
    size: 1,
  };
}

/** The code of a level: nobody resumes it, so it has no guards. */
function straight(list: readonly Statement[], points: SuspendPoints, calls: CallLowering): Statement[] {
  const result: Statement[] = [];
  for (const statement of list) {
    if (!points.contains(statement)) result.push(statement);
    else if (statement.kind === "if" || statement.kind === "block" || statement.kind === "loop")
      result.push(mapLists(statement, (nested) => straight(nested, points, calls)));
    else result.push(...calls.lower(statement, points.frame(statement)).statements);
    // What would follow the request of a call runs in the resumed copy.
    if (result[result.length - 1]?.kind === "unwind") break;
  }
  return result;
}

/** Of one `switch` of a trampoline; a component can have thousands of functions. */
const mostCases = 64;

/** Statements of all levels together that a component may grow to. */
const levelBudget = 600;
const mostLevels = 8;
/** Bodies that inlining may make of one: level by level they multiply by the calls in each. NVRTC took 25 s for fib with all eight levels inlined. */
const mostBodies = 8;

function levelsOf(functions: readonly IrFunction[]): number {
  let statements = 0;
  for (const func of functions) visitStatements(func.body, () => statements++);
  return Math.min(mostLevels, Math.floor(levelBudget / statements));
}

function inlinedLevels(functions: readonly IrFunction[], component: readonly number[]): number {
  let calls = 1;
  for (const func of functions) {
    let own = 0;
    visitStatements(func.body, (statement) => {
      if (statement.kind === "call" && component.includes(statement.callee)) own++;
    });
    calls = Math.max(calls, own);
  }
  let levels = 1;
  for (let bodies = 1; levels < mostLevels; levels++) {
    bodies += calls ** levels;
    if (bodies > mostBodies) break;
  }
  return levels;
}
