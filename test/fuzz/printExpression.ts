/** Expressions of generated programs as WebAssembly text: a list of instructions, operands first. */
import { type FunctionScope, importName, type Lines, tableElements, tableStart } from "./functionScope.ts";
import { type Access, type Expression, type SignatureName, type Statement, signatures } from "./program.ts";

/** It takes much of the fuel: every call is a round to the host and back. */
export function importCall(signature: SignatureName): Lines {
  return ["global.get $fuel i32.const 60 i32.sub global.set $fuel", `call ${importName(signature)}`];
}

/** Vector instructions after which the bits of a NaN lane are open. */
const openNan = /^(f32x4|f64x2)\.(add|sub|mul|div|min|max|sqrt|ceil|floor|trunc|nearest|demote|promote)/;

/** The float operand whose bits an instruction shows. */
function shownOperand(name: string): { readonly index: number; readonly type: "f32" | "f64" } | undefined {
  const [, reinterpreted] = /reinterpret_(f32|f64)$/.exec(name) ?? [];
  const [, splat] = /^(f32|f64)x\d\.splat$/.exec(name) ?? [];
  const [, second] = /^(f32|f64)(?:\.copysign$|x\d\.replace_lane)/.exec(name) ?? [];
  const type = reinterpreted ?? splat ?? second;
  if (type !== "f32" && type !== "f64") return undefined;
  return { index: second === undefined ? 0 : 1, type };
}

function accessBytes(name: string): number {
  const [, width, parts] = /(?:load|store)(?:(\d+)(x\d)?)?/.exec(name) ?? [];
  if (parts !== undefined) return 8;
  if (width !== undefined) return Number(width) / 8;
  return name.startsWith("v128") ? 16 : Number(name.slice(1, 3)) / 8;
}

/** Statements occur in expressions: what prints them is made of this. */
export abstract class ExpressionPrinter {
  protected readonly scope: FunctionScope;

  constructor(scope: FunctionScope) {
    this.scope = scope;
  }

  abstract statements(statements: readonly Statement[]): Lines;

  expressions(values: readonly Expression[]): Lines {
    return values.flatMap((value) => this.expression(value));
  }

  protected access(name: string, { offset, align }: Access): string {
    return `${name} offset=${offset} align=${Math.min(2 ** align, accessBytes(name))}`;
  }

  protected expression(value: Expression): Lines {
    switch (value.kind) {
      case "constant":
        return [`${value.type}.const ${value.text}`];
      case "local":
        return [`local.get ${this.scope.local(value.type, value.index)}`];
      case "global":
        return [`global.get ${this.scope.global(value.type, value.index)}`];
      case "tee":
        return [...this.expression(value.value), `local.tee ${this.scope.local(value.type, value.index)}`];
      case "operation":
        return this.#operation(value.name, value.operands);
      case "load":
        return [...this.expression(value.address), this.access(value.name, value)];
      case "loadLane":
        return [...this.expressions([value.address, value.value]), this.laneAccess(value)];
      case "select":
        return [
          ...this.expressions([...value.operands, value.condition]),
          value.typed ? `select (result ${value.type})` : "select",
        ];
      case "block":
        return this.scope.within(`block (result ${value.type})`, [value.type], () => [
          ...this.statements(value.body),
          ...this.expression(value.value),
        ]);
      case "if":
        return [
          ...this.expression(value.condition),
          ...this.scope.within(`if (result ${value.type})`, [value.type], () => [
            ...this.statements(value.accept.body),
            ...this.expression(value.accept.value),
            "else",
            ...this.statements(value.reject.body),
            ...this.expression(value.reject.value),
          ]),
        ];
      case "branchIf":
        return this.#branchIf(value);
      case "call":
        return this.call(value.type, value.index, value.operands);
      case "callIndirect":
        return this.#callIndirect(value);
      case "callImport":
        return [...this.expressions(value.operands), ...importCall(value.type)];
      case "escape":
        return this.branch({ label: value.label, condition: undefined });
      case "grow":
        return [`i32.const ${value.pages} memory.grow`];
      case "tableGrow":
        return [`${this.scope.reference(value)} i32.const ${value.count} table.grow $t${value.table}`];
      case "memorySize":
        return ["memory.size"];
      case "tableSize":
        return [`table.size $t${value.table}`];
      case "isNull":
        return [...this.expression(value.element), `table.get $t${value.table} ref.is_null`];
    }
  }

  protected laneAccess(access: Extract<Expression | Statement, { kind: "loadLane" | "storeLane" }>): string {
    return `${this.access(access.name, access)} ${access.lane % (16 / accessBytes(access.name))}`;
  }

  #operation(name: string, operands: readonly Expression[]): Lines {
    const lines = operands.flatMap((operand, index) => {
      const shown = shownOperand(name);
      return shown?.index === index ? this.canonical(operand, shown.type) : this.expression(operand);
    });
    const shape = openNan.exec(name)?.[1];
    if (shape === undefined) return [...lines, name];
    // A vector's bits may be seen anywhere, so it is made canonical at once.
    const nans = `v128.const ${shape === "f64x2" ? "f64x2 nan nan" : "f32x4 nan nan nan nan"}`;
    const test = `local.get $nan_v128 local.get $nan_v128 ${shape}.ne v128.bitselect`;
    return [...lines, name, `local.set $nan_v128 ${nans} local.get $nan_v128 ${test}`];
  }

  /** A value whose bits will be seen. */
  protected canonical(value: Expression, type: string): Lines {
    const lines = this.expression(value);
    if ((type !== "f32" && type !== "f64") || value.kind === "constant" || value.kind === "load") return lines;
    const scratch = `$nan_${type}`;
    const test = `local.tee ${scratch} ${type}.const nan local.get ${scratch} local.get ${scratch} ${type}.eq select`;
    return [...lines, test];
  }

  /** Where the label takes anything else, what it takes lies on the value, which stays below when the branch is not taken. */
  #branchIf(value: Extract<Expression, { kind: "branchIf" }>): Lines {
    const { depth, types } = this.scope.target(value.label);
    const direct = types.length === 1 && types[0] === value.type;
    return [
      ...this.expression(value.value),
      ...(direct ? [] : this.scope.leaves(types, value.label)),
      ...this.expression(value.condition),
      `br_if ${depth}`,
      ...(direct ? [] : types.map(() => "drop")),
    ];
  }

  /** Where no function has the signature, the first operand stands for the result. */
  protected call(signature: SignatureName, number: number, operands: readonly Expression[]): Lines {
    const candidates = this.scope.program.functions.flatMap((item, index) =>
      item.signature === signature ? [index] : [],
    );
    const callee = candidates[number % candidates.length];
    if (callee !== undefined) return [...this.expressions(operands), `call $f${callee}`];
    return signatures[signature].results.length === 1 ? this.expressions(operands.slice(0, 1)) : [];
  }

  /** Where no entry matches, the first operand stands for the result. */
  #callIndirect({ type, table, ...call }: Extract<Expression, { kind: "callIndirect" }>): Lines {
    const { functions, elements } = this.scope.program;
    const entries = tableElements(elements, table).flatMap((number, at) => {
      const matches = number % 5 !== 4 && functions[number % functions.length]?.signature === type;
      return matches ? [at + tableStart(table)] : [];
    });
    const entry = call.matching === undefined ? undefined : entries[call.matching % entries.length];
    if (call.matching !== undefined && entry === undefined) return this.expressions(call.operands.slice(0, 1));
    const element = entry === undefined ? this.expression(call.element) : [`i32.const ${entry}`];
    return [...this.expressions(call.operands), ...element, `call_indirect $t${table} (type $${type})`];
  }

  protected branch({ label, condition }: Pick<Extract<Statement, { kind: "branch" }>, "label" | "condition">): Lines {
    const { depth, types } = this.scope.target(label);
    const operands = this.scope.leaves(types, label);
    if (condition === undefined) return [...operands, `br ${depth}`];
    return [...operands, ...this.expression(condition), `br_if ${depth}`, ...types.map(() => "drop")];
  }
}
