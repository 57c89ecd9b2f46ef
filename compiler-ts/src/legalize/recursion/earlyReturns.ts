/**
 * Where a function calls itself, what the call would do first is done in its place; a call that would return right there is not made. The leaves of a recursion
 * are most of its calls, and each would take a frame to find that there is nothing to do. Only what computes is repeated: the copy gives up where the function
 * would read or write memory, call, loop or trap, and the call is made after all.
 */
import { assign, read, zero } from "../../ir/builder.ts";
import type { Expression, IrFunction, Label, Local, Statement } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";
import { rewrite, visitStatements } from "../../ir/walk.ts";
import type { ValueType } from "../../wasm/module.ts";
import type { CallGraph } from "../callGraph.ts";

/** Statements of a copy, and copies in a function. */
const mostStatements = 24;
const mostCopies = 4;

export function earlyReturns(func: IrFunction, graph: CallGraph): void {
  if (graph.facts.get(func.index)?.callees.has(func.index) !== true || func.kind !== "wasm") return;
  if (func.accumulator !== undefined) return;
  const { body } = func;
  let calls = 0;
  visitStatements(body, (statement) => {
    if (callsItself(func, statement)) calls++;
  });
  const constant = constantParameters(func);
  if (calls > mostCopies || !isWorthACopy(new Copy(func, constant, 0).beginning(body))) return;
  let copies = 0;
  func.body = rewrite(body, (statement) =>
    statement.kind === "call" && callsItself(func, statement)
      ? new Copy(func, constant, copies++).before(statement)
      : undefined,
  );
  func.lowered = new Set([...func.lowered, "block"]);
}

/** Parameters that nothing assigns and every call of the function by itself passes on: no frame needs them. */
export function constantParameters(func: IrFunction): ReadonlySet<Local> {
  const constant = new Set(func.parameters);
  visitStatements(func.body, (statement) => {
    visitAssigned(statement, (local) => constant.delete(local));
    if (statement.kind !== "call" || statement.callee !== func.index) return;
    statement.arguments.forEach((value, i) => {
      const parameter = func.parameters[i] as Local;
      if (value.kind !== "local" || value.local !== parameter) constant.delete(parameter);
    });
  });
  return constant;
}

export function callsItself(func: IrFunction, statement: Statement): statement is Extract<Statement, { kind: "call" }> {
  return statement.kind === "call" && statement.callee === func.index;
}

function isWorthACopy(beginning: readonly Statement[]): boolean {
  let statements = 0;
  let returns = 0;
  visitStatements(beginning, (statement) => {
    statements++;
    if (statement.kind === "break" && statement.label.name === returnedLabel) returns++;
  });
  return returns > 0 && statements <= mostStatements;
}

const returnedLabel = "returned_early";

class Copy {
  readonly #func: IrFunction;
  readonly #suffix: string;
  readonly #returned: Label = { name: returnedLabel };
  readonly #givesUp: Label = { name: "gives_up" };
  readonly #labels = new Map<Label, Label>();
  readonly #locals = new Map<Local, Local>();
  readonly #results: readonly Local[];

  /** `constant` parameters need no copies. */
  constructor(func: IrFunction, constant: ReadonlySet<Local>, number: number) {
    this.#func = func;
    for (const parameter of constant) this.#locals.set(parameter, parameter);
    this.#suffix = `early${number}`;
    this.#results = func.type.results.map((type, i) => ({
      kind: "variable",
      type,
      name: `result${i}_${this.#suffix}`,
    }));
  }

  before(call: Extract<Statement, { kind: "call" }>): Statement[] {
    const { parameters, body, variables } = this.#func;
    const copies = parameters.map((parameter) => this.#local(parameter));
    const beginning = this.beginning(body);
    // What the beginning changes, the call that is made after all must not get changed.
    const changed = new Set<Local>();
    visitStatements(beginning, (statement) => visitAssigned(statement, (local) => changed.add(local)));
    const taken: Statement[] = [];
    const given = copies.map((copy, i): Local => {
      if (copy === parameters[i]) return copy;
      const value = call.arguments[i] as Expression;
      if (!changed.has(copy)) {
        taken.push(assign(copy, value));
        return copy;
      }
      const argument: Local = { kind: "variable", type: copy.type, name: `${copy.name}_argument` };
      variables.push(argument);
      taken.push(assign(argument, value), assign(copy, read(argument)));
      return argument;
    });
    const own = [...this.#locals].filter(([local]) => local.kind === "variable");
    const zeros = own.map(([, local]) => assign(local, zero(local.type as ValueType)));
    variables.push(...this.#results);
    for (const local of this.#locals.values()) if (local.kind === "variable") variables.push(local);
    const made: Statement = { ...call, arguments: given.map(read), targets: this.#results };
    return [
      ...taken,
      ...zeros,
      {
        kind: "block",
        label: this.#returned,
        results: [],
        body: [{ kind: "block", label: this.#givesUp, results: [], body: beginning }, made],
      },
      ...call.targets.map((target, i) => assign(target, read(this.#results[i] as Local))),
    ];
  }

  beginning(list: readonly Statement[]): Statement[] {
    const copy: Statement[] = [];
    for (const statement of list) {
      copy.push(...this.#statement(statement));
      const last = copy[copy.length - 1];
      if (last?.kind === "break") break;
    }
    return copy;
  }

  #statement(statement: Statement): Statement[] {
    switch (statement.kind) {
      case "assign":
        return [assign(this.#local(statement.target), this.#expression(statement.value))];
      case "block":
        return [
          {
            kind: "block",
            label: this.#label(statement.label),
            results: this.#all(statement.results),
            body: this.beginning(statement.body),
          },
        ];
      case "if":
        return [
          {
            kind: "if",
            condition: this.#expression(statement.condition),
            results: this.#all(statement.results),
            whenTrue: this.beginning(statement.whenTrue),
            whenFalse: this.beginning(statement.whenFalse),
          },
        ];
      case "break":
        return [{ kind: "break", label: this.#label(statement.label) }];
      case "return":
        return [
          ...statement.values.map((value, i) => assign(this.#results[i] as Local, this.#expression(value))),
          { kind: "break", label: this.#returned },
        ];
      default:
        return [{ kind: "break", label: this.#givesUp }];
    }
  }

  #all(locals: readonly Local[]): Local[] {
    return locals.map((local) => this.#local(local));
  }

  #label(label: Label): Label {
    let copy = this.#labels.get(label);
    if (copy === undefined) {
      copy = { name: `${label.name}_${this.#suffix}` };
      this.#labels.set(label, copy);
    }
    return copy;
  }

  #local(local: Local): Local {
    let copy = this.#locals.get(local);
    if (copy === undefined) {
      const kind = local.kind === "parameter" ? "variable" : local.kind;
      copy = { kind, type: local.type, name: `${local.name}_${this.#suffix}` };
      this.#locals.set(local, copy);
    }
    return copy;
  }

  #expression(expression: Expression): Expression {
    switch (expression.kind) {
      case "local":
        return read(this.#local(expression.local));
      case "apply":
        return { ...expression, operands: expression.operands.map((operand) => this.#expression(operand)) };
      default:
        return expression;
    }
  }
}
