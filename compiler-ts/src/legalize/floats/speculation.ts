/**
 * Guarded f32 operations that follow each other are computed on the hardware all at once and tested together: `is_unsure` looks at the least of the results that
 * flushing could have touched. Where it could have touched one, all are done again one by one, out of line. One branch for many, and nothing is alive across calls
 * that hardly ever happen. docs/numerics.md says which results need the test.
 */
import { apply, assign, read } from "../../ir/builder.ts";
import type { Expression, IrFunction, Local, Statement } from "../../ir/module.ts";
import { mentions } from "../../ir/operands.ts";
import { hasLists, mapLists } from "../../ir/walk.ts";
import { isNeverSubnormal, largest, ofBits } from "./magnitudes.ts";
import { hasTypes } from "./seenBits.ts";

export function speculation(func: IrFunction): void {
  if (func.kind === "wasm" && hasTypes(func, ["f32"])) new Speculation(func).run();
}

/** Tests of one run of statements: what it computes is alive until then. */
const mostTests = 24;

/**
 * What the use of a value asks for. `exact`: the value. `addend`: it, or anything of at most 2^-126 where that is the value's size as well. `factor`: it, or a zero,
 * or a NaN: the product is tested.
 */
type Need = "exact" | "addend" | "factor";

type Assign = Extract<Statement, { kind: "assign" }>;
type Read = Extract<Expression, { kind: "local" }>;
type Load = Extract<Statement, { kind: "load" }>;

/** Statements that are done at once. */
class Run {
  /** As they were. */
  readonly originals: (Assign | Load)[] = [];
  /** What comes before the test. */
  readonly fast: Statement[] = [];
  readonly tested: Expression[] = [];
  /** Never subnormal where the test does not fail. */
  readonly normal = new Set<Local>();
  /** What each local has become. */
  readonly values = new Map<Local, Expression>();
  /** Results that no other result is made of: a NaN is in one of them. */
  readonly ends = new Set<Local>();
  guards = 0;
}

class Speculation {
  readonly #func: IrFunction;
  #next = 0;

  constructor(func: IrFunction) {
    this.#func = func;
  }

  run(): void {
    this.#func.body = this.#list(this.#func.body);
  }

  #list(list: Statement[]): Statement[] {
    const result: Statement[] = [];
    let run = new Run();
    const end = (): void => {
      this.#end(run, result);
      run = new Run();
    };
    for (const statement of list) {
      if (
        statement.kind === "load" &&
        statement.target.kind === "temporary" &&
        !mentions(statement.address, run.values)
      ) {
        run.originals.push(statement);
        run.fast.push(statement);
        continue;
      }
      if (statement.kind !== "assign" || statement.target.type !== "f32") {
        end();
        result.push(hasLists(statement) ? mapLists(statement, (inner) => this.#list(inner)) : statement);
        continue;
      }
      if (run.tested.length >= mostTests || losesNan(statement.value, run.values)) end();
      run.originals.push(statement);
      const value = this.#fast(statement.value, "exact", run);
      const kept = isSettled(value) ? value : this.#keep(value, run);
      run.values.set(statement.target, kept);
      if (kept.kind === "local") run.ends.add(kept.local);
    }
    end();
    return result;
  }

  /** Puts out what a run has become; as it was where that has one guard. */
  #end(run: Run, result: Statement[]): void {
    if (run.guards < 2) {
      result.push(...run.originals);
      return;
    }
    const [first, ...more] = run.tested as [Expression, ...Expression[]];
    const least = more.reduce((a, b) => apply("f32", "f32.lesser", [b, a]), first);
    const ends = [...run.ends].map(read);
    const sum = ends.reduce((a, b) => apply("f32", "f32.add.plain", [a, b]));
    const whenTrue: Statement[] = [];
    const whenFalse: Statement[] = [];
    for (const statement of run.originals) {
      if (statement.kind === "assign") whenTrue.push(assign(statement.target, outOfLine(statement.value)));
    }
    for (const [local, value] of run.values) {
      whenFalse.push(assign(local, value));
      // Both arms assign it.
      if (local.kind !== "temporary") continue;
      local.kind = "variable";
      this.#func.variables.push(local);
    }
    const condition = apply("i32", "f32.is_unsure", [least, sum]);
    result.push(...run.fast, { kind: "if", condition, results: [], whenTrue, whenFalse });
  }

  /** The expression on the hardware. */
  #fast(expression: Expression, need: Need, run: Run): Expression {
    if (expression.kind === "local") {
      const value = run.values.get(expression.local);
      if (value?.kind === "local") run.ends.delete(value.local);
      return value ?? expression;
    }
    if (expression.kind !== "apply") return expression;
    const { operation } = expression;
    const [a, b] = expression.operands as [Expression, Expression];
    switch (operation) {
      case "f32.add":
      case "f32.sub": {
        run.guards++;
        const sum = this.#plain(expression, [this.#fast(a, "addend", run), this.#fast(b, "addend", run)]);
        // Twice a subnormal is flushed to zero.
        return need === "factor" && isSame(a, b) ? sum : this.#test(sum, run);
      }
      case "f32.mul": {
        run.guards++;
        if (need === "addend" && isSmall(a, b, run))
          return this.#plain(expression, [this.#fast(a, "exact", run), this.#fast(b, "exact", run)]);
        const product = this.#plain(expression, [this.#fast(a, "factor", run), this.#fast(b, "factor", run)]);
        return need === "factor" ? product : this.#test(product, run);
      }
      case "f32.div": {
        run.guards++;
        const [x, y] = [this.#fast(a, "factor", run), this.#fast(b, "exact", run)];
        const divisor = y.kind === "apply" ? this.#keep(y, run) : y;
        if (!isNormal(divisor, run)) run.tested.push(divisor);
        return this.#test(this.#plain(expression, [x, divisor]), run);
      }
      case "f32.sqrt":
        run.guards++;
        return this.#test(this.#plain(expression, [this.#fast(a, "factor", run)]), run);
      case "f32.neg":
      case "f32.abs":
        return apply("f32", operation, [this.#fast(a, need, run)]);
      case "f32.add.plain":
      case "f32.sub.plain":
      case "f32.mul.plain":
      case "f32.div.plain":
      case "f32.sqrt.plain":
        return apply(
          "f32",
          operation,
          expression.operands.map((operand) => this.#fast(operand, "exact", run)),
        );
      default:
        return expression;
    }
  }

  #plain({ operation }: Extract<Expression, { kind: "apply" }>, operands: readonly Expression[]): Expression {
    return apply("f32", `${operation}.plain`, operands);
  }

  #test(value: Expression, run: Run): Expression {
    const kept = this.#keep(value, run);
    run.tested.push(kept);
    run.normal.add(kept.local);
    return kept;
  }

  #keep(value: Expression, run: Run): Read {
    const local: Local = { kind: "temporary", type: "f32", name: `s${this.#next++}` };
    run.fast.push(assign(local, value));
    return { kind: "local", type: "f32", local, size: 1 };
  }
}

/** Whether a product is right, or it and what the hardware makes of it are at most 2^-126. */
function isSmall(a: Expression, b: Expression, run: Run): boolean {
  if (isSame(a, b)) return true;
  const [x, y] = [isNormal(a, run), isNormal(b, run)];
  return (x && y) || (x && isAtMostOne(a)) || (y && isAtMostOne(b));
}

function isNormal(expression: Expression, run: Run): boolean {
  if (expression.kind === "constant") return isNeverSubnormal(ofBits(expression.bits as number));
  if (expression.kind !== "local") return false;
  const value = run.values.get(expression.local) ?? expression;
  return value.kind === "local" && run.normal.has(value.local);
}

function isAtMostOne(expression: Expression): boolean {
  return expression.kind === "constant" && largest(ofBits(expression.bits as number)) <= 0;
}

const arithmetic = /^f32\.(?:add|sub|mul|div|sqrt|neg|abs)(?:\.plain)?$/;
const guarded = /^f32\.(?:add|sub|mul|div|sqrt)$/;

/** Whether anything but arithmetic is done with one of the locals: it could hide that they are NaNs. */
function losesNan(expression: Expression, locals: ReadonlyMap<Local, Expression>): boolean {
  if (expression.kind !== "apply") return false;
  if (!arithmetic.test(expression.operation)) return mentions(expression, locals);
  return expression.operands.some((operand) => losesNan(operand, locals));
}

/** Not so a copy of a variable, as where two swap their values: assigned in their order, the first would be gone when the second is due. */
function isSettled(value: Expression): boolean {
  return value.kind === "constant" || (value.kind === "local" && value.local.kind === "temporary");
}

function isSame(a: Expression, b: Expression): boolean {
  return a.kind === "local" && b.kind === "local" && a.local === b.local;
}

function outOfLine(expression: Expression): Expression {
  if (expression.kind !== "apply") return expression;
  const { type, operation, operands } = expression;
  return apply(type, guarded.test(operation) ? `${operation}.out_of_line` : operation, operands.map(outOfLine));
}
