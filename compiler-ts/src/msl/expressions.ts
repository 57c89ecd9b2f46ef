/** Prints expressions: as values (`uint` or `ulong`) and as conditions (`bool`). */
import { is64, zero } from "../ir/builder.ts";
import type { Expression, IrType } from "../ir/module.ts";
import type { ValueType } from "../wasm/module.ts";
import { formOf } from "./operations.ts";

export function mslType(type: IrType): string {
  if (type === "memory") return "device uchar*";
  if (type === "v128") return "uint4";
  return is64(type) ? "ulong" : "uint";
}

/** What a variable starts with. */
export function mslZero(type: IrType): string {
  return value(zero(type as ValueType));
}

/** Without enclosing parentheses: for places that delimit by themselves. */
export function value(expression: Expression): string {
  return print(expression, false);
}

export function condition(expression: Expression): string {
  return test(expression, false);
}

function print(expression: Expression, enclosed: boolean): string {
  switch (expression.kind) {
    case "constant":
      return literal(expression);
    case "local":
      return expression.local.name;
    case "field":
      return `instance.${expression.field}`;
    case "apply":
      return applied(expression, enclosed);
  }
}

function literal({ type, bits }: Extract<Expression, { kind: "constant" }>): string {
  if (type !== "v128") return is64(type) ? `${bits}ul` : `${bits}u`;
  const words = [0n, 32n, 64n, 96n].map((shift) => wordLiteral(BigInt.asUintN(32, (bits as bigint) >> shift)));
  return words.every((word) => word === words[0]) ? `uint4(${words[0]})` : `uint4(${words.join(", ")})`;
}

/** Lanes of several widths are read off hexadecimal digits. */
function wordLiteral(word: bigint): string {
  return word < 10n ? `${word}u` : `0x${word.toString(16)}u`;
}

type Apply = Extract<Expression, { kind: "apply" }>;

function applied(expression: Apply, enclosed: boolean): string {
  const form = formOf(expression.operation);
  const [first, second, third] = expression.operands as [Expression, Expression, Expression];
  switch (form.kind) {
    case "infix":
      return enclose(`${print(first, true)} ${form.operator} ${print(second, true)}`, enclosed);
    case "compare":
    case "zeroTest":
      return `uint(${test(expression, false)})`;
    case "same":
      return print(first, enclosed);
    case "select":
      return enclose(`${test(third, true)} ? ${print(first, true)} : ${print(second, true)}`, enclosed);
    case "call":
      return form.result === "bool" ? `uint(${call(form.name, expression)})` : call(form.name, expression);
  }
}

function enclose(text: string, enclosed: boolean): string {
  return enclosed ? `(${text})` : text;
}

function call(name: string, expression: Apply): string {
  let list = "";
  for (const operand of expression.operands) list += list === "" ? print(operand, false) : `, ${print(operand, false)}`;
  return `${name}(${list})`;
}

function test(expression: Expression, enclosed: boolean): string {
  if (expression.kind === "constant") return expression.bits === 0 ? "false" : "true";
  if (expression.kind === "apply") {
    const form = formOf(expression.operation);
    const [first, second] = expression.operands as [Expression, Expression];
    if (form.kind === "compare") return enclose(comparison(form.operator, form.signed, first, second), enclosed);
    if (form.kind === "zeroTest") {
      if (isTest(first)) return `!(${test(first, false)})`;
      return enclose(`${print(first, true)} == ${is64(first.type) ? "0ul" : "0u"}`, enclosed);
    }
    if (form.kind === "call" && form.result === "bool") return call(form.name, expression);
  }
  return enclose(`${print(expression, true)} != 0u`, enclosed);
}

/** An expression whose value is 0 or 1 because it prints as a `bool`. */
function isTest(expression: Expression): boolean {
  if (expression.kind !== "apply") return false;
  const form = formOf(expression.operation);
  return form.kind === "compare" || form.kind === "zeroTest" || (form.kind === "call" && form.result === "bool");
}

function comparison(operator: string, signed: string | undefined, first: Expression, second: Expression): string {
  if (signed === undefined) return `${print(first, true)} ${operator} ${print(second, true)}`;
  return `as_type<${signed}>(${print(first, false)}) ${operator} as_type<${signed}>(${print(second, false)})`;
}
