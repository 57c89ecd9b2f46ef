/**
 * Functions too large for shader compilers, which are quadratic or worse in a function's size, hand parts of their code to functions of their own. A part is a run of
 * neighbouring statements of one list. It takes the values that it needs as parameters and returns those that are needed behind it; a jump out of it becomes
 * a result, which its caller turns into the jump. Innermost lists come first, so a part may hold calls of smaller ones, and any depth of code folds up.
 */
import { apply, assign, completes, i32, read } from "../ir/builder.ts";
import type { IrFunction, IrModule, Label, Local, Statement } from "../ir/module.ts";
import { visitAssigned, visitMentions } from "../ir/operands.ts";
import { forEachList, hasLists, mapLists, visitStatements } from "../ir/walk.ts";
import type { ValueType } from "../wasm/module.ts";
import { Liveness } from "./liveness.ts";
import { position } from "./suspension/suspendedCalls.ts";

/** Statements of a function that stays whole. Suspension and checks make about three lines of the text of each. */
export const largestFunction = 1000;
/** Parts are at most this large, relative to the largest function. */
const partShare = 0.4;
/** Where parts may begin, relative to a part. */
const unitShare = 0.125;
/** Parameters and results together. More would cost as many registers as the part saves. */
const mostValues = 32;
/** Exits that are told apart one by one, not by a `switch`. */
const fewExits = 3;

export function splitting(module: IrModule, largest: number): void {
  // Counting is for functions that can be large: a statement takes an instruction or more.
  for (const func of [...module.functions.values()])
    if ((func.instructions ?? func.body.length) > largest && statementsOf(func.body) > largest)
      new Splitting(module, func, largest).run();
}

/** Where a part may begin or end; stands in lists until the function is split. */
type Marker = Extract<Statement, { kind: "restore" }>;
type Jump = Extract<Statement, { kind: "break" | "continue" }>;

interface Exit {
  readonly code: number;
  readonly jump: Jump | "return";
}

class Splitting {
  readonly #module: IrModule;
  readonly #func: IrFunction;
  readonly #part: number;
  readonly #sizes = new WeakMap<Statement, number>();
  readonly #markers = new Set<Statement>();
  readonly #variables: Set<Local>;
  #liveness: Liveness | undefined;
  #parts = 0;

  constructor(module: IrModule, func: IrFunction, largest: number) {
    this.#module = module;
    this.#func = func;
    this.#part = Math.ceil(largest * partShare);
    this.#variables = new Set(func.variables);
  }

  run(): void {
    const marked = this.#mark(this.#func.body);
    this.#liveness = new Liveness(marked, this.#func.parameters, new Set(), (statement) =>
      this.#markers.has(statement),
    );
    this.#func.body = this.#withoutMarkers(this.#fold(marked));
    if (this.#parts === 0) return;
    this.#func.variables = [...this.#variables];
    this.#func.lowered = withParts(this.#func.lowered);
    this.#copyParameters();
  }

  /** One that a part has for a variable of its own is none any more: passes tell variables, which begin as zero, by their kind. */
  #copyParameters(): void {
    const func = this.#func;
    const copies: Statement[] = [];
    func.parameters = func.parameters.map((local) => {
      if (local.kind === "parameter") return local;
      const given: Local = { kind: "parameter", type: local.type, name: `${local.name}_given` };
      copies.push(assign(local, read(given)));
      func.variables.push(local);
      return given;
    });
    func.body = [...copies, ...func.body];
  }

  #size(statement: Statement): number {
    if (!hasLists(statement)) return this.#markers.has(statement) ? 0 : 1;
    let size = this.#sizes.get(statement);
    if (size === undefined) {
      size = 1;
      forEachList(statement, (list) => {
        size = (size as number) + this.#sizeOf(list);
      });
      this.#sizes.set(statement, size);
    }
    return size;
  }

  #sizeOf(list: readonly Statement[]): number {
    let size = 0;
    for (const statement of list) size += this.#size(statement);
    return size;
  }

  /** Markers go into lists that are too large for one part. */
  #mark(list: readonly Statement[]): Statement[] {
    if (this.#sizeOf(list) <= this.#part) return [...list];
    const unit = this.#part * unitShare;
    const marked: Statement[] = [];
    let size = unit;
    for (const statement of list) {
      const own = this.#size(statement);
      if (size + own > unit) {
        marked.push(this.#marker());
        size = 0;
      }
      size += own;
      marked.push(own > this.#part ? mapLists(statement, (nested) => this.#mark(nested)) : statement);
    }
    if (completes(list[list.length - 1])) marked.push(this.#marker());
    return marked;
  }

  #marker(): Marker {
    const marker: Marker = { kind: "restore", parts: [], position };
    this.#markers.add(marker);
    return marker;
  }

  #withoutMarkers(list: readonly Statement[]): Statement[] {
    return list.flatMap((statement) => {
      if (this.#markers.has(statement)) return [];
      return hasLists(statement) ? [mapLists(statement, (nested) => this.#withoutMarkers(nested))] : [statement];
    });
  }

  /** Parts are cut out of the list, and parts of their calls, until it is no larger than one, or until that does not help. */
  #fold(list: readonly Statement[]): Statement[] {
    let folded = list.map((statement) =>
      this.#size(statement) > this.#part ? mapLists(statement, (nested) => this.#fold(nested)) : statement,
    );
    for (let size = this.#sizeOf(folded); size > this.#part; ) {
      folded = this.#cut(folded);
      const smaller = this.#sizeOf(folded);
      if (smaller >= size) break;
      size = smaller;
    }
    return folded;
  }

  #cut(list: readonly Statement[]): Statement[] {
    const result: Statement[] = [];
    let run: Statement[] = [];
    let size = 0;
    const close = (behind: Statement | undefined): void => {
      const [start, ...statements] = run;
      if (start !== undefined) result.push(start, ...(this.#outline(start, statements, size, behind) ?? statements));
      run = [];
      size = 0;
    };
    for (const unit of this.#units(list)) {
      const own = this.#sizeOf(unit);
      // The marker at the end of the list is a unit without statements.
      if (size + own > this.#part || unit.length === 1) close(unit[0]);
      run.push(...(run.length === 0 ? unit : unit.slice(1)));
      size += own;
    }
    close(undefined);
    return result;
  }

  /** Each begins with its marker; the last may be a marker alone. */
  #units(list: readonly Statement[]): Statement[][] {
    const units: Statement[][] = [];
    for (const statement of list)
      if (this.#markers.has(statement)) units.push([statement]);
      else (units[units.length - 1] as Statement[]).push(statement);
    return units;
  }

  /** What takes the place of the statements; `undefined` where they stay. */
  #outline(
    start: Statement,
    statements: readonly Statement[],
    size: number,
    behind: Statement | undefined,
  ): readonly Statement[] | undefined {
    if (size > 2 * this.#part || size < this.#part * unitShare) return undefined;
    const liveness = this.#liveness as Liveness;
    const flow = flowOf(statements);
    const needed = new Set(behind === undefined ? [] : liveness.at(behind));
    for (const { jump } of flow.exits)
      if (jump !== "return") for (const local of liveness.behind(jump.label)) needed.add(local);
    const given = new Set(liveness.at(start));
    const parameters = [...flow.mentioned].filter((local) => given.has(local));
    const results = [...flow.assigned].filter((local) => needed.has(local));
    if (parameters.length + results.length > mostValues) return undefined;
    return this.#makePart(statements, flow, parameters, results);
  }

  #makePart(
    statements: readonly Statement[],
    flow: Flow,
    parameters: readonly Local[],
    results: readonly Local[],
  ): readonly Statement[] {
    const number = this.#parts++;
    const exit: Local = { kind: "variable", type: "i32", name: `exit${number}` };
    const returned = flow.exits.some(({ jump }) => jump === "return")
      ? this.#func.type.results.map((type, i): Local => ({ kind: "variable", type, name: `returned${number}_${i}` }))
      : [];
    const last = statements[statements.length - 1] as Statement;
    const told = flow.exits.length > (completes(last) ? 0 : 1);
    const given = [...(told ? [exit] : []), ...results, ...returned];
    // Their declarations are inside the part, or inside constructs of it: caller and part declare them themselves.
    const shared = new Set(given);
    for (const local of shared) {
      local.kind = "variable";
      if (!this.#func.parameters.includes(local)) this.#variables.add(local);
    }
    const end: Label = { name: `part${number}` };
    const inside = this.#withoutMarkers(statements).map((statement) => withoutResults(statement, shared));
    const body: Statement[] =
      flow.exits.length === 0
        ? inside
        : [
            {
              kind: "block",
              label: end,
              results: [],
              body: leaving(inside, flow, told ? exit : undefined, returned, end),
            },
          ];
    const traps = flow.exits.length === 0 && last.kind === "trap";
    if (!traps) body.push({ kind: "return", values: given.map(read) });
    const taken = new Set(parameters);
    const own = [...flow.mentioned, ...given].filter(
      (local) => !taken.has(local) && local.kind !== "temporary" && (shared.has(local) || !flow.declared.has(local)),
    );
    // The function's own parameters among them: `declarations` takes no parameter for a variable.
    for (const local of own) local.kind = "variable";
    const index = Math.max(...this.#module.functions.keys()) + 1;
    this.#module.functions.set(index, {
      kind: this.#func.kind,
      index,
      partOf: this.#func.index,
      outOfLine: true,
      name: `${this.#func.name}_part${number}`,
      displayName: `${this.#func.displayName}, part ${number}`,
      type: { parameters: parameters.map(typeOf), results: given.map(typeOf) },
      parameters,
      variables: [...new Set(own)],
      body,
      lowered: withParts(this.#func.lowered),
    });
    const call: Statement = { kind: "call", callee: index, arguments: parameters.map(read), targets: given };
    if (flow.exits.length === 0) return traps ? [call, last] : [call];
    // One statement, so that no part ends between the call and what follows from it.
    const label: Label = { name: `behind${number}` };
    const jumps = jumpsOf(flow.exits, exit, returned, completes(last));
    return [{ kind: "block", label, results: [], body: [call, ...jumps] }];
  }
}

interface Flow {
  readonly mentioned: ReadonlySet<Local>;
  readonly assigned: ReadonlySet<Local>;
  /** Results of constructs in the part. */
  readonly declared: ReadonlySet<Local>;
  readonly labels: ReadonlySet<Label>;
  readonly exits: readonly Exit[];
}

function flowOf(statements: readonly Statement[]): Flow {
  const mentioned = new Set<Local>();
  const assigned = new Set<Local>();
  const declared = new Set<Local>();
  const labels = new Set<Label>();
  const exits: Exit[] = [];
  visitStatements(statements, (statement) => {
    visitMentions(statement, (local) => mentioned.add(local));
    visitAssigned(statement, (local) => assigned.add(local));
    if (statement.kind === "block" || statement.kind === "loop") labels.add(statement.label);
    if (statement.kind === "block" || statement.kind === "loop" || statement.kind === "if")
      for (const local of statement.results) declared.add(local);
    const jump = isJump(statement) ? statement : statement.kind === "return" ? "return" : undefined;
    if (jump === undefined || (jump !== "return" && labels.has(jump.label))) return;
    if (!exits.some((known) => isSame(known.jump, jump))) exits.push({ code: exits.length + 1, jump });
  });
  return { mentioned, assigned, declared, labels, exits };
}

function isJump(statement: Statement): statement is Jump {
  return statement.kind === "break" || statement.kind === "continue";
}

function isSame(a: Exit["jump"], b: Exit["jump"]): boolean {
  return a === b || (a !== "return" && b !== "return" && a.kind === b.kind && a.label === b.label);
}

/** Jumps out of the part, and returns, leave their exit's code behind. */
function leaving(
  list: readonly Statement[],
  flow: Flow,
  exit: Local | undefined,
  returned: readonly Local[],
  end: Label,
): Statement[] {
  return list.flatMap((statement) => {
    if (isJump(statement) && flow.labels.has(statement.label)) return [statement];
    if (!isJump(statement) && statement.kind !== "return")
      return [mapLists(statement, (nested) => leaving(nested, flow, exit, returned, end))];
    const jump = isJump(statement) ? statement : "return";
    const { code } = flow.exits.find((known) => isSame(known.jump, jump)) as Exit;
    const values = statement.kind === "return" ? statement.values : [];
    return [
      ...values.map((value, i) => assign(returned[i] as Local, value)),
      ...(exit === undefined ? [] : [assign(exit, i32(code))]),
      { kind: "break", label: end },
    ];
  });
}

/** What the caller does with the exit that a part took, 0 where it took none. */
function jumpsOf(exits: readonly Exit[], exit: Local, returned: readonly Local[], completing: boolean): Statement[] {
  const returnStatement: Statement = { kind: "return", values: returned.map(read) };
  // Nothing returns from inside a `switch`: it comes first.
  const ordered = [...exits].sort((a, b) => Number(b.jump === "return") - Number(a.jump === "return"));
  const last = completing ? undefined : ordered.pop();
  const separate = ordered.length > fewExits ? ordered.filter(({ jump }) => jump === "return") : ordered;
  const jumps = separate.map(
    ({ code, jump }): Statement => ({
      kind: "if",
      condition: apply("i32", "i32.eq", [read(exit), i32(code)]),
      results: [],
      whenTrue: [jump === "return" ? returnStatement : jump],
      whenFalse: [],
    }),
  );
  const cases = ordered.flatMap(({ code, jump }) =>
    separate.length === ordered.length || jump === "return" ? [] : [{ values: [code], body: [jump] }],
  );
  if (cases.length > 0) jumps.push({ kind: "switch", index: read(exit), cases, default: [] });
  if (last !== undefined) jumps.push(last.jump === "return" ? returnStatement : last.jump);
  return jumps;
}

function withoutResults(statement: Statement, shared: ReadonlySet<Local>): Statement {
  if (!hasLists(statement)) return statement;
  const inner = mapLists(statement, (list) => list.map((nested) => withoutResults(nested, shared)));
  if (inner.kind !== "block" && inner.kind !== "loop" && inner.kind !== "if") return inner;
  return inner.results.some((local) => shared.has(local))
    ? { ...inner, results: inner.results.filter((local) => !shared.has(local)) }
    : inner;
}

function typeOf(local: Local): ValueType {
  return local.type as ValueType;
}

function withParts(lowered: IrFunction["lowered"]): IrFunction["lowered"] {
  return new Set([...lowered, "call", "block", "if", "switch", "return"]);
}

function statementsOf(list: readonly Statement[]): number {
  let statements = 0;
  visitStatements(list, () => statements++);
  return statements;
}
