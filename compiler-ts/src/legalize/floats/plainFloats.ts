/**
 * On hardware that flushes subnormals each f32 operation is guarded (runtime/float32_flushing.metal). Here operations become their `plain` form, the hardware's
 * alone, wherever no guard is needed: because no operand and no result can be subnormal (magnitudes.ts), or because the value is *loose*, wrong at most where it
 * is tiny, and only added to what is too large to notice. A plain operation's NaN is any NaN, so nobody may see its bits. docs/numerics.md has the proofs.
 */
import { apply } from "../../ir/builder.ts";
import type { Expression, IrFunction, Label, Local, Statement } from "../../ir/module.ts";
import { mapExpressions, visitAssigned } from "../../ir/operands.ts";
import { visitStatements } from "../../ir/walk.ts";
import { comparison, product, quotient, root, sum, tiny, type Value, value } from "./floatRules.ts";
import { anyMagnitude, areEqual, either, type Magnitude, ofBits, ofInteger, ofRounded } from "./magnitudes.ts";
import { hasTypes, seenLocals, seesOperands } from "./seenBits.ts";

export function plainFloats(func: IrFunction): void {
  if (func.kind === "wasm" && hasTypes(func, ["f32"])) new PlainFloats(func).run();
}

/** Loops within so many others are looked at once: each one that is looked at repeatedly multiplies the work for those inside. */
const deepestLoop = 2;
/** After so many looks at a loop nothing is assumed of what it changes. */
const mostLooks = 4;

/** What is known of f32 locals; nothing of those that are missing. */
type State = Map<Local, Magnitude>;

class PlainFloats {
  readonly #func: IrFunction;
  readonly #seen: ReadonlySet<Local>;
  /** `undefined` where control does not come by. */
  #state: State | undefined = new Map();
  /** States at `break`s and `continue`s. */
  readonly #breaks = new Map<Label, State>();
  readonly #continues = new Map<Label, State>();
  #loops = 0;

  constructor(func: IrFunction) {
    this.#func = func;
    this.#seen = seenLocals(func);
  }

  run(): void {
    for (const local of this.#func.variables) if (local.type === "f32") this.#state?.set(local, ofBits(0));
    this.#func.body = this.#list(this.#func.body);
  }

  #list(list: Statement[]): Statement[] {
    let result: Statement[] | undefined;
    list.forEach((statement, i) => {
      const changed = this.#statement(statement);
      if (changed !== statement) result ??= list.slice(0, i);
      result?.push(changed);
    });
    return result ?? list;
  }

  #statement(statement: Statement): Statement {
    switch (statement.kind) {
      case "assign": {
        const { target, value } = statement;
        if (target.type !== "f32") break;
        const { expression, magnitude } = this.#float(value, this.#seen.has(target));
        this.#learn(target, magnitude);
        return expression === value ? statement : { ...statement, value: expression };
      }
      case "block": {
        const body = this.#list(statement.body);
        this.#state = meet(this.#state, this.#breaks.get(statement.label));
        this.#breaks.delete(statement.label);
        return body === statement.body ? statement : { ...statement, body };
      }
      case "loop":
        return this.#loop(statement);
      case "if": {
        const condition = this.#expression(statement.condition);
        const before = this.#state;
        this.#state = copy(before);
        const whenTrue = this.#list(statement.whenTrue);
        const after = this.#state;
        this.#state = copy(before);
        const whenFalse = this.#list(statement.whenFalse);
        this.#state = meet(after, this.#state);
        if (condition === statement.condition && whenTrue === statement.whenTrue && whenFalse === statement.whenFalse)
          return statement;
        return { ...statement, condition, whenTrue, whenFalse };
      }
      case "switch": {
        const index = this.#expression(statement.index);
        const before = this.#state;
        let after: State | undefined;
        const arm = (body: Statement[]): Statement[] => {
          this.#state = copy(before);
          const changed = this.#list(body);
          after = meet(after, this.#state);
          return changed;
        };
        const cases = statement.cases.map((item) => ({ ...item, body: arm(item.body) }));
        const changed = { ...statement, index, cases, default: arm(statement.default) };
        this.#state = after;
        return changed;
      }
      case "break":
        this.#leave(this.#breaks, statement.label);
        return statement;
      case "continue":
        this.#leave(this.#continues, statement.label);
        return statement;
    }
    const changed = mapExpressions(statement, (expression) => this.#expression(expression));
    visitAssigned(statement, (local) => {
      this.#state?.delete(local);
    });
    return changed;
  }

  #learn(local: Local, magnitude: Magnitude): void {
    if (areEqual(magnitude, anyMagnitude)) this.#state?.delete(local);
    else this.#state?.set(local, magnitude);
  }

  #leave(states: Map<Label, State>, label: Label): void {
    const state = meet(states.get(label), this.#state);
    if (state !== undefined) states.set(label, state);
    this.#state = undefined;
  }

  /** Assumes of an iteration what holds for the first one, and less where the loop's end contradicts, until it does not. */
  #loop(loop: Extract<Statement, { kind: "loop" }>): Statement {
    const { label } = loop;
    this.#loops++;
    let start = this.#state;
    if (this.#loops > deepestLoop) start = without(start, loop.body);
    for (let look = 0; ; look++) {
      this.#state = copy(start);
      this.#continues.delete(label);
      this.#breaks.delete(label);
      const body = this.#list(loop.body);
      const next = weakened(start, this.#continues.get(label), look);
      if (next !== start) {
        start = next;
        continue;
      }
      this.#loops--;
      this.#state = meet(this.#state, this.#breaks.get(label));
      this.#continues.delete(label);
      this.#breaks.delete(label);
      return body === loop.body ? loop : { ...loop, body };
    }
  }

  #expression(expression: Expression): Expression {
    if (expression.type === "f32") return this.#float(expression, true).expression;
    if (expression.kind !== "apply") return expression;
    const { operation, operands } = expression;
    const [first, second] = operands;
    if (first?.type === "f32" && second?.type === "f32" && comparisons.test(operation)) {
      return comparison(operation, this.#float(first, false), this.#float(second, false));
    }
    return this.#withOperands(expression, true);
  }

  /** The expression with its operands changed, whatever it does with them. */
  #withOperands(expression: Apply, seen: boolean): Expression {
    const operandsSeen = seesOperands(expression.operation, seen);
    let operands: Expression[] | undefined;
    expression.operands.forEach((operand, i) => {
      const changed =
        operand.type === "f32" ? this.#float(operand, operandsSeen).expression : this.#expression(operand);
      if (changed === operand) return;
      operands ??= [...expression.operands];
      operands[i] = changed;
    });
    return operands === undefined ? expression : apply(expression.type, expression.operation, operands);
  }

  #float(expression: Expression, seen: boolean): Value {
    switch (expression.kind) {
      case "constant":
        return value(expression, ofBits(expression.bits as number));
      case "local": {
        const { local } = expression;
        const magnitude = this.#state?.get(local) ?? anyMagnitude;
        return { expression, magnitude, loose: undefined, bound: { local, most: tiny } };
      }
      case "field":
        return value(expression, anyMagnitude);
      case "apply":
        return this.#applied(expression, seen);
    }
  }

  #applied(expression: Apply, seen: boolean): Value {
    const { operation } = expression;
    const [first, second, third] = expression.operands as [Expression, Expression, Expression];
    switch (operation) {
      case "f32.add":
      case "f32.sub":
        return sum(operation, this.#float(first, false), this.#float(second, false), seen);
      case "f32.mul":
        return product(this.#float(first, false), this.#float(second, false), seen);
      case "f32.div":
        return quotient(this.#float(first, false), this.#float(second, false), seen);
      case "f32.sqrt":
        return root(this.#float(first, false), seen);
      case "f32.abs":
      case "f32.neg": {
        const a = this.#float(first, seen);
        const { magnitude, bound } = a;
        const changed = (operand: Expression): Expression => apply("f32", operation, [operand]);
        const loose = a.loose && { expression: changed(a.loose.expression), below: a.loose.below };
        return { expression: changed(a.expression), magnitude, loose, bound };
      }
      case "f32.copysign": {
        const [a, b] = [this.#float(first, seen), this.#float(second, seen)];
        return value(apply("f32", operation, [a.expression, b.expression]), a.magnitude);
      }
      case "select": {
        const [a, b] = [this.#float(first, seen), this.#float(second, seen)];
        const changed = apply("f32", operation, [a.expression, b.expression, this.#expression(third)]);
        return value(changed, either(a.magnitude, b.magnitude));
      }
      case "f32.min":
      case "f32.max": {
        const [a, b] = [this.#float(first, false), this.#float(second, false)];
        return value(apply("f32", operation, [a.expression, b.expression]), either(a.magnitude, b.magnitude));
      }
      case "f32.ceil":
      case "f32.floor":
      case "f32.trunc":
      case "f32.nearest": {
        const a = this.#float(first, false);
        return value(apply("f32", operation, [a.expression]), ofRounded(a.magnitude));
      }
      case "f32.convert_i32_s":
      case "f32.convert_i32_u":
        return value(this.#withOperands(expression, seen), ofInteger(32));
      case "f32.convert_i64_s":
      case "f32.convert_i64_u":
        return value(this.#withOperands(expression, seen), ofInteger(64));
      default:
        return value(this.#withOperands(expression, seen), anyMagnitude);
    }
  }
}

type Apply = Extract<Expression, { kind: "apply" }>;

const comparisons = /^f32\.(?:eq|ne|lt|gt|le|ge)$/;

function copy(state: State | undefined): State | undefined {
  return state && new Map(state);
}

/** What holds wherever in the list control is. */
function without(state: State | undefined, list: readonly Statement[]): State | undefined {
  const rest = copy(state);
  visitStatements(list, (statement) => {
    visitAssigned(statement, (local) => {
      rest?.delete(local);
    });
  });
  return rest;
}

/** What holds in both. */
function meet(a: State | undefined, b: State | undefined): State | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const both: State = new Map();
  for (const [local, magnitude] of a) {
    const other = b.get(local);
    if (other !== undefined) both.set(local, either(magnitude, other));
  }
  return both;
}

/** `start` itself where it holds at the loop's end too. */
function weakened(start: State | undefined, end: State | undefined, look: number): State | undefined {
  if (start === undefined || end === undefined) return start;
  const weaker: State = new Map();
  let isWeaker = false;
  for (const [local, before] of start) {
    const after = end.get(local);
    const both = after === undefined ? undefined : either(before, after);
    if (both !== undefined && areEqual(both, before)) weaker.set(local, before);
    else {
      isWeaker = true;
      // Sums grow in every iteration, products shrink as well.
      if (both !== undefined && look === 0) weaker.set(local, both.most > before.most ? { ...both, most: 128 } : both);
    }
  }
  if (!isWeaker) return start;
  return look < mostLooks ? weaker : new Map();
}
