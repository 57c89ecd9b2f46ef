/**
 * The operand stack while a body is lowered: entries are expressions that have not been evaluated yet, and `statements` is the list that evaluation goes to.
 */
import { assign, NameSource, read } from "../ir/builder.ts";
import type { Expression, IrType, Local, Statement } from "../ir/module.ts";

/** Larger expressions are evaluated into a temporary: bracket nesting in the text stays small (MSL compilers stop at 256). */
const maximumExpressionSize = 24;

export class OperandStack {
  readonly names = new NameSource();
  /** Kinds of all statements emitted so far. */
  readonly kinds = new Set<Statement["kind"]>();
  statements: Statement[] = [];
  readonly #entries: Expression[] = [];

  get height(): number {
    return this.#entries.length;
  }

  push(expression: Expression): void {
    this.#entries.push(expression.size > maximumExpressionSize ? this.evaluate(expression) : expression);
  }

  pushAll(expressions: readonly Expression[]): void {
    for (const expression of expressions) this.push(expression);
  }

  pushTemporary(type: IrType): Local {
    const temporary = this.names.temporary(type);
    this.#entries.push(read(temporary));
    return temporary;
  }

  pop(): Expression {
    return this.#entries.pop() as Expression;
  }

  popMany(count: number): Expression[] {
    return this.#entries.splice(this.#entries.length - count, count);
  }

  /** The topmost entries, which stay. */
  top(count: number): readonly Expression[] {
    return this.#entries.slice(this.#entries.length - count);
  }

  dropTo(height: number): void {
    this.#entries.length = height;
  }

  emit(statement: Statement): void {
    this.kinds.add(statement.kind);
    this.statements.push(statement);
  }

  evaluate(expression: Expression): Expression {
    const temporary = this.names.temporary(expression.type);
    this.emit(assign(temporary, expression));
    return read(temporary);
  }

  /** Replaces entries from `height` up by their values, where `mustEvaluate` says so. */
  evaluateEntries(height: number, mustEvaluate: (expression: Expression) => boolean): void {
    for (let i = height; i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Expression;
      if (mustEvaluate(entry)) this.#entries[i] = this.evaluate(entry);
    }
  }
}

export function readsLocal(expression: Expression, local: Local): boolean {
  switch (expression.kind) {
    case "local":
      return expression.local === local;
    case "apply":
      return expression.operands.some((operand) => readsLocal(operand, local));
    default:
      return false;
  }
}

/** Temporaries and block results keep their value while they are on the stack; parameters and variables may be assigned. */
export function readsAssignable(expression: Expression): boolean {
  switch (expression.kind) {
    case "local":
      return expression.local.kind === "parameter" || expression.local.kind === "variable";
    case "apply":
      return expression.operands.some(readsAssignable);
    default:
      return false;
  }
}
