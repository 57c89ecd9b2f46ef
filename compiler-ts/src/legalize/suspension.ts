/**
 * An instance can stop at known points and go on in a later launch (docs/kernel-abi.md, Suspension). Points are checkpoints, where fuel runs out, and calls of
 * functions that have points themselves. Unwinding, each active function pushes a frame with its point and the locals that are live there, innermost first.
 * Rewinding, each function takes its frame back and reaches its point through its normal code, with a guard around what has already run: points are numbered in
 * program order, so a guard is one comparison with `resume`, 0 in normal execution. What lies behind the last point of a list needs none, hence an innermost
 * loop carries nothing but its checkpoint.
 */
import { apply, assign, field, i32, read } from "../ir/builder.ts";
import type { Expression, IrFunction, IrModule, Local, Statement } from "../ir/module.ts";
import { mapLists, nestedLists, visitStatements } from "../ir/walk.ts";
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { CallGraph } from "./callGraph.ts";
import { Liveness } from "./liveness.ts";

export function suspension(module: IrModule, graph: CallGraph): void {
  for (const func of module.functions.values())
    if (graph.facts.get(func.index)?.usesFuel === true) new Suspension(func, graph).run();
}

class Suspension {
  readonly #func: IrFunction;
  readonly #resume: Local = { kind: "variable", type: "i32", name: "resume" };
  readonly #isPoint: (statement: Statement) => boolean;
  readonly #containing = new WeakSet<Statement>();
  readonly #savedAt: (readonly Local[])[] = [];
  #liveness: Liveness | undefined;
  /** Bound of each guard made. */
  readonly #guards = new Map<Statement, number>();
  /** Number of the last point met. */
  #last = 0;

  constructor(func: IrFunction, graph: CallGraph) {
    this.#func = func;
    const suspends = (statement: Statement): boolean =>
      statement.kind === "call" && graph.facts.get(statement.callee)?.usesFuel === true;
    this.#isPoint =
      func.kind === "dispatcher"
        ? (statement) => statement.kind === "switch" && statement.cases.some((item) => item.body.some(suspends))
        : (statement) => statement.kind === "checkpoint" || suspends(statement);
  }

  run(): void {
    const func = this.#func;
    // Copies of the instance's fields are taken afresh in each launch, and taken first.
    const start = func.body.findIndex((statement) => statement.kind !== "assign" || statement.value.kind !== "field");
    const prologue = func.body.slice(0, start);
    const code = func.body.slice(start);
    const fresh = new Set(prologue.flatMap((statement) => (statement.kind === "assign" ? [statement.target] : [])));
    this.#liveness = new Liveness({ ...func, body: code }, fresh, this.#isPoint);
    this.#makeVariables(code, fresh);
    this.#markContaining(code);
    const body = this.#list(code);
    const most = Math.max(0, ...this.#savedAt.map(wordsOfAll));
    func.variables.push(this.#resume);
    func.body = [...prologue, ...this.#room(most), this.#restore(), ...body];
  }

  /** A guard is a scope: temporaries that live across it, and results of constructs inside it, belong to the function. */
  #makeVariables(code: readonly Statement[], fresh: ReadonlySet<Local>): void {
    const known = new Set(this.#func.variables);
    const declare = (local: Local): void => {
      if (fresh.has(local) || known.has(local) || local.kind === "parameter") return;
      known.add(local);
      if (local.kind === "temporary") local.kind = "variable";
      this.#func.variables.push(local);
    };
    visitStatements(code, (statement) => {
      switch (statement.kind) {
        case "assign":
        case "load":
          declare(statement.target);
          break;
        case "call":
          statement.targets.forEach(declare);
          break;
        case "bulk":
          if (statement.target !== undefined) declare(statement.target);
          break;
        case "block":
        case "loop":
        case "if":
          statement.results.forEach(declare);
          break;
        default:
          break;
      }
    });
  }

  #markContaining(list: readonly Statement[]): boolean {
    let any = false;
    for (const statement of list) {
      let contains = this.#isPoint(statement);
      for (const nested of nestedLists(statement)) if (this.#markContaining(nested)) contains = true;
      if (contains) this.#containing.add(statement);
      any ||= contains;
    }
    return any;
  }

  /** The first launch of each function traps where frames of all its points could not be pushed: whether it does must not depend on where fuel runs out. */
  #room(words: number): Statement[] {
    const conditions = [apply("i32", "i32.eqz", [field("depth")])];
    if (words > 0) conditions.push(apply("i32", "i32.lt_u", [field("values_left"), i32(words)]));
    return conditions.map((condition) => ({ kind: "trapIf", condition, trap: "call stack exhausted" }));
  }

  #restore(): Statement {
    const pop: Statement = { kind: "bulk", operation: "frame.pop", immediates: [], operands: [], target: this.#resume };
    // Points with the same values share a case.
    const cases = new Map<string, { values: number[]; body: Statement[] }>();
    this.#savedAt.forEach((locals, i) => {
      const key = locals.map((local) => local.name).join(" ");
      const known = cases.get(key);
      if (known === undefined) cases.set(key, { values: [i + 1], body: restoring(locals) });
      else known.values.push(i + 1);
    });
    const [first, ...others] = [...cases.values()].filter(({ body }) => body.length > 0);
    const whenTrue: Statement[] = [pop];
    if (first !== undefined && cases.size === 1) whenTrue.push(...first.body);
    else if (first !== undefined)
      whenTrue.push({ kind: "switch", index: read(this.#resume), cases: [first, ...others], default: [] });
    return { kind: "if", condition: field("rewinding"), results: [], whenTrue, whenFalse: [] };
  }

  /** Behind the last point of the list, nothing can be skipped: `resume` is 0 there. */
  #list(list: readonly Statement[]): Statement[] {
    const result: Statement[] = [];
    let lastContaining = list.length - 1;
    while (lastContaining >= 0 && !this.#containing.has(list[lastContaining] as Statement)) lastContaining--;
    let plain: Statement[] = [];
    const flush = (): void => {
      if (plain.length > 0) this.#unlessPassed(plain, result);
      plain = [];
    };
    list.forEach((statement, i) => {
      if (i > lastContaining) result.push(this.#withoutResults(statement));
      else if (!this.#containing.has(statement)) plain.push(this.#withoutResults(statement));
      else {
        flush();
        const changed = this.#containingStatement(statement);
        if (i < lastContaining) this.#unlessPassed(changed, result);
        else result.push(...changed);
      }
    });
    return result;
  }

  /** What belongs to points up to `#last` runs normally, and when one of them is resumed. */
  #unlessPassed(body: Statement[], result: Statement[]): void {
    // Directly behind a guard with the same bound: if that one held, `resume` has not grown since.
    const before = result[result.length - 1];
    if (before !== undefined && this.#guards.get(before) === this.#last && before.kind === "if") {
      before.whenTrue.push(...body);
      return;
    }
    const condition: Expression =
      this.#last === 0
        ? apply("i32", "i32.eqz", [read(this.#resume)])
        : apply("i32", "i32.le_u", [read(this.#resume), i32(this.#last)]);
    const guard: Statement = { kind: "if", condition, results: [], whenTrue: body, whenFalse: [] };
    this.#guards.set(guard, this.#last);
    result.push(guard);
  }

  #withoutResults(statement: Statement): Statement {
    const inner = mapLists(statement, (nested) => nested.map((item) => this.#withoutResults(item)));
    return inner.kind === "block" || inner.kind === "loop" || inner.kind === "if" ? { ...inner, results: [] } : inner;
  }

  #containingStatement(statement: Statement): Statement[] {
    if (statement.kind === "checkpoint") return this.#checkpoint(statement);
    if (statement.kind === "call") return this.#call(statement, [statement]);
    if (statement.kind === "switch") return this.#call(statement, [statement]);
    if (statement.kind === "if") return [this.#if(statement)];
    if (statement.kind === "block" || statement.kind === "loop")
      return [{ ...statement, results: [], body: this.#list(statement.body) }];
    throw new Error(`${this.#func.name}: a suspend point inside "${statement.kind}"`);
  }

  /** Resumed, the arm that holds the point is entered whatever the condition would be now. */
  #if(statement: Extract<Statement, { kind: "if" }>): Statement {
    const before = this.#last;
    const whenTrue = this.#list(statement.whenTrue);
    const lastOfFirst = this.#last;
    const whenFalse = this.#list(statement.whenFalse);
    const resumed =
      lastOfFirst === before
        ? i32(0)
        : this.#last === lastOfFirst
          ? i32(1)
          : apply("i32", "i32.le_u", [read(this.#resume), i32(lastOfFirst)]);
    const condition = apply("i32", "select", [
      statement.condition,
      resumed,
      apply("i32", "i32.eqz", [read(this.#resume)]),
    ]);
    return { kind: "if", condition, results: [], whenTrue, whenFalse };
  }

  #checkpoint(statement: Extract<Statement, { kind: "checkpoint" }>): Statement[] {
    const save = this.#save(statement);
    const exhausted: Statement = {
      kind: "if",
      condition: apply("i32", "i32.eqz", [read(statement.fuel)]),
      results: [],
      whenTrue: [
        { kind: "bulk", operation: "suspend", immediates: [this.#number()], operands: [], target: undefined },
        ...save,
      ],
      whenFalse: [],
    };
    return [
      exhausted,
      assign(this.#resume, i32(0)),
      assign(statement.fuel, apply("i32", "i32.sub", [read(statement.fuel), i32(1)])),
    ];
  }

  #call(point: Statement, calls: Statement[]): Statement[] {
    const save = this.#save(point);
    const words = wordsOfAll(this.#savedAt[this.#savedAt.length - 1] ?? []);
    const change = (name: "depth" | "values_left", operation: string, by: number): Statement[] =>
      by === 0 ? [] : [{ kind: "setField", field: name, value: apply("i32", operation, [field(name), i32(by)]) }];
    const take = (operation: "i32.sub" | "i32.add"): Statement[] => [
      ...change("depth", operation, 1),
      ...change("values_left", operation, words),
    ];
    return [
      ...take("i32.sub"),
      ...calls,
      { kind: "if", condition: field("suspension"), results: [], whenTrue: save, whenFalse: [] },
      ...take("i32.add"),
      assign(this.#resume, i32(0)),
    ];
  }

  /** Numbers the point, pushes its frame and ends the function. */
  #save(point: Statement): Statement[] {
    this.#last++;
    const locals = (this.#liveness as Liveness).at(point);
    this.#savedAt.push(locals);
    const values = places(locals).map(
      ({ local, word }): Statement => ({
        kind: "bulk",
        operation: `frame.save${bits(local)}`,
        immediates: [word],
        operands: [read(local)],
        target: undefined,
      }),
    );
    return [
      {
        kind: "bulk",
        operation: "frame.push",
        immediates: [this.#number(), this.#last, wordsOfAll(locals)],
        operands: [],
        target: undefined,
      },
      ...values,
      { kind: "unwind" },
    ];
  }

  #number(): number {
    return this.#func.kind === "wasm" ? this.#func.index : 0xffffffff;
  }
}

function restoring(locals: readonly Local[]): Statement[] {
  return places(locals).map(({ local, word }) => ({
    kind: "bulk",
    operation: `frame.restore${bits(local)}`,
    immediates: [word],
    operands: [],
    target: local,
  }));
}

function bits(local: Local): number {
  return wordsOf(local.type as ValueType) * 32;
}

function wordsOfAll(locals: readonly Local[]): number {
  return locals.reduce((sum, local) => sum + wordsOf(local.type as ValueType), 0);
}

function places(locals: readonly Local[]): { readonly local: Local; readonly word: number }[] {
  let word = 0;
  return locals.map((local) => {
    const place = { local, word };
    word += wordsOf(local.type as ValueType);
    return place;
  });
}
