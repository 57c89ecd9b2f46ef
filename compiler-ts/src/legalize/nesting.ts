/**
 * Functions whose constructs are nested too deeply for shader compilers (256 brackets) are made shallow: on the way to the deepest construct each `if` becomes
 * a block that its condition leaves, and what precedes the next block moves into it, which changes nothing but the scope of a label. The blocks then start at
 * the same point, and `chains` makes one level of them all. Loops stay: nested deeper than the text allows, they are over the writer's limit.
 */
import { completes, NameSource, not } from "../ir/builder.ts";
import type { IrFunction, Label, Local, Statement } from "../ir/module.ts";
import { forEachList, hasLists, mapLists } from "../ir/walk.ts";
import { widenScope } from "./scopes.ts";

/** Levels of a function that stays as it is. */
const deepFunction = 40;
/** Levels of a statement that stays as it is in a function that does not. */
const shallowStatement = 8;

type Block = Extract<Statement, { kind: "block" }>;
type If = Extract<Statement, { kind: "if" }>;

/** Copies of a function have its locals in common: what becomes a variable in one is a variable in all. */
export function nesting(component: readonly IrFunction[]): void {
  const widened = new Map<number, ReadonlySet<Local>>();
  for (const func of component) {
    const heights = new Heights();
    if (heights.ofList(func.body) <= deepFunction) continue;
    new Flattening(func, heights).run();
    const others = widened.get(originalOf(func)) ?? [];
    widened.set(originalOf(func), new Set([...others, ...func.variables]));
  }
  for (const func of component) {
    const variables = widened.get(originalOf(func));
    if (variables !== undefined) func.variables = [...new Set([...func.variables, ...variables])];
  }
}

function originalOf({ copyOf, index }: IrFunction): number {
  return copyOf ?? index;
}

/** Levels of the text that statements take. */
class Heights {
  readonly #known = new Map<Statement, number>();

  of(statement: Statement): number {
    if (!hasLists(statement)) return 0;
    const known = this.#known.get(statement);
    if (known !== undefined) return known;
    let height = 0;
    forEachList(statement, (list) => {
      height = Math.max(height, this.ofList(list));
    });
    // Cases are scopes as well.
    height += statement.kind === "switch" ? 2 : 1;
    this.#known.set(statement, height);
    return height;
  }

  ofList(list: readonly Statement[]): number {
    let height = 0;
    for (const statement of list) height = Math.max(height, this.of(statement));
    return height;
  }

  /** Where the statement of most levels is; the first of equals. */
  deepest(list: readonly Statement[]): number {
    let deepest = 0;
    list.forEach((statement, i) => {
      if (this.of(statement) > this.of(list[deepest] as Statement)) deepest = i;
    });
    return deepest;
  }
}

class Flattening {
  readonly #func: IrFunction;
  readonly #heights: Heights;
  readonly #names = new NameSource();
  readonly #variables: Set<Local>;

  constructor(func: IrFunction, heights: Heights) {
    this.#func = func;
    this.#heights = heights;
    this.#variables = new Set(func.variables);
  }

  run(): void {
    this.#func.body = this.#list(this.#func.body);
    this.#func.variables = [...this.#variables];
    this.#func.lowered = new Set([...this.#func.lowered, "block"]);
  }

  #list(list: readonly Statement[]): Statement[] {
    return list.map((statement) => this.#statement(statement));
  }

  #statement(statement: Statement): Statement {
    if (this.#heights.of(statement) <= shallowStatement) return statement;
    if (statement.kind === "block" || statement.kind === "if") return this.#block(this.#asBlock(statement), []);
    return mapLists(statement, (list) => this.#list(list));
  }

  /** `before` has the same meaning in front of the block and as the start of its body. */
  #block(block: Block, before: readonly Statement[]): Block {
    const at = this.#heights.deepest(block.body);
    const pivot = block.body[at];
    if (
      pivot === undefined ||
      this.#heights.of(pivot) <= shallowStatement ||
      !(pivot.kind === "block" || pivot.kind === "if")
    )
      return { ...block, body: this.#list([...before, ...block.body]) };
    const preceding = block.body.slice(0, at);
    for (const statement of preceding) widenScope(statement, this.#variables);
    const inner = this.#block(this.#asBlock(pivot), [...before, ...preceding]);
    return { ...block, body: [inner, ...this.#list(block.body.slice(at + 1))] };
  }

  #asBlock(statement: Block | If): Block {
    if (statement.kind === "block") return statement;
    const { condition, results, whenTrue, whenFalse } = statement;
    const end = this.#names.label("endif");
    if (whenFalse.length === 0)
      return { kind: "block", label: end, results, body: [leaveUnless(condition, end), ...whenTrue] };
    const otherwise = this.#names.label("else");
    const taken: Statement[] = [leaveUnless(condition, otherwise), ...whenTrue];
    if (completes(taken[taken.length - 1])) taken.push({ kind: "break", label: end });
    return {
      kind: "block",
      label: end,
      results,
      body: [{ kind: "block", label: otherwise, results: [], body: taken }, ...whenFalse],
    };
  }
}

function leaveUnless(condition: If["condition"], label: Label): Statement {
  return { kind: "if", condition: not(condition), results: [], whenTrue: [{ kind: "break", label }], whenFalse: [] };
}
