/** Statements of generated programs as WebAssembly text. */
import type { Lines, Types } from "./functionScope.ts";
import { ExpressionPrinter, importCall } from "./printExpression.ts";
import { blockTypes, type Expression, type Statement, shiftedTypes, signatures } from "./program.ts";

export class StatementPrinter extends ExpressionPrinter {
  override statements(statements: readonly Statement[]): Lines {
    return statements.flatMap((statement) => this.#statement(statement));
  }

  #statement(statement: Statement): Lines {
    switch (statement.kind) {
      case "setLocal":
        return [...this.expression(statement.value), `local.set ${this.scope.local(statement.type, statement.index)}`];
      case "setGlobal":
        return [
          ...this.expression(statement.value),
          `global.set ${this.scope.global(statement.type, statement.index)}`,
        ];
      case "drop":
        return [...this.expression(statement.value), "drop"];
      case "store":
        return [
          ...this.expression(statement.address),
          ...this.canonical(statement.value, statement.name.slice(0, 3)),
          this.access(statement.name, statement),
        ];
      case "storeLane":
        return [...this.expressions([statement.address, statement.value]), this.laneAccess(statement)];
      case "ifElse":
        return [
          ...this.expression(statement.condition),
          ...this.scope.within("if", [], () => [
            ...this.statements(statement.accept),
            ...(statement.reject.length === 0 ? [] : ["else"]),
            ...this.statements(statement.reject),
          ]),
        ];
      case "blockOf":
        return this.#block(statement);
      case "loop":
        return this.#loop(statement);
      case "walk":
        return this.#walk(statement);
      case "branch":
        return this.branch(statement);
      case "branchTable":
        return this.#branchTable(statement);
      case "switch":
        return this.#switch(statement);
      case "return":
        return [
          ...this.expression(statement.condition),
          ...["if", ...this.scope.leaves(signatures[this.scope.function.signature].results, 0), "return", "end"],
        ];
      case "unreachable":
        return [...this.expression(statement.condition), "if unreachable end"];
      case "callMany": {
        const call = this.call("many", statement.index, statement.operands);
        return call.length === 0 ? [] : [...call, ...this.scope.popToLocals(signatures.many.results, statement.index)];
      }
      case "callNone":
        return this.call("none", statement.index, []);
      case "importMany":
        return [
          ...this.expressions(statement.operands),
          ...importCall("many"),
          ...this.scope.popToLocals(signatures.many.results, statement.index),
        ];
      case "importNone":
        return importCall("none");
      case "bulk":
        return [...this.expressions(statement.operands), statement.name];
      case "dropSegment":
        return [`${statement.name} $passive`];
      case "tableSet":
        return [
          ...this.expression(statement.element),
          `${this.scope.reference(statement)} table.set $t${statement.table}`,
        ];
      case "tableFill":
        return [
          ...this.expression(statement.element),
          `${this.scope.reference(statement)} i32.const ${statement.count} table.fill $t${statement.table}`,
        ];
    }
  }

  /** Into a block: the values that came in are taken off the stack, or stay. */
  #enter(types: Types, keep: boolean): Lines {
    return keep ? [] : this.scope.popToLocals(types, 0);
  }

  #leave(types: Types, keep: boolean, results: readonly Expression[]): Lines {
    const last = types.at(-1);
    if (!keep || last === undefined) return this.expressions(results);
    return [...this.expressions(results.slice(-1)), last === "v128" ? "v128.xor" : `${last}.add`];
  }

  #block({ types: list, keep, initial, body, results }: Extract<Statement, { kind: "blockOf" }>): Lines {
    const types = blockTypes[list] ?? [];
    return [
      ...this.expressions(initial),
      ...this.scope.within(`block (param ${types.join(" ")}) (result ${types.join(" ")})`, types, () => [
        ...this.#enter(types, keep),
        ...this.statements(body),
        ...this.#leave(types, keep, results),
      ]),
      ...this.scope.popToLocals(types, 1),
    ];
  }

  /** The loop's own test comes first, so that a branch to its head counts too. It carries the values that came in where they are kept, so that they are seen. */
  #loop(loop: Extract<Statement, { kind: "loop" }>): Lines {
    const { types: list, keep, iterations, initial, body } = loop;
    const types = blockTypes[list] ?? [];
    const counter = this.scope.counter();
    const inside = () => [
      ...this.#enter(types, keep),
      ...(keep ? [] : this.scope.leaves(types, 1)),
      "global.get $fuel i32.const 1 i32.sub global.set $fuel",
      `local.get ${counter} i32.eqz global.get $fuel i32.const 0 i32.lt_s i32.or br_if 1`,
      ...(keep ? [] : types.map(() => "drop")),
      `local.get ${counter} i32.const 1 i32.sub local.set ${counter}`,
      ...this.statements(body),
      ...this.#repeat(loop),
    ];
    return [
      `i32.const ${iterations} local.set ${counter}`,
      ...this.scope.within(`block (result ${types.join(" ")})`, types, () => [
        ...this.expressions(initial),
        ...this.scope.within(`loop (param ${types.join(" ")}) (result ${types.join(" ")})`, types, inside),
      ]),
      // In a global they are seen, while locals are often overwritten before anything shows them.
      ...(list === shiftedTypes
        ? [...types.slice(1).map(() => "i32.const 31 i32.mul i32.add"), "global.set $g_i32_0"]
        : this.scope.popToLocals(types, 2)),
    ];
  }

  /** Nothing branches to its head but its own end: it would not be counted, and might not end. */
  #walk({ base, aligned, step, iterations, accesses, between }: Extract<Statement, { kind: "walk" }>): Lines {
    const [pointer, counter] = [this.scope.counter(), this.scope.counter()];
    const address = `local.get ${pointer} local.get ${counter} i32.add`;
    return [
      ...this.expression(base),
      `${aligned ? "i32.const -4 i32.and " : ""}local.set ${pointer} i32.const 0 local.set ${counter}`,
      ...this.scope.within("loop", undefined, () => [
        ...accesses.flatMap(({ name, offset, local }) => {
          const type = name.startsWith("i32") ? "i32" : "i64";
          const value = this.scope.local(type, local);
          return name.includes("store")
            ? [address, `local.get ${value}`, `${name} offset=${offset} align=1`]
            : [
                `local.get ${value} ${type}.const 5 ${type}.rotl`,
                address,
                `${name} offset=${offset} align=1 ${type}.add local.set ${value}`,
              ];
        }),
        ...this.statements(between),
        `local.get ${counter} i32.const ${step} i32.add local.tee ${counter} i32.const ${step * iterations} i32.ne br_if 0`,
      ]),
    ];
  }

  /** The block around the loop takes the same values. */
  #repeat({ types: list, keep, back, next, repeat }: Extract<Statement, { kind: "loop" }>): Lines {
    const shifts = keep && back !== "br_if" && list === shiftedTypes;
    const branches = { br_if: "br_if 0", br: "i32.eqz br_if 1 br 0", br_table: "br_table 1 0" };
    return [
      ...(shifts ? this.expressions(next.slice(-1)) : this.#leave(blockTypes[list] ?? [], keep, next)),
      ...this.expression(repeat),
      branches[back],
    ];
  }

  #switch({ index, targets, arms }: Extract<Statement, { kind: "switch" }>): Lines {
    const depths = targets.map((target) => target % (arms.length + 1));
    const selection = (): Lines => [...this.expression(index), `br_table ${depths.join(" ")}`];
    // From within: arm 0 stands behind the innermost block.
    const around = arms.reduce<() => Lines>(
      (inner, { body, fallsThrough }, arm) =>
        () => [
          ...this.scope.within("block", [], inner),
          ...this.statements(body),
          ...(fallsThrough ? [] : [`br ${arms.length - 1 - arm}`]),
        ],
      selection,
    );
    return this.scope.within("block", [], around);
  }

  /** Only labels of the fallback's types can share its operands; where the condition holds, control goes on behind. */
  #branchTable({ labels, fallback, condition, index }: Extract<Statement, { kind: "branchTable" }>): Lines {
    return this.scope.within("block", [], () => {
      const last = this.scope.target(fallback);
      const same = labels
        .map((label) => this.scope.target(label))
        .filter(({ types }) => types.join() === last.types.join());
      return [
        ...this.expression(condition),
        "br_if 0",
        ...this.scope.leaves(last.types, fallback),
        ...this.expression(index),
        `br_table ${[...same, last].map(({ depth }) => depth).join(" ")}`,
      ];
    });
  }
}
