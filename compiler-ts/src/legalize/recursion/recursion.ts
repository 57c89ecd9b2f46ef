/**
 * Functions that can call themselves, directly or not, do not use the device's own stack. Each has copies: *levels*, which call the next level and so take the
 * last calls of a recursion, the most, as plain ones; the last level leaves its frame and asks for the call. The *resumed* copy goes on behind such a call. A
 * *trampoline* for the component makes the calls that are asked for, and resumes the frame below when one has ended. Who calls from outside sees the *entry*,
 * which has the function's index and tries a level before it turns to the trampoline.
 */
import { apply, field, read } from "../../ir/builder.ts";
import type { IrFunction, IrModule, Local, Statement } from "../../ir/module.ts";
import { mapLists, visitStatements } from "../../ir/walk.ts";
import type { CallGraph, FunctionFacts } from "../callGraph.ts";
import { resumableBody } from "../suspension/resumable.ts";
import { CallLowering, type CallTarget, calledPlain, callResults, position } from "../suspension/suspendedCalls.ts";
import { both, SuspendPoints } from "../suspension/suspendPoints.ts";
import { type Needs, plainTarget, pointTest, stackNeed, withCheck } from "../suspension/suspension.ts";
import { inlinedLevels, levelsOf } from "./levels.ts";
import { trampoline, trampolineFrame } from "./trampoline.ts";

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
    this.#makeTrampoline(members);
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

  #makeTrampoline(members: readonly Member[]): void {
    const [first] = members as [Member, ...Member[]];
    const made = trampoline(
      this.#trampoline,
      members.map((member) => ({ func: member.func, fresh: this.#fresh(member), resumed: member.resumed })),
      () => this.#nextIndex++,
    );
    for (const func of made) this.#insert(func, first.func.index);
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
