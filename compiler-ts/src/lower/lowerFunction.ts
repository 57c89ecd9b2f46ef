/**
 * One wasm body to statements: the operand stack becomes expressions and temporaries.
 *
 * A stack entry is an expression that has not been evaluated yet. Three rules keep wasm's order: what has effects is a statement and its results are
 * temporaries; before a local is assigned, entries that read it are evaluated; before structured control, entries that read any assignable local are.
 */
import { expectedAlignment } from "../ir/access.ts";
import { apply, assign, constant, i32, not, read, vector, zero } from "../ir/builder.ts";
import type { Expression, IrFunction, Local } from "../ir/module.ts";
import type { FunctionBody, FunctionType, Instruction, Module, ValueType } from "../wasm/module.ts";
import { ControlFlow } from "./controlFlow.ts";
import { OperandStack, readsLocal } from "./operandStack.ts";
import { lowerSimd } from "./simd.ts";

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
  readonly #stack = new OperandStack();
  readonly #control: ControlFlow;
  readonly #locals: Local[] = [];
  readonly #parameters: Local[];
  readonly #variables: Local[] = [];
  readonly #body: FunctionBody;

  constructor(context: FunctionContext) {
    this.#context = context;
    this.#module = context.module;
    const typeIndex = context.module.functionTypes[context.functionIndex] as number;
    this.#type = context.module.types[typeIndex] as FunctionType;
    const imported = context.module.functionTypes.length - context.module.functions.length;
    this.#body = context.module.functions[context.functionIndex - imported] as FunctionBody;
    this.#parameters = this.#type.parameters.map((type, index) => ({ kind: "parameter", type, name: `p${index}` }));
    this.#locals.push(...this.#parameters);
    this.#control = new ControlFlow(this.#stack, this.#type, this.#variables, context.displayName);
  }

  run(): IrFunction {
    for (const type of this.#body.locals) {
      const local: Local = { kind: "variable", type, name: `l${this.#locals.length}` };
      this.#locals.push(local);
      this.#variables.push(local);
    }
    this.#control.enter("function", this.#type);
    this.#instructions(this.#body.instructions);
    return {
      kind: "wasm",
      index: this.#context.functionIndex,
      name: this.#context.name,
      displayName: this.#context.displayName,
      type: this.#type,
      parameters: this.#parameters,
      variables: this.#variables,
      body: this.#stack.statements,
      lowered: this.#stack.kinds,
      instructions: this.#body.instructions.length,
    };
  }

  #instructions(instructions: readonly Instruction[]): void {
    const control = this.#control;
    let skipped = 0;
    for (const instruction of instructions) {
      const name = instruction.opcode.name;
      if (control.frame.unreachable) {
        // Dead code has no stack to follow; only its nesting matters.
        if (name === "block" || name === "loop" || name === "if") skipped++;
        else if (name === "end" && skipped > 0) skipped--;
        else if (skipped === 0 && (name === "end" || name === "else")) control.lower(instruction);
        continue;
      }
      if (!control.lower(instruction) && !this.#variableOrCall(instruction)) this.#operation(instruction);
    }
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
        this.#stack.push(apply("i32", "i32.eqz", [this.#stack.pop()]));
        return true;
      default:
        return false;
    }
  }

  #select(): void {
    const [first, second, condition] = this.#stack.popMany(3) as [Expression, Expression, Expression];
    this.#stack.push(apply(first.type, "select", [first, second, condition]));
  }

  #indexed(name: string, index: number): boolean {
    switch (name) {
      case "local.get":
        this.#stack.push(read(this.#locals[index] as Local));
        return true;
      case "local.set":
        this.#setLocal(this.#locals[index] as Local, this.#stack.pop());
        return true;
      case "local.tee":
        this.#setLocal(this.#locals[index] as Local, this.#stack.pop());
        this.#stack.push(read(this.#locals[index] as Local));
        return true;
      case "global.get":
        this.#stack.emit({
          kind: "globalGet",
          target: this.#stack.pushTemporary(this.#module.globalTypes[index]?.value as ValueType),
          global: index,
        });
        return true;
      case "global.set":
        this.#stack.emit({ kind: "globalSet", global: index, value: this.#stack.pop() });
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
    this.#stack.evaluateEntries(this.#control.frame.height, (entry) => readsLocal(entry, local));
    if (value.kind !== "local" || value.local !== local) this.#stack.emit(assign(local, value));
  }

  #call(callee: number): void {
    const type = this.#module.types[this.#module.functionTypes[callee] as number] as FunctionType;
    const values = this.#stack.popMany(type.parameters.length);
    const targets = type.results.map((result) => this.#stack.pushTemporary(result));
    this.#stack.emit({ kind: "call", callee, arguments: values, targets });
  }

  #callIndirect(typeIndex: number, table: number): void {
    const type = this.#module.types[typeIndex] as FunctionType;
    const index = this.#stack.pop();
    const values = this.#stack.popMany(type.parameters.length);
    const targets = type.results.map((result) => this.#stack.pushTemporary(result));
    this.#stack.emit({ kind: "callIndirect", type, table, index, arguments: values, targets });
  }

  // Everything that the opcode table describes by its operands

  #operation(instruction: Instruction): void {
    const { name, operands, results } = instruction.opcode;
    if (instruction.opcode.code >> 8 === simdPrefix && this.#simd(instruction)) return;
    if (instruction.immediate === "memory") {
      this.#memoryAccess(name, instruction.memoryOffset, instruction.align, results);
      return;
    }
    const immediates = bulkImmediates(instruction);
    if (immediates !== undefined) {
      this.#bulk(name, immediates);
      return;
    }
    const values = this.#stack.popMany(operands?.length ?? 0);
    const result = results?.[0] as ValueType;
    if (trappingOperations.has(name)) {
      this.#stack.emit({
        kind: "trapping",
        operation: name,
        operands: values,
        target: this.#stack.pushTemporary(result),
      });
    } else if (name === "i32.eqz") this.#stack.push(not(values[0] as Expression));
    else this.#stack.push(apply(result, name, values));
  }

  #simd(instruction: Instruction): boolean {
    const count = instruction.opcode.operands?.length ?? 0;
    const lowered = lowerSimd(instruction, this.#stack.top(count), this.#stack.names, this.#body.memoryIndex);
    if (lowered === undefined) return false;
    this.#stack.dropTo(this.#stack.height - count);
    for (const statement of lowered.statements) this.#stack.emit(statement);
    if (lowered.result !== undefined) this.#stack.push(lowered.result);
    return true;
  }

  #memoryAccess(operation: string, offset: number, align: number, results: readonly ValueType[] | undefined): void {
    const result = results?.[0];
    const memory = this.#body.memoryIndex;
    const alignment = expectedAlignment(operation, align);
    if (result === undefined) {
      const [address, value] = this.#stack.popMany(2) as [Expression, Expression];
      this.#stack.emit({ kind: "store", operation, memory, address, value, offset, alignment });
    } else {
      const address = this.#stack.pop();
      const target = this.#stack.pushTemporary(result);
      this.#stack.emit({ kind: "load", operation, memory, target, address, offset, alignment });
    }
  }

  #bulk(operation: string, immediates: readonly number[]): void {
    const operands = this.#stack.popMany(bulkOperandCount[operation] as number);
    const resultType = this.#bulkResult(operation, immediates);
    const target = resultType === undefined ? undefined : this.#stack.pushTemporary(resultType);
    this.#stack.emit({ kind: "bulk", operation, immediates, operands, target });
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
