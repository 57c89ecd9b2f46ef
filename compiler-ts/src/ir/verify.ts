/** Checks the contract of module.ts. Tests run it after lowering and after every pass; a violation is a bug of ours and throws an Error. */

import { completes, is64 } from "./builder.ts";
import type { Expression, IrFunction, IrModule, IrType, Label, Local, Statement } from "./module.ts";
import { expressionsOf, visitAssigned, visitLocals } from "./operands.ts";

const afterLowering: ReadonlySet<Statement["kind"]> = new Set([
  "assign",
  "load",
  "store",
  "globalGet",
  "globalSet",
  "call",
  "callImport",
  "callIndirect",
  "trapping",
  "bulk",
  "block",
  "loop",
  "if",
  "break",
  "continue",
  "switch",
  "return",
  "trap",
]);

const afterLegalization: ReadonlySet<Statement["kind"]> = new Set([
  "assign",
  "declare",
  "load",
  "store",
  "call",
  "bulk",
  "if",
  "switch",
  "return",
  "trap",
  "window",
  "windowLoad",
  "windowStore",
  "windowPut",
  "trapIf",
  "trapWith",
  "propagateTrap",
  "setField",
  "checkpoint",
  "restore",
  "push",
  "pop",
  "unwind",
  "once",
  "repeatedly",
  "leave",
  "repeat",
]);

function isWide(type: IrType): boolean {
  return is64(type) || type === "v128";
}

export type Stage = "lowered" | "legalizing" | "legalized";

export function verify(module: IrModule, stage: Stage): void {
  for (const func of module.functions.values()) new FunctionVerifier(module, func, stage).run();
  for (const root of module.roots)
    if (!module.functions.has(root)) throw new Error(`root function ${root} does not exist`);
}

class FunctionVerifier {
  readonly #module: IrModule;
  readonly #func: IrFunction;
  readonly #stage: Stage;
  readonly #names = new Map<string, Local>();
  readonly #assignedOnce = new Set<Local>();

  constructor(module: IrModule, func: IrFunction, stage: Stage) {
    this.#module = module;
    this.#func = func;
    this.#stage = stage;
  }

  run(): void {
    const scope = new Set<Local>([...this.#func.parameters, ...this.#func.variables]);
    for (const local of scope) this.#name(local);
    this.#list(this.#func.body, scope, new Set(), 0);
  }

  #fail(message: string): never {
    throw new Error(`IR of ${this.#func.name} (${this.#func.displayName}): ${message}`);
  }

  #name(local: Local): void {
    const owner = this.#names.get(local.name);
    if (owner !== undefined && owner !== local) this.#fail(`two locals are named ${local.name}`);
    this.#names.set(local.name, local);
  }

  /** `scope` grows with the list's own declarations; nested lists get a copy. */
  #list(list: readonly Statement[], scope: Set<Local>, labels: ReadonlySet<Label>, breakable: number): void {
    list.forEach((statement, position) => {
      this.#kind(statement);
      for (const expression of expressionsOf(statement)) this.#expression(expression, scope);
      this.#targets(statement, scope);
      this.#flow(statement, labels, breakable);
      this.#nested(statement, scope, labels, breakable);
      if (!completes(statement) && position !== list.length - 1) this.#fail(`a statement follows "${statement.kind}"`);
    });
  }

  #kind(statement: Statement): void {
    const allowed =
      this.#stage === "lowered" ? afterLowering : this.#stage === "legalized" ? afterLegalization : undefined;
    if (allowed !== undefined && !allowed.has(statement.kind))
      this.#fail(`"${statement.kind}" is not allowed when ${this.#stage}`);
  }

  #expression(expression: Expression, scope: ReadonlySet<Local>): void {
    visitLocals(expression, (local) => {
      if (!scope.has(local)) this.#fail(`${local.name} is read where it is not declared`);
    });
    if (expression.kind === "constant" && (typeof expression.bits === "bigint") !== isWide(expression.type))
      this.#fail(`a constant of type ${expression.type} holds a ${typeof expression.bits}`);
    if (
      expression.kind === "apply" &&
      expression.size !== 1 + expression.operands.reduce((sum, operand) => sum + operand.size, 0)
    )
      this.#fail("an expression's size is wrong");
  }

  #targets(statement: Statement, scope: Set<Local>): void {
    visitAssigned(statement, (local) => {
      if (local.kind === "temporary") {
        if (this.#assignedOnce.has(local)) this.#fail(`temporary ${local.name} is assigned twice`);
        this.#assignedOnce.add(local);
      } else if (statement.kind === "declare") {
        if (scope.has(local)) this.#fail(`${local.name} is declared twice`);
      } else if (!scope.has(local)) this.#fail(`${local.name} is assigned where it is not declared`);
      this.#name(local);
      scope.add(local);
    });
    if (statement.kind === "call" && !this.#module.functions.has(statement.callee))
      this.#fail(`call of function ${statement.callee}, which does not exist`);
    if (statement.kind === "return" && statement.values.length !== this.#func.type.results.length)
      this.#fail(`return of ${statement.values.length} values`);
  }

  #flow(statement: Statement, labels: ReadonlySet<Label>, breakable: number): void {
    if ((statement.kind === "break" || statement.kind === "continue") && !labels.has(statement.label))
      this.#fail(`jump to ${statement.label.name}, which is not in scope`);
    if ((statement.kind === "leave" || statement.kind === "repeat") && breakable === 0)
      this.#fail(`"${statement.kind}" outside a construct`);
  }

  #nested(statement: Statement, scope: ReadonlySet<Local>, labels: ReadonlySet<Label>, breakable: number): void {
    const inside = (
      list: readonly Statement[],
      declared: readonly Local[],
      label: readonly Label[],
      depth: number,
    ): void => {
      for (const local of declared) this.#name(local);
      this.#list(list, new Set([...scope, ...declared]), new Set([...labels, ...label]), depth);
    };
    switch (statement.kind) {
      case "block":
      case "loop":
        inside(statement.body, statement.results, [statement.label], breakable);
        this.#declare(statement.results, scope);
        break;
      case "if":
        inside(statement.whenTrue, statement.results, [], breakable);
        inside(statement.whenFalse, statement.results, [], breakable);
        this.#declare(statement.results, scope);
        break;
      case "switch":
        for (const item of statement.cases) inside(item.body, [], [], breakable + 1);
        inside(statement.default, [], [], breakable + 1);
        break;
      case "once":
        inside(statement.body, [], [], breakable + 1);
        break;
      case "repeatedly":
        inside(statement.body, statement.together === undefined ? [] : [statement.together], [], breakable + 1);
        break;
      case "chain":
        statement.segments.forEach((segment, position) => {
          inside(
            segment.body,
            [...statement.results, statement.skip],
            statement.segments.slice(position).map(({ label }) => label),
            breakable,
          );
        });
        this.#declare(statement.results, scope);
        break;
      default:
        break;
    }
  }

  /** Results of a construct live on behind it. */
  #declare(results: readonly Local[], scope: ReadonlySet<Local>): void {
    for (const local of results) (scope as Set<Local>).add(local);
  }
}
