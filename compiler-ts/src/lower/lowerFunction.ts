/**
 * One wasm body to statements: the operand stack becomes expressions and temporaries.
 *
 * A stack entry is an expression that has not been evaluated yet. Three rules keep wasm's order: what has effects is a statement and its results are
 * temporaries; before a local is assigned, entries that read it are evaluated; before structured control, entries that read any assignable local are.
 */
import { CompileError } from "../diagnostics.ts";
import { apply, assign, constant, i32, NameSource, not, read, vector, zero } from "../ir/builder.ts";
import type { Expression, IrFunction, Local, Statement } from "../ir/module.ts";
import type { FunctionType, Instruction, Module, ValueType } from "../wasm/module.ts";
import { type Frame, targetTypes } from "./frame.ts";
import { lowerSimd } from "./simd.ts";

/** Larger expressions are evaluated into a temporary: bracket nesting in the text stays small (shared limit of MSL compilers: 256). */
const maximumExpressionSize = 24;

/** Passes recurse over nested lists: deeper bodies would exhaust the JavaScript stack. No known compiler emits 1,000 levels. */
const maximumNesting = 1000;

const trappingOperations: ReadonlySet<string> = new Set(
  ["i32", "i64"].flatMap((type) =>
    ["div_s", "div_u", "rem_s", "rem_u", "trunc_f32_s", "trunc_f32_u", "trunc_f64_s", "trunc_f64_u"].map(
      (name) => `${type}.${name}`,
    ),
  ),
);

const simdPrefix = 0xfd;

export interface FunctionContext {
  readonly module: Module;
  readonly functionIndex: number;
  readonly name: string;
  readonly displayName: string;
}

export function lowerFunction(context: FunctionContext): IrFunction {
  return new FunctionLowering(context).run();
}

class FunctionLowering {
  readonly #module: Module;
  readonly #context: FunctionContext;
  readonly #type: FunctionType;
  readonly #names = new NameSource();
  readonly #locals: Local[] = [];
  readonly #parameters: Local[];
  readonly #variables: Local[] = [];
  readonly #kinds = new Set<Statement["kind"]>();
  #frames: Frame[] = [];
  #stack: Expression[] = [];
  #statements: Statement[] = [];

  constructor(context: FunctionContext) {
    this.#context = context;
    this.#module = context.module;
    const typeIndex = context.module.functionTypes[context.functionIndex] as number;
    this.#type = context.module.types[typeIndex] as FunctionType;
    this.#parameters = this.#type.parameters.map((type, index) => ({ kind: "parameter", type, name: `p${index}` }));
    this.#locals.push(...this.#parameters);
  }

  run(): IrFunction {
    const module = this.#module;
    const imported = module.functionTypes.length - module.functions.length;
    const body = module.functions[this.#context.functionIndex - imported] as Module["functions"][number];
    for (const type of body.locals) {
      const local: Local = { kind: "variable", type, name: `l${this.#locals.length}` };
      this.#locals.push(local);
      this.#variables.push(local);
    }
    this.#enter("function", this.#type);
    this.#instructions(body.instructions);
    return {
      kind: "wasm",
      index: this.#context.functionIndex,
      name: this.#context.name,
      displayName: this.#context.displayName,
      type: this.#type,
      parameters: this.#parameters,
      variables: this.#variables,
      body: this.#statements,
      lowered: this.#kinds,
    };
  }

  #instructions(instructions: readonly Instruction[]): void {
    let skipped = 0;
    for (const instruction of instructions) {
      const name = instruction.opcode.name;
      if (this.#frame.unreachable) {
        // Dead code has no stack to follow; only its nesting matters.
        if (name === "block" || name === "loop" || name === "if") skipped++;
        else if (name === "end" && skipped > 0) skipped--;
        else if (skipped === 0 && (name === "end" || name === "else")) this.#control(instruction);
        continue;
      }
      if (!this.#control(instruction) && !this.#variableOrCall(instruction)) this.#operation(instruction);
    }
  }

  // Stack

  get #frame(): Frame {
    return this.#frames[this.#frames.length - 1] as Frame;
  }

  #push(expression: Expression): void {
    this.#stack.push(expression.size > maximumExpressionSize ? this.#evaluate(expression) : expression);
  }

  #pop(): Expression {
    return this.#stack.pop() as Expression;
  }

  #popMany(count: number): Expression[] {
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #emit(statement: Statement): void {
    this.#kinds.add(statement.kind);
    this.#statements.push(statement);
  }

  #evaluate(expression: Expression): Expression {
    const temporary = this.#names.temporary(expression.type);
    this.#emit(assign(temporary, expression));
    return read(temporary);
  }

  #pushTemporary(type: ValueType): Local {
    const temporary = this.#names.temporary(type);
    this.#stack.push(read(temporary));
    return temporary;
  }

  #evaluateEntries(mustEvaluate: (expression: Expression) => boolean): void {
    for (let i = this.#frame.height; i < this.#stack.length; i++) {
      const entry = this.#stack[i] as Expression;
      if (mustEvaluate(entry)) this.#stack[i] = this.#evaluate(entry);
    }
  }

  // Control

  #enter(kind: Frame["kind"], type: FunctionType, condition?: Expression): void {
    if (this.#frames.length > maximumNesting) {
      throw new CompileError({
        kind: "limit",
        message: `control instructions are nested deeper than ${maximumNesting} levels`,
        function: this.#context.displayName,
      });
    }
    // Its parameters included: an `else` arm starts from them again.
    if (this.#frames.length > 0) this.#evaluateEntries(readsAssignable);
    const frame: Frame = {
      kind,
      type,
      label: this.#names.label(kind === "loop" ? "loop" : "block"),
      height: this.#stack.length - (kind === "function" ? 0 : type.parameters.length),
      results: type.results.map((result) => this.#names.result(result)),
      loopParameters: kind === "loop" ? type.parameters.map((parameter) => this.#names.result(parameter)) : [],
      outer: this.#statements,
      condition,
      parameters: [],
      firstArm: undefined,
      targeted: false,
      unreachable: false,
    };
    if (kind === "loop") {
      const initial = this.#popMany(type.parameters.length);
      frame.loopParameters.forEach((local, i) => {
        this.#emit(assign(local, initial[i] as Expression));
      });
      this.#stack.push(...frame.loopParameters.map(read));
      // Assigned before the loop, hence declared by the function.
      this.#variables.push(...frame.loopParameters);
    }
    if (kind === "if") frame.parameters.push(...this.#stack.slice(frame.height));
    this.#frames.push(frame);
    this.#statements = [];
  }

  #control(instruction: Instruction): boolean {
    switch (instruction.opcode.name) {
      case "block":
      case "loop":
        if (instruction.immediate === "block") this.#enter(instruction.opcode.name, instruction.blockType);
        return true;
      case "if":
        if (instruction.immediate === "block") {
          const condition = this.#pop();
          this.#enter("if", instruction.blockType, condition);
        }
        return true;
      case "else":
        this.#else();
        return true;
      case "end":
        this.#end();
        return true;
      case "br":
        if (instruction.immediate === "index") this.#branch(instruction.index);
        this.#frame.unreachable = true;
        return true;
      case "br_if":
        if (instruction.immediate === "index") this.#branchIf(instruction.index);
        return true;
      case "br_table":
        if (instruction.immediate === "labelTable") this.#branchTable(instruction.labels, instruction.defaultLabel);
        this.#frame.unreachable = true;
        return true;
      case "return":
        this.#emit({ kind: "return", values: this.#popMany(this.#type.results.length) });
        this.#frame.unreachable = true;
        return true;
      case "unreachable":
        this.#emit({ kind: "trap", trap: "unreachable" });
        this.#frame.unreachable = true;
        return true;
      default:
        return false;
    }
  }

  #frameAt(depth: number): Frame {
    return this.#frames[this.#frames.length - 1 - depth] as Frame;
  }

  /** Moves the branch's operands to where the target expects them. Several at once are evaluated first: a loop's parameters may depend on each other. */
  #transfer(frame: Frame, values: readonly Expression[]): Statement[] {
    const targets = frame.kind === "loop" ? frame.loopParameters : frame.results;
    const stable =
      values.length > 1 && frame.kind === "loop"
        ? values.map((value) => (value.kind === "constant" ? value : this.#evaluate(value)))
        : values;
    return targets.map((target, i) => assign(target, stable[i] as Expression));
  }

  #jump(frame: Frame): Statement {
    frame.targeted = true;
    return frame.kind === "loop" ? { kind: "continue", label: frame.label } : { kind: "break", label: frame.label };
  }

  #branch(depth: number): void {
    const frame = this.#frameAt(depth);
    const values = this.#popMany(targetTypes(frame).length);
    if (frame.kind === "function") {
      this.#emit({ kind: "return", values });
      return;
    }
    for (const statement of this.#transfer(frame, values)) this.#emit(statement);
    this.#emit(this.#jump(frame));
  }

  #branchIf(depth: number): void {
    const condition = this.#pop();
    const frame = this.#frameAt(depth);
    const count = targetTypes(frame).length;
    const body: Statement[] = [];
    if (count > 0) {
      // The values stay on the stack when the branch is not taken.
      for (let i = this.#stack.length - count; i < this.#stack.length; i++) {
        const value = this.#stack[i] as Expression;
        if (value.kind === "apply") this.#stack[i] = this.#evaluate(value);
      }
    }
    const values = this.#stack.slice(this.#stack.length - count);
    if (frame.kind === "function") body.push({ kind: "return", values });
    else {
      const outer = this.#statements;
      this.#statements = body;
      body.push(...this.#transfer(frame, values), this.#jump(frame));
      this.#statements = outer;
    }
    this.#emit({ kind: "if", condition, results: [], whenTrue: body, whenFalse: [] });
  }

  #branchTable(labels: readonly number[], defaultLabel: number): void {
    const index = this.#pop();
    const count = targetTypes(this.#frameAt(defaultLabel)).length;
    const values = this.#popMany(count).map((value) => (value.kind === "apply" ? this.#evaluate(value) : value));
    const bodyFor = (depth: number): Statement[] => {
      const frame = this.#frameAt(depth);
      const targets = frame.kind === "loop" ? frame.loopParameters : frame.results;
      return [...targets.map((target, i) => assign(target, values[i] as Expression)), this.#jump(frame)];
    };
    if (values.length > 1) this.#stabilizeAll(values);
    const byDepth = new Map<number, number[]>();
    labels.forEach((depth, value) => {
      if (depth === defaultLabel) return;
      const list = byDepth.get(depth);
      if (list === undefined) byDepth.set(depth, [value]);
      else list.push(value);
    });
    const cases = [...byDepth].map(([depth, caseValues]) => ({ values: caseValues, body: bodyFor(depth) }));
    this.#emit({ kind: "switch", index, cases, default: bodyFor(defaultLabel) });
  }

  #stabilizeAll(values: Expression[]): void {
    values.forEach((value, i) => {
      if (value.kind === "local" && value.local.kind !== "temporary") values[i] = this.#evaluate(value);
    });
  }

  /** Results of the arm that ends here go to the frame's result locals. */
  #storeResults(frame: Frame): void {
    const values = this.#popMany(frame.results.length);
    frame.results.forEach((target, i) => {
      this.#emit(assign(target, values[i] as Expression));
    });
  }

  #else(): void {
    const frame = this.#frame;
    if (!frame.unreachable) this.#storeResults(frame);
    frame.firstArmCompletes = !frame.unreachable;
    frame.firstArm = this.#statements;
    frame.unreachable = false;
    this.#statements = [];
    this.#stack.length = frame.height;
    this.#stack.push(...frame.parameters);
  }

  #end(): void {
    const frame = this.#frame;
    switch (frame.kind) {
      case "function":
        this.#endFunction(frame);
        break;
      case "if":
        this.#endIf(frame);
        break;
      case "block":
      case "loop":
        this.#endBlock(frame);
        break;
    }
  }

  #leaveFrame(frame: Frame, completes: boolean): void {
    this.#frames.pop();
    this.#statements = frame.outer;
    if (!completes) this.#frame.unreachable = true;
  }

  #endBlock(frame: Frame): void {
    const fallsThrough = !frame.unreachable;
    if (!frame.targeted) {
      // Nothing branches here: the body is spliced, results stay expressions.
      const values = fallsThrough ? this.#popMany(frame.results.length) : [];
      this.#stack.length = frame.height;
      this.#stack.push(...values);
      const body = this.#statements;
      this.#leaveFrame(frame, fallsThrough);
      for (const statement of body) this.#emit(statement);
      return;
    }
    if (fallsThrough && frame.results.length > 0) this.#storeResults(frame);
    const body = this.#statements;
    const last = body[body.length - 1];
    if (frame.kind === "block" && last?.kind === "break" && last.label === frame.label) body.pop();
    this.#stack.length = frame.height;
    this.#leaveFrame(frame, frame.kind === "block" || fallsThrough);
    this.#emit({ kind: frame.kind === "loop" ? "loop" : "block", label: frame.label, results: frame.results, body });
    this.#stack.push(...frame.results.map(read));
  }

  #endIf(frame: Frame): void {
    let elseArm: Statement[] = [];
    let elseCompletes = true;
    let thenArm: Statement[];
    let thenCompletes: boolean;
    if (frame.firstArm === undefined) {
      // No else: the parameters are the results of the missing arm.
      if (!frame.unreachable) this.#storeResults(frame);
      thenArm = this.#statements;
      thenCompletes = !frame.unreachable;
      elseArm = frame.results.map((target, i) => assign(target, frame.parameters[i] as Expression));
    } else {
      if (!frame.unreachable) this.#storeResults(frame);
      thenArm = frame.firstArm;
      thenCompletes = frame.firstArmCompletes ?? true;
      elseArm = this.#statements;
      elseCompletes = !frame.unreachable;
    }
    this.#stack.length = frame.height;
    const statement: Statement = {
      kind: "if",
      condition: frame.condition as Expression,
      results: frame.targeted ? [] : frame.results,
      whenTrue: thenArm,
      whenFalse: elseArm,
    };
    this.#leaveFrame(frame, thenCompletes || elseCompletes || frame.targeted);
    if (frame.targeted) this.#emit({ kind: "block", label: frame.label, results: frame.results, body: [statement] });
    else this.#emit(statement);
    this.#stack.push(...frame.results.map(read));
  }

  #endFunction(frame: Frame): void {
    if (!frame.targeted) {
      if (!frame.unreachable) this.#emit({ kind: "return", values: this.#popMany(frame.results.length) });
      return;
    }
    if (!frame.unreachable) this.#storeResults(frame);
    const body = this.#statements;
    this.#statements = [];
    this.#emit({ kind: "block", label: frame.label, results: frame.results, body });
    this.#emit({ kind: "return", values: frame.results.map(read) });
  }

  // Locals, globals, calls, parametric and constant instructions

  #variableOrCall(instruction: Instruction): boolean {
    switch (instruction.immediate) {
      case "i32":
        this.#stack.push(i32(instruction.value));
        return true;
      case "i64":
        this.#stack.push(constant("i64", instruction.value));
        return true;
      case "f32":
        this.#stack.push(constant("f32", instruction.bits));
        return true;
      case "f64":
        this.#stack.push(constant("f64", instruction.bits));
        return true;
      case "v128":
        this.#stack.push(vector(instruction.bytes));
        return true;
      case "callIndirect":
        this.#callIndirect(instruction.typeIndex, instruction.tableIndex);
        return true;
      case "referenceType":
        if (instruction.opcode.name !== "ref.null") return false;
        this.#stack.push(zero(instruction.type));
        return true;
      case "index":
        return this.#indexed(instruction.opcode.name, instruction.index);
      default:
        break;
    }
    switch (instruction.opcode.name) {
      case "nop":
        return true;
      case "drop":
        this.#stack.pop();
        return true;
      case "select":
      case "select t":
        this.#select();
        return true;
      case "ref.is_null":
        this.#push(apply("i32", "i32.eqz", [this.#pop()]));
        return true;
      default:
        return false;
    }
  }

  #select(): void {
    const [first, second, condition] = this.#popMany(3) as [Expression, Expression, Expression];
    this.#push(apply(first.type, "select", [first, second, condition]));
  }

  #indexed(name: string, index: number): boolean {
    switch (name) {
      case "local.get":
        this.#stack.push(read(this.#locals[index] as Local));
        return true;
      case "local.set":
        this.#setLocal(this.#locals[index] as Local, this.#pop());
        return true;
      case "local.tee":
        this.#setLocal(this.#locals[index] as Local, this.#pop());
        this.#stack.push(read(this.#locals[index] as Local));
        return true;
      case "global.get":
        this.#emit({
          kind: "globalGet",
          target: this.#pushTemporary(this.#module.globalTypes[index]?.value as ValueType),
          global: index,
        });
        return true;
      case "global.set":
        this.#emit({ kind: "globalSet", global: index, value: this.#pop() });
        return true;
      case "call":
        this.#call(index);
        return true;
      case "ref.func":
        // References are numbers: 0 is null, a function's is its index plus 1 (docs/kernel-abi.md).
        this.#stack.push(constant("funcref", index + 1));
        return true;
      default:
        return false;
    }
  }

  #setLocal(local: Local, value: Expression): void {
    this.#evaluateEntries((entry) => readsLocal(entry, local));
    if (value.kind !== "local" || value.local !== local) this.#emit(assign(local, value));
  }

  #call(callee: number): void {
    const type = this.#module.types[this.#module.functionTypes[callee] as number] as FunctionType;
    const values = this.#popMany(type.parameters.length);
    const targets = type.results.map((result) => this.#pushTemporary(result));
    this.#emit({ kind: "call", callee, arguments: values, targets });
  }

  #callIndirect(typeIndex: number, table: number): void {
    const type = this.#module.types[typeIndex] as FunctionType;
    const index = this.#pop();
    const values = this.#popMany(type.parameters.length);
    const targets = type.results.map((result) => this.#pushTemporary(result));
    this.#emit({ kind: "callIndirect", type, table, index, arguments: values, targets });
  }

  // Everything that the opcode table describes by its operands

  #operation(instruction: Instruction): void {
    const { name, operands, results } = instruction.opcode;
    if (instruction.opcode.code >> 8 === simdPrefix && this.#simd(instruction)) return;
    if (instruction.immediate === "memory") {
      this.#memoryAccess(name, instruction.memoryOffset, results);
      return;
    }
    const immediates = bulkImmediates(instruction);
    if (immediates !== undefined) {
      this.#bulk(name, immediates);
      return;
    }
    const values = this.#popMany(operands?.length ?? 0);
    const result = results?.[0] as ValueType;
    if (trappingOperations.has(name)) {
      this.#emit({ kind: "trapping", operation: name, operands: values, target: this.#pushTemporary(result) });
    } else if (name === "i32.eqz") this.#push(not(values[0] as Expression));
    else this.#push(apply(result, name, values));
  }

  #simd(instruction: Instruction): boolean {
    const count = instruction.opcode.operands?.length ?? 0;
    const lowered = lowerSimd(instruction, this.#stack.slice(this.#stack.length - count), this.#names);
    if (lowered === undefined) return false;
    this.#stack.length -= count;
    for (const statement of lowered.statements) this.#emit(statement);
    if (lowered.result !== undefined) this.#push(lowered.result);
    return true;
  }

  #memoryAccess(operation: string, offset: number, results: readonly ValueType[] | undefined): void {
    const result = results?.[0];
    if (result === undefined) {
      const [address, value] = this.#popMany(2) as [Expression, Expression];
      this.#emit({ kind: "store", operation, address, value, offset });
    } else {
      const address = this.#pop();
      this.#emit({ kind: "load", operation, target: this.#pushTemporary(result), address, offset });
    }
  }

  #bulk(operation: string, immediates: readonly number[]): void {
    const operands = this.#popMany(bulkOperandCount[operation] as number);
    const resultType = this.#bulkResult(operation, immediates);
    const target = resultType === undefined ? undefined : this.#pushTemporary(resultType);
    this.#emit({ kind: "bulk", operation, immediates, operands, target });
  }

  #bulkResult(operation: string, immediates: readonly number[]): ValueType | undefined {
    if (operation === "table.get") return this.#module.tables[immediates[0] as number]?.element;
    return operation === "memory.size" ||
      operation === "memory.grow" ||
      operation === "table.size" ||
      operation === "table.grow"
      ? "i32"
      : undefined;
  }
}

const bulkOperandCount: Readonly<Record<string, number>> = {
  "memory.size": 0,
  "memory.grow": 1,
  "memory.fill": 3,
  "memory.copy": 3,
  "memory.init": 3,
  "data.drop": 0,
  "table.get": 1,
  "table.set": 2,
  "table.size": 0,
  "table.grow": 2,
  "table.fill": 3,
  "table.copy": 3,
  "table.init": 3,
  "elem.drop": 0,
};

function bulkImmediates(instruction: Instruction): readonly number[] | undefined {
  if (bulkOperandCount[instruction.opcode.name] === undefined) return undefined;
  switch (instruction.immediate) {
    case "index":
      return [instruction.index];
    case "indexPair":
      return [instruction.first, instruction.second];
    default:
      return [0];
  }
}

function readsLocal(expression: Expression, local: Local): boolean {
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
function readsAssignable(expression: Expression): boolean {
  switch (expression.kind) {
    case "local":
      return expression.local.kind === "parameter" || expression.local.kind === "variable";
    case "apply":
      return expression.operands.some(readsAssignable);
    default:
      return false;
  }
}
