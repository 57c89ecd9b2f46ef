/**
 * Small innermost loops run several iterations between checkpoints: where the end of the body leads back to the header, a copy of the body takes its place. Each
 * copy is charged as it runs, so that fuel counts the same; only the question whether any is left is asked once for all copies. In a loop of a few instructions
 * that question and the jump back are a good part of an iteration, above all where no other SIMD-group fills the time that a jump takes; and what one iteration
 * has computed the next one has. Part of `fuel`, which visits all loops anyway.
 *
 * Loops that access memory stay as they are: where lanes walk at places of their own, copies keep them apart. But in modules whose loops are merged (`mergedLoops.ts`)
 * most iterations of those that end by what they load lead through the whole function, and two steps for one way pay (docs/performance.md).
 */
import { apply, assign, i32, read } from "../../ir/builder.ts";
import type { Expression, Label, Local, Statement } from "../../ir/module.ts";
import { mapExpressions, visitAssigned } from "../../ir/operands.ts";
import { someStatement } from "../../ir/walk.ts";
import { walkOf } from "../memory/walks.ts";

/** Bodies in a loop, at most; 1 unrolls none. */
export interface Bodies {
  readonly most: number;
  /** In one that accesses memory, and ends by what it loads. */
  readonly walking: number;
}

export const defaultBodies = 4;
/** In merged loops: three and four gave an H100 nothing more. */
export const mergedBodies = 2;

/** What a body may cost, in units of `cost.ts`, about instructions, where there are to be as many; loops with larger ones have fewer. */
const bodyCost = 40;

type Loop = Extract<Statement, { kind: "loop" }>;

/** Of several bodies, where its own is small enough: the loop, whose body begins with its checkpoint; the same one where it stays as it is. */
export function unrolled(loop: Loop, { most, walking }: Bodies): Loop {
  const [checkpoint, ...body] = loop.body;
  if (checkpoint?.kind !== "checkpoint") return loop;
  const { fuel, cost } = checkpoint;
  const fitting = Math.min(most, Math.floor((most * bodyCost) / cost));
  if (fitting < 2 || !endsWithWayBack(body, loop.label) || !isCopied(body, loop.label)) return loop;
  const accesses = someStatement(body, ({ kind }) => kind === "load" || kind === "store");
  const bodies = !accesses ? fitting : walkOf(body).endsByLoads ? Math.min(fitting, walking) : 1;
  if (bodies < 2) return loop;
  const charge = assign(fuel, apply("i32", "i32.sub", [read(fuel), i32(cost)]));
  let copies: readonly Statement[] = [{ kind: "continue", label: loop.label }];
  for (let number = bodies; number > 1; number--)
    copies = [charge, ...new Copy(body, `_${number}`).followedBy(copies, loop.label)];
  return { ...loop, body: [checkpoint, ...followedBy(body, copies, loop.label)] };
}

function endsWithWayBack(list: readonly Statement[], label: Label): boolean {
  const last = list[list.length - 1];
  if (last?.kind === "if") return endsWithWayBack(last.whenTrue, label) || endsWithWayBack(last.whenFalse, label);
  return last?.kind === "continue" && last.label === label;
}

/** The list with `next` where it leads back. */
function followedBy(list: readonly Statement[], next: readonly Statement[], label: Label): Statement[] {
  const last = list[list.length - 1];
  const before = list.slice(0, -1);
  if (last?.kind === "continue" && last.label === label) return [...before, ...next];
  if (last?.kind !== "if") return [...list];
  const { whenTrue, whenFalse } = last;
  return [
    ...before,
    { ...last, whenTrue: followedBy(whenTrue, next, label), whenFalse: followedBy(whenFalse, next, label) },
  ];
}

/** Whether all statements are of kinds that are copied: no loops, no calls, nothing that is seldom in a small loop. And no second way back, since nobody knows which is taken. */
function isCopied(body: readonly Statement[], label: Label): boolean {
  let waysBack = 0;
  const isPlain = (statement: Statement): boolean => {
    switch (statement.kind) {
      case "block":
        return statement.body.every(isPlain);
      case "if":
        return statement.whenTrue.every(isPlain) && statement.whenFalse.every(isPlain);
      case "continue":
        if (statement.label === label) waysBack++;
        return true;
      case "assign":
      case "load":
      case "store":
      case "break":
      case "return":
      case "setField":
      case "trap":
      case "trapIf":
      case "trapWith":
        return true;
      default:
        return false;
    }
  };
  return body.every(isPlain) && waysBack === 1;
}

/** Of a body. Temporaries and the results of constructs are its own, and so are the labels of its blocks. */
class Copy {
  readonly #body: readonly Statement[];
  readonly #suffix: string;
  readonly #locals = new Map<Local, Local>();
  readonly #labels = new Map<Label, Label>();

  constructor(body: readonly Statement[], suffix: string) {
    this.#body = body;
    this.#suffix = suffix;
  }

  followedBy(next: readonly Statement[], label: Label): Statement[] {
    return followedBy(this.#list(this.#body), next, label);
  }

  #list(list: readonly Statement[]): Statement[] {
    return list.map((statement) => this.#statement(statement));
  }

  #statement(statement: Statement): Statement {
    visitAssigned(statement, (local) => {
      if (local.kind === "temporary") this.#own(local);
    });
    switch (statement.kind) {
      case "assign":
      case "load": {
        const changed = mapExpressions(statement, this.#expression) as typeof statement;
        const target = this.#locals.get(statement.target);
        return target === undefined ? changed : { ...changed, target };
      }
      case "block": {
        const results = statement.results.map(this.#own);
        const label = { name: `${statement.label.name}${this.#suffix}` };
        this.#labels.set(statement.label, label);
        return { kind: "block", label, results, body: this.#list(statement.body) };
      }
      case "if": {
        const results = statement.results.map(this.#own);
        const [whenTrue, whenFalse] = [this.#list(statement.whenTrue), this.#list(statement.whenFalse)];
        return { kind: "if", condition: this.#expression(statement.condition), results, whenTrue, whenFalse };
      }
      case "break": {
        const label = this.#labels.get(statement.label);
        return label === undefined ? statement : { kind: "break", label };
      }
      case "trapWith":
        return { kind: "trapWith", code: this.#expression(statement.code) };
      default:
        return mapExpressions(statement, this.#expression);
    }
  }

  readonly #own = (local: Local): Local => {
    const copy: Local = { kind: local.kind, type: local.type, name: `${local.name}${this.#suffix}` };
    this.#locals.set(local, copy);
    return copy;
  };

  readonly #expression = (expression: Expression): Expression => {
    switch (expression.kind) {
      case "local": {
        const copy = this.#locals.get(expression.local);
        return copy === undefined ? expression : read(copy);
      }
      case "apply": {
        const operands = expression.operands.map(this.#expression);
        return operands.every((operand, i) => operand === expression.operands[i])
          ? expression
          : apply(expression.type, expression.operation, operands);
      }
      default:
        return expression;
    }
  };
}
