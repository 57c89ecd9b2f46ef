/** Divisions, remainders and trapping truncations become a check and an operation that cannot trap. Sections 4.3.2 and 4.3.3 of the specification. */
import { apply, assign, constant, read } from "../ir/builder.ts";
import type { Expression, IrModule, Local, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";
import type { ValueType } from "../wasm/module.ts";

export function trappingOperations(module: IrModule): void {
  for (const func of module.functions.values()) {
    if (!func.lowered.has("trapping")) continue;
    const names = new OperandNames();
    func.body = rewrite(func.body, (statement) =>
      statement.kind === "trapping" ? expand(statement, names) : undefined,
    );
  }
}

/** Temporaries of this pass have a prefix of their own, so they cannot meet those of lowering. */
class OperandNames {
  #next = 0;
  temporary(type: ValueType): Local {
    return { kind: "temporary", type, name: `d${this.#next++}` };
  }
}

function expand(statement: Extract<Statement, { kind: "trapping" }>, names: OperandNames): readonly Statement[] {
  const result: Statement[] = [];
  const operands = statement.operands.map((operand) => {
    if (operand.kind === "constant") return operand;
    if (operand.kind === "local" && operand.local !== statement.target) return operand;
    const temporary = names.temporary(operand.type as ValueType);
    result.push(assign(temporary, operand));
    return read(temporary);
  });
  const [type, name] = statement.operation.split(".") as [ValueType, string];
  if (name.startsWith("trunc")) {
    const value = operands[0] as Expression;
    result.push({ kind: "trapWith", code: apply("i32", `${statement.operation}.trap`, [value]) });
  } else {
    const [dividend, divisor] = operands as [Expression, Expression];
    if (divisor.kind !== "constant")
      result.push({
        kind: "trapIf",
        condition: apply("i32", `${type}.eqz`, [divisor]),
        trap: "integer divide by zero",
      });
    else if (BigInt(divisor.bits) === 0n) return [...result, { kind: "trap", trap: "integer divide by zero" }];
    if (name === "div_s" && mayOverflow(type, divisor)) {
      result.push({
        kind: "trapIf",
        condition: apply("i32", `${type}.div_s.overflows`, [dividend, divisor]),
        trap: "integer overflow",
      });
    }
  }
  result.push(assign(statement.target, apply(type, statement.operation, operands)));
  return result;
}

function mayOverflow(type: ValueType, divisor: Expression): boolean {
  const minusOne = type === "i64" ? constant("i64", -1n) : constant("i32", -1);
  return divisor.kind !== "constant" || (minusOne.kind === "constant" && divisor.bits === minusOne.bits);
}
