/**
 * The test that makes an operation's NaN canonical is left out (the operation becomes its `any_nan` form) wherever nobody sees its bits: within expressions, and
 * in locals that nothing else reads.
 */
import type { Expression, IrFunction, Local, Statement } from "../../ir/module.ts";
import { mapExpressions } from "../../ir/operands.ts";
import { rewrite } from "../../ir/walk.ts";
import { hasTypes, seenLocals, seesOperands } from "./seenBits.ts";

/** For which types the device has arithmetic of its own: elsewhere the runtime's makes canonical NaNs on the way. */
export interface NativeFloats {
  readonly f32: boolean;
  readonly f64: boolean;
}

export function anyNan(func: IrFunction, native: NativeFloats): void {
  const types = [...(native.f32 ? ["f32"] : []), ...(native.f64 ? ["f64"] : [])];
  if (func.kind === "wasm" && hasTypes(func, types)) new AnyNan(func, types).run();
}

class AnyNan {
  readonly #func: IrFunction;
  readonly #forms: ReadonlyMap<string, string>;
  readonly #seen: ReadonlySet<Local>;

  constructor(func: IrFunction, types: readonly string[]) {
    this.#func = func;
    this.#seen = seenLocals(func);
    this.#forms = new Map(
      types.flatMap((type) =>
        ["add", "sub", "mul", "div", "sqrt"].map((name) => [`${type}.${name}`, `${type}.${name}.any_nan`] as const),
      ),
    );
  }

  run(): void {
    this.#func.body = rewrite(this.#func.body, (statement) => this.#changed(statement));
  }

  #changed(statement: Statement): readonly Statement[] | undefined {
    const seen = statement.kind !== "assign" || this.#seen.has(statement.target);
    const changed = mapExpressions(statement, (expression) => this.#expression(expression, seen));
    return changed === statement ? undefined : [changed];
  }

  #expression(expression: Expression, seen: boolean): Expression {
    if (expression.kind !== "apply") return expression;
    const { operation } = expression;
    const operandsSeen = seesOperands(operation, seen);
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
