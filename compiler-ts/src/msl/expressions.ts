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
  return stripParentheses(operand(expression));
}

export function condition(expression: Expression): string {
  return stripParentheses(test(expression));
}

function operand(expression: Expression): string {
  switch (expression.kind) {
    case "constant":
      return literal(expression);
    case "local":
      return expression.local.name;
    case "field":
      return `instance.${expression.field}`;
    case "apply":
      return applied(expression);
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

function applied(expression: Apply): string {
  const form = formOf(expression.operation);
  const [first, second, third] = expression.operands as [Expression, Expression, Expression];
  switch (form.kind) {
    case "infix":
      return `(${operand(first)} ${form.operator} ${operand(second)})`;
    case "compare":
    case "zeroTest":
      return `uint(${condition(expression)})`;
    case "same":
      return operand(first);
    case "select":
      return `(${test(third)} ? ${operand(first)} : ${operand(second)})`;
    case "call":
      return form.result === "bool" ? `uint(${call(form.name, expression)})` : call(form.name, expression);
  }
}

function call(name: string, expression: Apply): string {
  return `${name}(${expression.operands.map(value).join(", ")})`;
}

function test(expression: Expression): string {
  if (expression.kind === "constant") return expression.bits === 0 ? "false" : "true";
  if (expression.kind === "apply") {
    const form = formOf(expression.operation);
    const [first, second] = expression.operands as [Expression, Expression];
    if (form.kind === "compare") return comparison(form.operator, form.signed, first, second);
    if (form.kind === "zeroTest")
      return isTest(first) ? `!(${condition(first)})` : `(${operand(first)} == ${is64(first.type) ? "0ul" : "0u"})`;
    if (form.kind === "call" && form.result === "bool") return call(form.name, expression);
  }
  return `(${operand(expression)} != 0u)`;
}

/** An expression whose value is 0 or 1 because it prints as a `bool`. */
function isTest(expression: Expression): boolean {
  if (expression.kind !== "apply") return false;
  const form = formOf(expression.operation);
  return form.kind === "compare" || form.kind === "zeroTest" || (form.kind === "call" && form.result === "bool");
}

function comparison(operator: string, signed: string | undefined, first: Expression, second: Expression): string {
  if (signed === undefined) return `(${operand(first)} ${operator} ${operand(second)})`;
  return `(as_type<${signed}>(${value(first)}) ${operator} as_type<${signed}>(${value(second)}))`;
}

/** Only a pair that encloses everything: "(a) + (b)" has none. */
function stripParentheses(text: string): string {
  if (!text.startsWith("(")) return text;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i === text.length - 1 ? text.slice(1, -1) : text;
  }
  return text;
}
