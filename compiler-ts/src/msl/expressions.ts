/** Prints expressions: as values (`uint` or `ulong`) and as conditions (`bool`). */
import { is64, zero } from "../ir/builder.ts";
import type { Expression, IrType } from "../ir/module.ts";
import type { ValueType } from "../wasm/module.ts";
import { type Form, formOf, runtimeFunction } from "./operations.ts";

/** What a variable starts with. */
export function mslZero(type: IrType): string {
  return literal(zero(type as ValueType) as Constant);
}

export class ExpressionPrinter {
  /** Functions of the runtime that have been printed. */
  readonly runtimeNames = new Set<string>();

  /** Without enclosing parentheses: for places that delimit by themselves. */
  readonly value = (expression: Expression): string => this.#print(expression, false);

  condition(expression: Expression): string {
    return this.#test(expression, false);
  }

  /** The runtime's function for an operation. */
  runtimeFunction(operation: string): string {
    return this.runtimeName(runtimeFunction(operation));
  }

  runtimeName(name: string): string {
    this.runtimeNames.add(name);
    return name;
  }

  #print(expression: Expression, enclosed: boolean): string {
    switch (expression.kind) {
      case "constant":
        return literal(expression);
      case "local":
        return expression.local.name;
      case "field":
        return `instance.${expression.field}`;
      case "apply":
        return this.#applied(expression, enclosed);
    }
  }

  #applied(expression: Apply, enclosed: boolean): string {
    const form = formOf(expression.operation);
    const [first, second, third] = expression.operands as [Expression, Expression, Expression];
    switch (form.kind) {
      case "infix":
        return enclose(`${this.#print(first, true)} ${form.operator} ${this.#print(second, true)}`, enclosed);
      case "compare":
      case "zeroTest":
        return `uint(${this.#test(expression, false)})`;
      case "same":
        return this.#print(first, enclosed);
      case "select":
        return enclose(
          `${this.#test(third, true)} ? ${this.#print(first, true)} : ${this.#print(second, true)}`,
          enclosed,
        );
      case "call":
        return form.result === "bool"
          ? `uint(${this.#call(form.name, expression)})`
          : this.#call(form.name, expression);
    }
  }

  #call(name: string, expression: Apply): string {
    let list = "";
    for (const operand of expression.operands)
      list += list === "" ? this.#print(operand, false) : `, ${this.#print(operand, false)}`;
    return `${this.runtimeName(name)}(${list})`;
  }

  #test(expression: Expression, enclosed: boolean): string {
    if (expression.kind === "constant") return expression.bits === 0 ? "false" : "true";
    if (expression.kind === "apply") {
      const form = formOf(expression.operation);
      const [first, second] = expression.operands as [Expression, Expression];
      if (form.kind === "compare") return enclose(this.#comparison(form, first, second), enclosed);
      if (form.kind === "zeroTest") {
        if (isTest(first)) return `!(${this.#test(first, false)})`;
        return enclose(`${this.#print(first, true)} == ${is64(first.type) ? "0ul" : "0u"}`, enclosed);
      }
      if (form.kind === "call" && form.result === "bool") return this.#call(form.name, expression);
    }
    return enclose(`${this.#print(expression, true)} != 0u`, enclosed);
  }

  #comparison({ operator, signed }: Compare, first: Expression, second: Expression): string {
    if (signed === undefined) return `${this.#print(first, true)} ${operator} ${this.#print(second, true)}`;
    return `as_type<${signed}>(${this.#print(first, false)}) ${operator} as_type<${signed}>(${this.#print(second, false)})`;
  }
}

type Apply = Extract<Expression, { kind: "apply" }>;
type Constant = Extract<Expression, { kind: "constant" }>;
type Compare = Extract<Form, { kind: "compare" }>;

function literal({ type, bits }: Constant): string {
  if (type !== "v128") return is64(type) ? `${bits}ul` : `${bits}u`;
  const words = [0n, 32n, 64n, 96n].map((shift) => wordLiteral(BigInt.asUintN(32, (bits as bigint) >> shift)));
  return words.every((word) => word === words[0]) ? `uint4(${words[0]})` : `uint4(${words.join(", ")})`;
}

/** Lanes of several widths are read off hexadecimal digits. */
function wordLiteral(word: bigint): string {
  return word < 10n ? `${word}u` : `0x${word.toString(16)}u`;
}

function enclose(text: string, enclosed: boolean): string {
  return enclosed ? `(${text})` : text;
}

/** An expression whose value is 0 or 1 because it prints as a `bool`. */
function isTest(expression: Expression): boolean {
  if (expression.kind !== "apply") return false;
  const form = formOf(expression.operation);
  return form.kind === "compare" || form.kind === "zeroTest" || (form.kind === "call" && form.result === "bool");
}
