/** One function of a generated program as WebAssembly text: a list of instructions, operands first. */
import {
  type Access,
  blockTypes,
  type Expression,
  type Program,
  type ProgramFunction,
  type SignatureName,
  type Statement,
  signatures,
  type Type,
  types,
} from "./program.ts";

const localsOfType = 2;
export const globalsOfType = 2;

/** The table of functions that answer with their number, `$number0` and those after it. */
export const numberTable = 2;
export const numberFunctions = 4;

/** The instruction that makes the reference a number stands for, in a program of so many functions. */
export function reference(functions: number, table: number, number: number): string {
  if (number % 5 === 4) return "ref.null func";
  return table === numberTable ? `ref.func $number${number % numberFunctions}` : `ref.func $f${number % functions}`;
}

export function importName(signature: SignatureName): string {
  return `$import_${signature}`;
}

/** It takes much of the fuel: every call is a round to the host and back. */
function importCall(signature: SignatureName): Lines {
  return ["global.get $fuel i32.const 60 i32.sub global.set $fuel", `call ${importName(signature)}`];
}

/** The functions that a table has at first, from its entry `tableStart` on. */
export function tableElements(elements: readonly number[], table: number): readonly number[] {
  return table === 0 ? elements : elements.slice(0, 4).reverse();
}

export function tableStart(table: number): number {
  return table;
}

type Types = readonly Type[];
type Lines = readonly string[];

/** As a branch counts it, 0 the innermost. */
interface Target {
  readonly depth: number;
  readonly types: Types;
}

function zero(type: Type): string {
  return type === "v128" ? "v128.const i64x2 0 0" : `${type}.const 0`;
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

export class FunctionPrinter {
  readonly #program: Program;
  readonly #function: ProgramFunction;
  readonly #index: number;
  /** What branches to the open labels carry; the function's own is the first. */
  readonly #labels: Types[] = [];
  readonly #locals: Record<Type, string[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  #counters = 0;

  constructor(program: Program, index: number) {
    this.#program = program;
    this.#function = program.functions[index] as ProgramFunction;
    this.#index = index;
  }

  print(): string {
    const { signature, body, results } = this.#function;
    const { parameters, results: resultTypes } = signatures[signature];
    parameters.forEach((type, index) => {
      this.#locals[type].push(`$p${index}`);
    });
    for (const type of types) {
      for (let index = 0; index < localsOfType; index++) this.#locals[type].push(`$${type}_${index}`);
    }
    this.#labels.push(resultTypes);
    const code = [
      "global.get $fuel i32.const 1 i32.sub global.set $fuel",
      "global.get $fuel i32.const 0 i32.lt_s",
      `if ${resultTypes.map(zero).join(" ")} return end`,
      ...this.#statements(body),
      ...this.#expressions(results),
    ];
    const declared = [
      ...types.flatMap((type) => [
        ...Array.from({ length: localsOfType }, (_, index) => `(local $${type}_${index} ${type})`),
        `(local $nan_${type} ${type})`,
      ]),
      ...Array.from({ length: this.#counters }, (_, index) => `(local $n${index} i32)`),
    ];
    const named = parameters.map((type, index) => `(param $p${index} ${type})`);
    const head = `(func $f${this.#index} (type $${signature}) ${named.join(" ")} (result ${resultTypes.join(" ")})`;
    return [head, declared.join(" "), ...code].join("\n  ").concat(")");
  }

  #statements(statements: readonly Statement[]): Lines {
    return statements.flatMap((statement) => this.#statement(statement));
  }

  #expressions(values: readonly Expression[]): Lines {
    return values.flatMap((value) => this.#expression(value));
  }

  #local(type: Type, index: number): string {
    const names = this.#locals[type];
    return names[index % names.length] as string;
  }

  #global(type: Type, index: number): string {
    return `$g_${type}_${index % globalsOfType}`;
  }

  /** Values from locals: for branches, whose types only the surroundings tell. */
  #leaves(types: Types, from: number): Lines {
    return types.map((type, index) => `local.get ${this.#local(type, from + index)}`);
  }

  #popToLocals(types: Types, from: number): Lines {
    return types.map((type, index) => `local.set ${this.#local(type, from + index)}`).reverse();
  }

  #target(number: number): Target {
    const depth = number % this.#labels.length;
    return { depth, types: this.#labels[this.#labels.length - 1 - depth] as Types };
  }

  /** A block, loop or if, branches to which carry `label`. */
  #scope(opening: string, label: Types, inside: () => Lines): Lines {
    this.#labels.push(label);
    const lines = inside();
    this.#labels.pop();
    return [opening, ...lines, "end"];
  }

  #access(name: string, { offset, align }: Access): string {
    return `${name} offset=${offset} align=${Math.min(2 ** align, accessBytes(name))}`;
  }

  #expression(value: Expression): Lines {
    switch (value.kind) {
      case "constant":
        return [`${value.type}.const ${value.text}`];
      case "local":
        return [`local.get ${this.#local(value.type, value.index)}`];
      case "global":
        return [`global.get ${this.#global(value.type, value.index)}`];
      case "tee":
        return [...this.#expression(value.value), `local.tee ${this.#local(value.type, value.index)}`];
      case "operation":
        return this.#operation(value.name, value.operands);
      case "load":
        return [...this.#expression(value.address), this.#access(value.name, value)];
      case "loadLane":
        return [...this.#expressions([value.address, value.value]), this.#laneAccess(value)];
      case "select":
        return [
          ...this.#expressions([...value.operands, value.condition]),
          value.typed ? `select (result ${value.type})` : "select",
        ];
      case "block":
        return this.#scope(`block (result ${value.type})`, [value.type], () => [
          ...this.#statements(value.body),
          ...this.#expression(value.value),
        ]);
      case "if":
        return [
          ...this.#expression(value.condition),
          ...this.#scope(`if (result ${value.type})`, [value.type], () => [
            ...this.#statements(value.accept.body),
            ...this.#expression(value.accept.value),
            "else",
            ...this.#statements(value.reject.body),
            ...this.#expression(value.reject.value),
          ]),
        ];
      case "branchIf":
        return this.#branchIf(value);
      case "call":
        return this.#call(value.type, value.index, value.operands);
      case "callIndirect":
        return this.#callIndirect(value);
      case "callImport":
        return [...this.#expressions(value.operands), ...importCall(value.type)];
      case "escape":
        return this.#branch({ label: value.label, condition: undefined });
      case "grow":
        return [`i32.const ${value.pages} memory.grow`];
      case "tableGrow":
        return [`${this.#reference(value)} i32.const ${value.count} table.grow $t${value.table}`];
      case "memorySize":
        return ["memory.size"];
      case "tableSize":
        return [`table.size $t${value.table}`];
      case "isNull":
        return [...this.#expression(value.element), `table.get $t${value.table} ref.is_null`];
    }
  }

  #laneAccess(access: Extract<Expression | Statement, { kind: "loadLane" | "storeLane" }>): string {
    return `${this.#access(access.name, access)} ${access.lane % (16 / accessBytes(access.name))}`;
  }

  #operation(name: string, operands: readonly Expression[]): Lines {
    const lines = operands.flatMap((operand, index) => {
      const shown = shownOperand(name);
      return shown?.index === index ? this.#canonical(operand, shown.type) : this.#expression(operand);
    });
    const shape = openNan.exec(name)?.[1];
    if (shape === undefined) return [...lines, name];
    // A vector's bits may be seen anywhere, so it is made canonical at once.
    const nans = `v128.const ${shape === "f64x2" ? "f64x2 nan nan" : "f32x4 nan nan nan nan"}`;
    const test = `local.get $nan_v128 local.get $nan_v128 ${shape}.ne v128.bitselect`;
    return [...lines, name, `local.set $nan_v128 ${nans} local.get $nan_v128 ${test}`];
  }

  /** A value whose bits will be seen. */
  #canonical(value: Expression, type: string): Lines {
    const lines = this.#expression(value);
    if ((type !== "f32" && type !== "f64") || value.kind === "constant" || value.kind === "load") return lines;
    const scratch = `$nan_${type}`;
    const test = `local.tee ${scratch} ${type}.const nan local.get ${scratch} local.get ${scratch} ${type}.eq select`;
    return [...lines, test];
  }

  /** Where the label takes anything else, what it takes lies on the value, which stays below when the branch is not taken. */
  #branchIf(value: Extract<Expression, { kind: "branchIf" }>): Lines {
    const { depth, types } = this.#target(value.label);
    const direct = types.length === 1 && types[0] === value.type;
    return [
      ...this.#expression(value.value),
      ...(direct ? [] : this.#leaves(types, value.label)),
      ...this.#expression(value.condition),
      `br_if ${depth}`,
      ...(direct ? [] : types.map(() => "drop")),
    ];
  }

  /** Where no function has the signature, the first operand stands for the result. */
  #call(signature: SignatureName, number: number, operands: readonly Expression[]): Lines {
    const candidates = this.#program.functions.flatMap((item, index) => (item.signature === signature ? [index] : []));
    const callee = candidates[number % candidates.length];
    if (callee !== undefined) return [...this.#expressions(operands), `call $f${callee}`];
    return signatures[signature].results.length === 1 ? this.#expressions(operands.slice(0, 1)) : [];
  }

  /** Where no entry matches, the first operand stands for the result. */
  #callIndirect({ type, table, ...call }: Extract<Expression, { kind: "callIndirect" }>): Lines {
    const { functions, elements } = this.#program;
    const entries = tableElements(elements, table).flatMap((number, at) => {
      const matches = number % 5 !== 4 && functions[number % functions.length]?.signature === type;
      return matches ? [at + tableStart(table)] : [];
    });
    const entry = call.matching === undefined ? undefined : entries[call.matching % entries.length];
    if (call.matching !== undefined && entry === undefined) return this.#expressions(call.operands.slice(0, 1));
    const element = entry === undefined ? this.#expression(call.element) : [`i32.const ${entry}`];
    return [...this.#expressions(call.operands), ...element, `call_indirect $t${table} (type $${type})`];
  }

  #statement(statement: Statement): Lines {
    switch (statement.kind) {
      case "setLocal":
        return [...this.#expression(statement.value), `local.set ${this.#local(statement.type, statement.index)}`];
      case "setGlobal":
        return [...this.#expression(statement.value), `global.set ${this.#global(statement.type, statement.index)}`];
      case "drop":
        return [...this.#expression(statement.value), "drop"];
      case "store":
        return [
          ...this.#expression(statement.address),
          ...this.#canonical(statement.value, statement.name.slice(0, 3)),
          this.#access(statement.name, statement),
        ];
      case "storeLane":
        return [...this.#expressions([statement.address, statement.value]), this.#laneAccess(statement)];
      case "ifElse":
        return [
          ...this.#expression(statement.condition),
          ...this.#scope("if", [], () => [
            ...this.#statements(statement.accept),
            ...(statement.reject.length === 0 ? [] : ["else"]),
            ...this.#statements(statement.reject),
          ]),
        ];
      case "blockOf":
        return this.#block(statement);
      case "loop":
        return this.#loop(statement);
      case "branch":
        return this.#branch(statement);
      case "branchTable":
        return this.#branchTable(statement);
      case "switch":
        return this.#switch(statement);
      case "return":
        return [
          ...this.#expression(statement.condition),
          ...["if", ...this.#leaves(signatures[this.#function.signature].results, 0), "return", "end"],
        ];
      case "unreachable":
        return [...this.#expression(statement.condition), "if unreachable end"];
      case "callMany": {
        const call = this.#call("many", statement.index, statement.operands);
        return call.length === 0 ? [] : [...call, ...this.#popToLocals(signatures.many.results, statement.index)];
      }
      case "callNone":
        return this.#call("none", statement.index, []);
      case "importMany":
        return [
          ...this.#expressions(statement.operands),
          ...importCall("many"),
          ...this.#popToLocals(signatures.many.results, statement.index),
        ];
      case "importNone":
        return importCall("none");
      case "bulk":
        return [...this.#expressions(statement.operands), statement.name];
      case "dropSegment":
        return [`${statement.name} $passive`];
      case "tableSet":
        return [...this.#expression(statement.element), `${this.#reference(statement)} table.set $t${statement.table}`];
      case "tableFill":
        return [
          ...this.#expression(statement.element),
          `${this.#reference(statement)} i32.const ${statement.count} table.fill $t${statement.table}`,
        ];
    }
  }

  #reference({ table, function: number }: { readonly table: number; readonly function: number }): string {
    return reference(this.#program.functions.length, table, number);
  }

  /** Into a block: the values that came in are taken off the stack, or stay. */
  #enter(types: Types, keep: boolean): Lines {
    return keep ? [] : this.#popToLocals(types, 0);
  }

  #leave(types: Types, keep: boolean, results: readonly Expression[]): Lines {
    const last = types.at(-1);
    if (!keep || last === undefined) return this.#expressions(results);
    return [...this.#expressions(results.slice(-1)), last === "v128" ? "v128.xor" : `${last}.add`];
  }

  #block({ types: list, keep, initial, body, results }: Extract<Statement, { kind: "blockOf" }>): Lines {
    const types = blockTypes[list] ?? [];
    return [
      ...this.#expressions(initial),
      ...this.#scope(`block (param ${types.join(" ")}) (result ${types.join(" ")})`, types, () => [
        ...this.#enter(types, keep),
        ...this.#statements(body),
        ...this.#leave(types, keep, results),
      ]),
      ...this.#popToLocals(types, 1),
    ];
  }

  /** The loop's own test comes first, so that a branch to its head counts too. */
  #loop({ types: list, keep, iterations, initial, body, next, repeat }: Extract<Statement, { kind: "loop" }>): Lines {
    const types = blockTypes[list] ?? [];
    const counter = `$n${this.#counters++}`;
    const inside = () => [
      ...this.#enter(types, keep),
      ...this.#leaves(types, 1),
      "global.get $fuel i32.const 1 i32.sub global.set $fuel",
      `local.get ${counter} i32.eqz global.get $fuel i32.const 0 i32.lt_s i32.or br_if 1`,
      ...types.map(() => "drop"),
      `local.get ${counter} i32.const 1 i32.sub local.set ${counter}`,
      ...this.#statements(body),
      ...this.#leave(types, keep, next),
      ...this.#expression(repeat),
      "br_if 0",
    ];
    return [
      `i32.const ${iterations} local.set ${counter}`,
      ...this.#scope(`block (result ${types.join(" ")})`, types, () => [
        ...this.#expressions(initial),
        ...this.#scope(`loop (param ${types.join(" ")}) (result ${types.join(" ")})`, types, inside),
      ]),
      ...this.#popToLocals(types, 2),
    ];
  }

  #branch({ label, condition }: Pick<Extract<Statement, { kind: "branch" }>, "label" | "condition">): Lines {
    const { depth, types } = this.#target(label);
    const operands = this.#leaves(types, label);
    if (condition === undefined) return [...operands, `br ${depth}`];
    return [...operands, ...this.#expression(condition), `br_if ${depth}`, ...types.map(() => "drop")];
  }

  #switch({ index, targets, arms }: Extract<Statement, { kind: "switch" }>): Lines {
    const depths = targets.map((target) => target % (arms.length + 1));
    const selection = (): Lines => [...this.#expression(index), `br_table ${depths.join(" ")}`];
    // From within: arm 0 stands behind the innermost block.
    const around = arms.reduce<() => Lines>(
      (inner, { body, fallsThrough }, arm) =>
        () => [
          ...this.#scope("block", [], inner),
          ...this.#statements(body),
          ...(fallsThrough ? [] : [`br ${arms.length - 1 - arm}`]),
        ],
      selection,
    );
    return this.#scope("block", [], around);
  }

  /** Only labels of the fallback's types can share its operands; where the condition holds, control goes on behind. */
  #branchTable({ labels, fallback, condition, index }: Extract<Statement, { kind: "branchTable" }>): Lines {
    return this.#scope("block", [], () => {
      const last = this.#target(fallback);
      const same = labels.map((label) => this.#target(label)).filter(({ types }) => types.join() === last.types.join());
      return [
        ...this.#expression(condition),
        "br_if 0",
        ...this.#leaves(last.types, fallback),
        ...this.#expression(index),
        `br_table ${[...same, last].map(({ depth }) => depth).join(" ")}`,
      ];
    });
  }
}
