/**
 * A function whose result is a sum over its recursion has one accumulator for all its activations: each adds what it has itself, calls return nothing, and
 * no frame holds a partial sum. That is exact because addition wraps: associative and commutative, and so are the other operations here. It needs every call's
 * result to count exactly once in the returned value, whatever path is taken, and to be used for nothing else; `weights` says so for each local at each point.
 */
import { apply, assign, constant, read, zero } from "../../ir/builder.ts";
import type { Expression, IrFunction, Label, Local, Statement } from "../../ir/module.ts";
import { visitAssigned, visitLocals, visitReads } from "../../ir/operands.ts";
import { forEachList, someStatement, visitStatements } from "../../ir/walk.ts";
import type { ValueType } from "../../wasm/module.ts";
import type { CallGraph, FunctionFacts } from "../callGraph.ts";
import { callsItself } from "./earlyReturns.ts";
import { tailCalls } from "./tailCalls.ts";

/** Larger functions are not asked: the analysis has a set of locals for each branch. */
const mostStatements = 500;

export function accumulators(func: IrFunction, graph: CallGraph): void {
  const facts = graph.facts.get(func.index) as FunctionFacts;
  if (func.kind !== "wasm" || !facts.onlyCallsItself) return;
  const [type, ...others] = func.type.results;
  if (others.length > 0 || (type !== "i32" && type !== "i64")) return;
  const operation = operationOn(func);
  if (operation === undefined) return;
  const local: Local = { kind: "variable", type, name: "accumulator" };
  const body = new Accumulation(func, local, operation).body();
  if (body === undefined) return;
  func.body = body;
  func.variables.push(local);
  func.accumulator = { local, identity: identityOf(operation) };
  tailCalls(func);
  const recursive = someStatement(func.body, (statement) => callsItself(func, statement));
  const callees = recursive ? facts.callees : new Set([...facts.callees].filter((callee) => callee !== func.index));
  graph.facts.set(func.index, { ...facts, callees, recursive, loops: recursive, sums: true });
  if (!recursive) {
    func.body.unshift(assign(local, identityOf(operation)));
    func.accumulator = undefined;
  }
}

const operations: ReadonlySet<string> = new Set(
  ["add", "mul", "and", "or", "xor"].flatMap((name) => [`i32.${name}`, `i64.${name}`]),
);

function identityOf(operation: string): Expression {
  const [type, name] = operation.split(".") as ["i32" | "i64", string];
  const value = name === "mul" ? 1n : name === "and" ? -1n : 0n;
  return constant(type, type === "i64" ? value : Number(value));
}

/** The one operation that takes results of the function's calls of itself, without a look at where they go from there: most recursions end here. */
function operationOn(func: IrFunction): string | undefined {
  let statements = 0;
  const results = new Set<Local>();
  visitStatements(func.body, (statement) => {
    statements++;
    if (callsItself(func, statement)) for (const target of statement.targets) results.add(target);
  });
  if (statements > mostStatements) return undefined;
  const found = new Set<string>();
  const look = (expression: Expression): void => {
    if (expression.kind !== "apply") return;
    for (const operand of expression.operands) {
      if (operand.kind === "local" && results.has(operand.local)) found.add(expression.operation);
      look(operand);
    }
  };
  visitStatements(func.body, (statement) => {
    if (statement.kind === "assign") look(statement.value);
    else if (statement.kind === "return") statement.values.forEach(look);
    else
      visitReads(statement, (local) => {
        if (results.has(local)) found.add(statement.kind);
      });
  });
  // All calls are in tail position.
  if (found.size === 0) return `${func.type.results[0]}.add`;
  const [operation] = found;
  return found.size === 1 && operations.has(operation as string) ? operation : undefined;
}

/**
 * How the returned value depends on what locals hold at a point: one that is in `once` counts exactly once as a term of it and for nothing else, one in `otherwise` in
 * some other way, the rest not at all. A point from where nothing returns (`dead`) knows nothing of the rest.
 */
interface Weights {
  readonly once: Set<Local>;
  readonly otherwise: Set<Local>;
  dead: boolean;
}

function copyOf(weights: Weights): Weights {
  return { once: new Set(weights.once), otherwise: new Set(weights.otherwise), dead: weights.dead };
}

function nowhere(): Weights {
  return { once: new Set(), otherwise: new Set(), dead: true };
}

function joined(a: Weights, b: Weights): Weights {
  const result = {
    once: new Set<Local>(),
    otherwise: new Set([...a.otherwise, ...b.otherwise]),
    dead: a.dead && b.dead,
  };
  const join = (one: Weights, other: Weights): void => {
    for (const local of one.once)
      if (!result.otherwise.has(local))
        (other.once.has(local) || other.dead ? result.once : result.otherwise).add(local);
  };
  join(a, b);
  join(b, a);
  for (const local of result.otherwise) result.once.delete(local);
  return result;
}

function sameWeights(a: Weights, b: Weights): boolean {
  const same = (one: ReadonlySet<Local>, other: ReadonlySet<Local>): boolean =>
    one.size === other.size && [...one].every((local) => other.has(local));
  return a.dead === b.dead && same(a.once, b.once) && same(a.otherwise, b.otherwise);
}

class Accumulation {
  readonly #func: IrFunction;
  readonly #sum: Local;
  readonly #operation: string;
  /** Where jumps to a label go: behind its block, or to its loop's header. */
  readonly #behind = new Map<Label, Weights>();
  readonly #headers = new Map<Label, Weights>();
  #failed = false;

  constructor(func: IrFunction, sum: Local, operation: string) {
    this.#func = func;
    this.#sum = sum;
    this.#operation = operation;
  }

  body(): Statement[] | undefined {
    const { body, parameters, variables } = this.#func;
    // All loops together, a round over the whole function each: loop by loop, nested ones would take exponentially many.
    for (let grew = true; grew; ) {
      const before = new Map(this.#headers);
      this.#list(body, nowhere(), undefined);
      grew = [...this.#headers].some(([label, weights]) => {
        const known = before.get(label);
        return known === undefined || !sameWeights(known, weights);
      });
    }
    const made: Statement[] = [];
    const entry = this.#list(body, nowhere(), made);
    if (this.#failed) return undefined;
    const zeroCounts = !this.#isIdentity(zero(this.#sum.type as ValueType));
    const initial = [...parameters, ...(zeroCounts ? variables : [])].filter((local) => entry.once.has(local));
    return [...initial.map((local) => this.#add(read(local))), ...made];
  }

  /** Weights before the list. `made`: the round that rewrites, and fails where a call's result is no term of the sum. */
  #list(list: readonly Statement[], after: Weights, made: Statement[] | undefined): Weights {
    const reversed: Statement[] = [];
    let weights = after;
    for (let i = list.length - 1; i >= 0; i--) {
      const statement = list[i] as Statement;
      weights = this.#statement(statement, weights, made === undefined ? undefined : reversed);
    }
    made?.push(...reversed.reverse());
    return weights;
  }

  #statement(statement: Statement, after: Weights, reversed: Statement[] | undefined): Weights {
    switch (statement.kind) {
      case "block": {
        this.#behind.set(statement.label, after);
        const body: Statement[] = [];
        const before = this.#list(statement.body, after, reversed && body);
        reversed?.push({ ...statement, body });
        return before;
      }
      case "loop": {
        this.#behind.set(statement.label, after);
        const body: Statement[] = [];
        const header = this.#headers.get(statement.label) ?? nowhere();
        const start = this.#list(statement.body, after, reversed && body);
        const before = joined(header, start);
        this.#headers.set(statement.label, before);
        if (reversed !== undefined && !sameWeights(before, start)) this.#failed = true;
        reversed?.push({ ...statement, body });
        return before;
      }
      case "if":
      case "switch":
        return this.#branch(statement, after, reversed);
      case "break":
        reversed?.push(statement);
        return this.#behind.get(statement.label) ?? nowhere();
      case "continue":
        reversed?.push(statement);
        return this.#headers.get(statement.label) ?? nowhere();
      case "trap":
        reversed?.push(statement);
        return nowhere();
      case "return": {
        const [value] = statement.values as [Expression];
        const before: Weights = { once: new Set(), otherwise: new Set(), dead: false };
        this.#terms(value, before);
        reversed?.push({ kind: "return", values: [read(this.#sum)] }, ...this.#addTerms(value, before));
        return before;
      }
      case "assign":
        return this.#assign(statement, after, reversed);
      default:
        return this.#other(statement, after, reversed);
    }
  }

  #branch(
    statement: Extract<Statement, { kind: "if" | "switch" }>,
    after: Weights,
    reversed: Statement[] | undefined,
  ): Weights {
    const arms: { readonly before: Weights; readonly body: Statement[] }[] = [];
    const arm = (list: readonly Statement[]): void => {
      const body: Statement[] = [];
      arms.push({ before: this.#list(list, after, reversed && body), body });
    };
    if (statement.kind === "if") {
      arm(statement.whenTrue);
      arm(statement.whenFalse);
    } else {
      for (const item of statement.cases) arm(item.body);
      arm(statement.default);
    }
    const before = copyOf(arms.map((item) => item.before).reduce(joined));
    visitReads(statement, (local) => readOtherwise(before, local));
    if (reversed === undefined) return before;
    // From here on it counts once, but not on all ways: it is added now.
    const bodies = arms.map(({ before: own, body }) => [...this.#addNew(own, before), ...body]);
    reversed.push(
      statement.kind === "if"
        ? { ...statement, whenTrue: bodies[0] as Statement[], whenFalse: bodies[1] as Statement[] }
        : {
            ...statement,
            cases: statement.cases.map((item, i) => ({ ...item, body: bodies[i] as Statement[] })),
            default: bodies[bodies.length - 1] as Statement[],
          },
    );
    return before;
  }

  #assign(
    statement: Extract<Statement, { kind: "assign" }>,
    after: Weights,
    reversed: Statement[] | undefined,
  ): Weights {
    const { target, value } = statement;
    const before = without(after, [target]);
    if (after.once.has(target)) this.#terms(value, before);
    else if (after.otherwise.has(target)) visitLocals(value, (local) => readOtherwise(before, local));
    else return before;
    if (reversed === undefined) return before;
    if (after.once.has(target)) reversed.push(...this.#addTerms(value, before));
    else reversed.push(statement);
    reversed.push(...this.#addNew(without(after, [target]), before));
    return before;
  }

  #other(statement: Statement, after: Weights, reversed: Statement[] | undefined): Weights {
    const assigned: Local[] = [];
    visitAssigned(statement, (local) => assigned.push(local));
    const before = without(after, assigned);
    visitReads(statement, (local) => readOtherwise(before, local));
    forEachList(statement, () => {
      this.#failed = true;
    });
    if (reversed === undefined) return before;
    if (callsItself(this.#func, statement)) {
      const [result] = statement.targets as [Local];
      const counts = after.once.has(result) || (after.dead && !after.otherwise.has(result));
      if (!counts) this.#failed = true;
      reversed.push({ ...statement, targets: [] });
    } else {
      for (const local of assigned) if (after.once.has(local)) reversed.push(this.#add(read(local)));
      reversed.push(statement);
    }
    // Before a call: behind it they would be in its frame.
    reversed.push(...this.#addNew(without(after, assigned), before));
    return before;
  }

  /** The value is added to what is returned. */
  #terms(value: Expression, weights: Weights): void {
    if (value.kind === "apply" && value.operation === this.#operation)
      for (const operand of value.operands) this.#terms(operand, weights);
    else if (value.kind !== "local") visitLocals(value, (local) => readOtherwise(weights, local));
    else if (weights.once.has(value.local)) readOtherwise(weights, value.local);
    else if (!weights.otherwise.has(value.local)) weights.once.add(value.local);
  }

  /** Adds the terms but those that have been added before, where they got their value or where they began to count once. */
  #addTerms(value: Expression, before: Weights): Statement[] {
    const terms: Expression[] = [];
    const collect = (term: Expression): void => {
      if (term.kind === "apply" && term.operation === this.#operation) term.operands.forEach(collect);
      else if (!(term.kind === "local" && before.once.has(term.local)) && !this.#isIdentity(term)) terms.push(term);
    };
    collect(value);
    if (terms.length === 0) return [];
    return [this.#add(terms.reduce((a, b) => apply(this.#sum.type, this.#operation, [a, b])))];
  }

  #isIdentity(value: Expression): boolean {
    const identity = identityOf(this.#operation);
    return value.kind === "constant" && identity.kind === "constant" && value.bits === identity.bits;
  }

  #addNew(after: Weights, before: Weights): Statement[] {
    return [...after.once].filter((local) => !before.once.has(local)).map((local) => this.#add(read(local)));
  }

  #add(value: Expression): Statement {
    return assign(this.#sum, apply(this.#sum.type, this.#operation, [read(this.#sum), value]));
  }
}

function readOtherwise(weights: Weights, local: Local): void {
  weights.once.delete(local);
  weights.otherwise.add(local);
}

function without(weights: Weights, locals: readonly Local[]): Weights {
  const result = copyOf(weights);
  for (const local of locals) {
    result.once.delete(local);
    result.otherwise.delete(local);
  }
  return result;
}
