/**
 * Calls of a function by itself that return nothing move behind what does not depend on them, into both arms of an `if` where that makes no further call; where
 * nothing is left to do but return, they become jumps to the function's start and take no frame. What moves before a call is computed from locals alone, which the
 * callee cannot see, so calls, traps and effects keep their order. An activation counts its jumps as the stack would count calls: an endless recursion is exhausted.
 */
import { apply, assign, field, i32, read, zero } from "../../ir/builder.ts";
import type { Expression, IrFunction, Label, Local, Statement } from "../../ir/module.ts";
import { visitLocals } from "../../ir/operands.ts";
import { breaksTo, mapLists, mayComplete, rewrite, someStatement } from "../../ir/walk.ts";
import type { ValueType } from "../../wasm/module.ts";
import { Liveness } from "../liveness.ts";
import { descends } from "./descents.ts";
import { callsItself, constantParameters } from "./earlyReturns.ts";

type Call = Extract<Statement, { kind: "call" }>;

/** The function has no values to return but those of its accumulator. */
export function tailCalls(func: IrFunction): void {
  new TailCalls(func).run();
}

class TailCalls {
  readonly #func: IrFunction;
  readonly #start: Label = { name: "start" };
  readonly #jumps: Local = { kind: "variable", type: "i32", name: "jumps" };
  /** Labels of blocks behind which the function returns. */
  readonly #returning = new Set<Label>();
  readonly #constant: ReadonlySet<Local>;
  #temporaries = 0;
  #jumped = false;

  constructor(func: IrFunction) {
    this.#func = func;
    this.#constant = constantParameters(func);
  }

  run(): void {
    const func = this.#func;
    const live = new Liveness(func.body, func.parameters, new Set(), () => false).atEntry;
    const own = live.filter((local) => local.kind !== "parameter" && local !== func.accumulator?.local);
    const body = this.#list(func.body, false);
    if (!this.#jumped) {
      func.body = body;
      return;
    }
    const zeros = own.map((local) => assign(local, zero(local.type as ValueType)));
    // With frames besides, deep recursions are exhausted by those. Without any, jumps are the only depth there is.
    const isSure = this.#hasCalls(body) && descends(body, this.#start, func.parameters);
    const counted = isSure ? without(body, this.#jumps) : [this.#exhausted(), ...body];
    if (!isSure) func.variables.push(this.#jumps);
    func.body = [{ kind: "loop", label: this.#start, results: [], body: [...zeros, ...counted] }];
    func.lowered = new Set([...func.lowered, "loop"]);
  }

  #hasCalls(body: readonly Statement[]): boolean {
    return someStatement(body, (item) => callsItself(this.#func, item));
  }

  /** Where an activation begins: a jump that moves before a call must not trap before it. */
  #exhausted(): Statement {
    const limit = apply("i32", "i32.and", [field("stack_limit"), i32(0x7fff)]);
    const condition = apply("i32", "i32.ge_u", [read(this.#jumps), limit]);
    return { kind: "trapIf", condition, trap: "call stack exhausted" };
  }

  /** `returns`: so does the function behind the list. From its end: a call can move behind all that calls after it have become. */
  #list(list: readonly Statement[], returns: boolean): Statement[] {
    let result: Statement[] = [];
    for (let i = list.length - 1; i >= 0; i--) {
      const statement = list[i] as Statement;
      if (callsItself(this.#func, statement)) result = this.#sink(statement, result, returns);
      else if (statement.kind === "break" && this.#returning.has(statement.label)) result = [this.#return()];
      else {
        const nested = this.#nested(statement, returnsBehind(list, i, returns));
        const isNeedless = nested.kind === "block" && !breaksTo(nested.body, nested.label);
        const items = isNeedless ? nested.body : [nested];
        result = mayComplete(items.at(-1)) ? [...items, ...result] : items;
      }
    }
    return result;
  }

  #nested(statement: Statement, returns: boolean): Statement {
    if (returns && (statement.kind === "block" || statement.kind === "loop")) this.#returning.add(statement.label);
    return mapLists(statement, (nested) => this.#list(nested, returns));
  }

  /** The call and what follows it in its list. */
  #sink(call: Call, rest: readonly Statement[], returns: boolean): Statement[] {
    const before: Statement[] = [];
    let sunk = call;
    let i = 0;
    for (; i < rest.length; i++) {
      const statement = rest[i] as Statement;
      if (statement.kind === "return") return [...before, ...this.#jump(sunk)];
      if (statement.kind === "assign" && !readsField(statement.value)) {
        if (sunk.arguments.some((value) => mentions(value, statement.target))) sunk = this.#bound(sunk, before);
        before.push(statement);
        continue;
      }
      if (statement.kind !== "if" || readsField(statement.condition)) break;
      const behind = returnsBehind(rest, i, returns);
      const { whenTrue, whenFalse } = statement;
      const endsTrue = endsIn(whenTrue, behind);
      if (!endsTrue && !endsIn(whenFalse, behind)) break;
      sunk = this.#bound(sunk, before);
      const [end, other] = endsTrue ? [whenTrue, whenFalse] : [whenFalse, whenTrue];
      const jump = this.#sink(sunk, end, behind);
      const isAll = other.length === 0 && i < rest.length - 1;
      const made = isAll ? [] : this.#sink(sunk, other, behind);
      before.push(
        endsTrue
          ? { ...statement, whenTrue: jump, whenFalse: made }
          : { ...statement, whenTrue: made, whenFalse: jump },
      );
      if (!isAll) return [...before, ...rest.slice(i + 1)];
    }
    if (i === rest.length && returns) return [...before, ...this.#jump(sunk)];
    return [...before, sunk, ...rest.slice(i)];
  }

  #jump(call: Call): Statement[] {
    this.#jumped = true;
    const before: Statement[] = [];
    const { parameters } = this.#func;
    const changed = parameters.filter((parameter) => !this.#constant.has(parameter));
    const bound = changed.length > 1 ? this.#bound(call, before) : call;
    return [
      ...before,
      ...changed.map((parameter) => assign(parameter, bound.arguments[parameters.indexOf(parameter)] as Expression)),
      assign(this.#jumps, apply("i32", "i32.add", [read(this.#jumps), i32(1)])),
      { kind: "continue", label: this.#start },
    ];
  }

  /** Its arguments as temporaries, as long as they are no longer read where they were. */
  #bound(call: Call, into: Statement[]): Call {
    const values = call.arguments.map((value, i): Expression => {
      const parameter = this.#func.parameters[i] as Local;
      if (
        value.kind === "constant" ||
        (value.kind === "local" && (value.local.kind === "temporary" || this.#constant.has(parameter)))
      )
        return value;
      const local: Local = { kind: "temporary", type: value.type, name: `sunk${this.#temporaries++}` };
      into.push(assign(local, value));
      return read(local);
    });
    return { ...call, arguments: values };
  }

  #return(): Statement {
    const { accumulator } = this.#func;
    return { kind: "return", values: accumulator === undefined ? [] : [read(accumulator.local)] };
  }
}

function without(list: Statement[], local: Local): Statement[] {
  return rewrite(list, (item) => (item.kind === "assign" && item.target === local ? [] : undefined));
}

/** Nothing is left but to compute and to return. */
function endsIn(list: readonly Statement[], returns: boolean): boolean {
  const last = list[list.length - 1];
  const computed = last?.kind === "return" ? list.slice(0, -1) : list;
  return (
    (last?.kind === "return" || returns) &&
    computed.every((statement) => statement.kind === "assign" && !readsField(statement.value))
  );
}

/** A callee may change it. */
function readsField(expression: Expression): boolean {
  return expression.kind === "field" || (expression.kind === "apply" && expression.operands.some(readsField));
}

function mentions(expression: Expression, local: Local): boolean {
  let any = false;
  visitLocals(expression, (mentioned) => {
    any ||= mentioned === local;
  });
  return any;
}

function returnsBehind(list: readonly Statement[], i: number, returns: boolean): boolean {
  const next = list[i + 1];
  return next === undefined ? returns : next.kind === "return";
}
