/**
 * Which NaN an operation gives matters only where its bits are seen: in memory, in an integer, outside the function. What other arithmetic, comparisons and
 * conversions take may be any NaN, since their own results are canonical, or not a float. So the test that makes an operation's NaN canonical is left out (the
 * operation becomes its `any_nan` form) wherever the result goes no further: within expressions, and in locals that nothing else reads.
 */
import type { Expression, IrFunction, Local, Statement } from "../ir/module.ts";
import { expressionsOf, mapExpressions, rewrite, visitStatements } from "../ir/walk.ts";

/** For which types the device has arithmetic of its own: elsewhere the runtime's makes canonical NaNs on the way. */
export interface NativeFloats {
  readonly f32: boolean;
  readonly f64: boolean;
}

const arithmetic = ["add", "sub", "mul", "div", "sqrt"];
const takesAnyNan = new RegExp(
  `^f(?:32|64)\\.(?:${arithmetic.join("|")}|min|max|ceil|floor|trunc|nearest|eq|ne|lt|gt|le|ge|demote_f64|promote_f32)$|^i(?:32|64)\\.trunc_`,
);
/** Their results have the bits of their first operands, or some of them. */
const passesOn = /^f(?:32|64)\.(?:abs|neg|copysign)$|^select$/;

export function anyNan(func: IrFunction, native: NativeFloats): void {
  if (func.kind === "wasm" && hasFloats(func, native)) new AnyNan(func, native).run();
}

function hasFloats(func: IrFunction, native: NativeFloats): boolean {
  const isFloat = ({ type }: Local): boolean => (native.f32 && type === "f32") || (native.f64 && type === "f64");
  let any = func.parameters.some(isFloat) || func.variables.some(isFloat);
  if (!any)
    visitStatements(func.body, (statement) => {
      if (statement.kind === "assign" || statement.kind === "load") any ||= isFloat(statement.target);
      else for (const { type } of expressionsOf(statement)) any ||= isFloat({ type } as Local);
    });
  return any;
}

class AnyNan {
  readonly #func: IrFunction;
  readonly #forms: ReadonlyMap<string, string>;
  /** Locals whose bits are seen. */
  readonly #seen = new Set<Local>();
  /** What a local may get its bits from. */
  readonly #sources = new Map<Local, Local[]>();

  constructor(func: IrFunction, native: NativeFloats) {
    this.#func = func;
    const types = [...(native.f32 ? ["f32"] : []), ...(native.f64 ? ["f64"] : [])];
    this.#forms = new Map(
      types.flatMap((type) => arithmetic.map((name) => [`${type}.${name}`, `${type}.${name}.any_nan`] as const)),
    );
  }

  run(): void {
    visitStatements(this.#func.body, (statement) => {
      for (const expression of expressionsOf(statement))
        this.#collect(expression, statement.kind === "assign" ? statement.target : undefined, false);
    });
    const pending = [...this.#seen];
    for (let local = pending.pop(); local !== undefined; local = pending.pop())
      for (const source of this.#sources.get(local) ?? []) {
        if (this.#seen.has(source)) continue;
        this.#seen.add(source);
        pending.push(source);
      }
    this.#func.body = rewrite(this.#func.body, (statement) => this.#changed(statement));
  }

  /** `target`: the local that gets the expression's bits; `undefined`: they are seen, unless `hidden`. */
  #collect(expression: Expression, target: Local | undefined, hidden: boolean): void {
    if (expression.kind === "local") {
      const { local } = expression;
      if (hidden) return;
      if (target === undefined) this.#seen.add(local);
      else {
        const sources = this.#sources.get(target);
        if (sources === undefined) this.#sources.set(target, [local]);
        else sources.push(local);
      }
    } else if (expression.kind === "apply") {
      const { operation, operands } = expression;
      if (takesAnyNan.test(operation)) for (const operand of operands) this.#collect(operand, undefined, true);
      else if (passesOn.test(operation)) for (const operand of operands) this.#collect(operand, target, hidden);
      else for (const operand of operands) this.#collect(operand, undefined, false);
    }
  }

  #changed(statement: Statement): readonly Statement[] | undefined {
    const seen = statement.kind !== "assign" || this.#seen.has(statement.target);
    const changed = mapExpressions(statement, (expression) => this.#expression(expression, seen));
    return changed === statement ? undefined : [changed];
  }

  #expression(expression: Expression, seen: boolean): Expression {
    if (expression.kind !== "apply") return expression;
    const { operation } = expression;
    const operandsSeen = takesAnyNan.test(operation) ? false : passesOn.test(operation) ? seen : true;
    let operands: Expression[] | undefined;
    expression.operands.forEach((operand, i) => {
      const changed = this.#expression(operand, operandsSeen);
      if (changed === operand) return;
      operands ??= [...expression.operands];
      operands[i] = changed;
    });
    const form = seen ? undefined : this.#forms.get(operation);
    if (form === undefined && operands === undefined) return expression;
    return { ...expression, operation: form ?? operation, operands: operands ?? expression.operands };
  }
}
