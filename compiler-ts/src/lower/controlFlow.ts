/** Structured control: wasm's blocks, loops, ifs and branches to statements of the IR, with operands carried in result locals. */
import { CompileError } from "../diagnostics.ts";
import { assign, read } from "../ir/builder.ts";
import type { Expression, Local, Statement } from "../ir/module.ts";
import type { FunctionType, Instruction } from "../wasm/module.ts";
import { type Frame, targetTypes } from "./frame.ts";
import { type OperandStack, readsAssignable } from "./operandStack.ts";

/** Passes recurse over nested lists: deeper bodies would exhaust the JavaScript stack. No known compiler emits 1,000 levels. */
const maximumNesting = 1000;

export class ControlFlow {
  readonly #stack: OperandStack;
  readonly #type: FunctionType;
  /** Locals that the function has to declare are added here. */
  readonly #variables: Local[];
  readonly #displayName: string;
  readonly #frames: Frame[] = [];

  constructor(stack: OperandStack, type: FunctionType, variables: Local[], displayName: string) {
    this.#stack = stack;
    this.#type = type;
    this.#variables = variables;
    this.#displayName = displayName;
  }

  get frame(): Frame {
    return this.#frames[this.#frames.length - 1] as Frame;
  }

  enter(kind: Frame["kind"], type: FunctionType, condition?: Expression): void {
    if (this.#frames.length > maximumNesting) {
      throw new CompileError({
        kind: "limit",
        message: `control instructions are nested deeper than ${maximumNesting} levels`,
        function: this.#displayName,
      });
    }
    // Its parameters included: an `else` arm starts from them again.
    if (this.#frames.length > 0) this.#stack.evaluateEntries(this.frame.height, readsAssignable);
    const frame: Frame = {
      kind,
      type,
      label: this.#stack.names.label(kind === "loop" ? "loop" : "block"),
      height: this.#stack.height - (kind === "function" ? 0 : type.parameters.length),
      results: type.results.map((result) => this.#stack.names.result(result)),
      loopParameters: kind === "loop" ? type.parameters.map((parameter) => this.#stack.names.result(parameter)) : [],
      outer: this.#stack.statements,
      condition,
      parameters: [],
      firstArm: undefined,
      targeted: false,
      unreachable: false,
    };
    if (kind === "loop") {
      const initial = this.#stack.popMany(type.parameters.length);
      frame.loopParameters.forEach((local, i) => {
        this.#stack.emit(assign(local, initial[i] as Expression));
      });
      this.#stack.pushAll(frame.loopParameters.map(read));
      // Assigned before the loop, hence declared by the function.
      this.#variables.push(...frame.loopParameters);
    }
    if (kind === "if") frame.parameters.push(...this.#stack.top(this.#stack.height - frame.height));
    this.#frames.push(frame);
    this.#stack.statements = [];
  }

  /** Lowers a control instruction; false where the instruction is none. */
  lower(instruction: Instruction): boolean {
    switch (instruction.opcode.name) {
      case "block":
      case "loop":
        if (instruction.immediate === "block") this.enter(instruction.opcode.name, instruction.blockType);
        return true;
      case "if":
        if (instruction.immediate === "block") {
          const condition = this.#stack.pop();
          this.enter("if", instruction.blockType, condition);
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
        this.frame.unreachable = true;
        return true;
      case "br_if":
        if (instruction.immediate === "index") this.#branchIf(instruction.index);
        return true;
      case "br_table":
        if (instruction.immediate === "labelTable") this.#branchTable(instruction.labels, instruction.defaultLabel);
        this.frame.unreachable = true;
        return true;
      case "return":
        this.#stack.emit({ kind: "return", values: this.#stack.popMany(this.#type.results.length) });
        this.frame.unreachable = true;
        return true;
      case "unreachable":
        this.#stack.emit({ kind: "trap", trap: "unreachable" });
        this.frame.unreachable = true;
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
        ? values.map((value) => (value.kind === "constant" ? value : this.#stack.evaluate(value)))
        : values;
    return targets.map((target, i) => assign(target, stable[i] as Expression));
  }

  #jump(frame: Frame): Statement {
    frame.targeted = true;
    return frame.kind === "loop" ? { kind: "continue", label: frame.label } : { kind: "break", label: frame.label };
  }

  #branch(depth: number): void {
    const frame = this.#frameAt(depth);
    const values = this.#stack.popMany(targetTypes(frame).length);
    if (frame.kind === "function") {
      this.#stack.emit({ kind: "return", values });
      return;
    }
    for (const statement of this.#transfer(frame, values)) this.#stack.emit(statement);
    this.#stack.emit(this.#jump(frame));
  }

  #branchIf(depth: number): void {
    const condition = this.#stack.pop();
    const frame = this.#frameAt(depth);
    const count = targetTypes(frame).length;
    const body: Statement[] = [];
    if (count > 0) {
      // The values stay on the stack when the branch is not taken.
      this.#stack.evaluateEntries(this.#stack.height - count, (value) => value.kind === "apply");
    }
    const values = this.#stack.top(count);
    if (frame.kind === "function") body.push({ kind: "return", values });
    else {
      const outer = this.#stack.statements;
      this.#stack.statements = body;
      body.push(...this.#transfer(frame, values), this.#jump(frame));
      this.#stack.statements = outer;
    }
    this.#stack.emit({ kind: "if", condition, results: [], whenTrue: body, whenFalse: [] });
  }

  #branchTable(labels: readonly number[], defaultLabel: number): void {
    const index = this.#stack.pop();
    const count = targetTypes(this.#frameAt(defaultLabel)).length;
    const values = this.#stack
      .popMany(count)
      .map((value) => (value.kind === "apply" ? this.#stack.evaluate(value) : value));
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
    this.#stack.emit({ kind: "switch", index, cases, default: bodyFor(defaultLabel) });
  }

  #stabilizeAll(values: Expression[]): void {
    values.forEach((value, i) => {
      if (value.kind === "local" && value.local.kind !== "temporary") values[i] = this.#stack.evaluate(value);
    });
  }

  /** Results of the arm that ends here go to the frame's result locals. */
  #storeResults(frame: Frame): void {
    const values = this.#stack.popMany(frame.results.length);
    frame.results.forEach((target, i) => {
      this.#stack.emit(assign(target, values[i] as Expression));
    });
  }

  #else(): void {
    const frame = this.frame;
    if (!frame.unreachable) this.#storeResults(frame);
    frame.firstArmCompletes = !frame.unreachable;
    frame.firstArm = this.#stack.statements;
    frame.unreachable = false;
    this.#stack.statements = [];
    this.#stack.dropTo(frame.height);
    this.#stack.pushAll(frame.parameters);
  }

  #end(): void {
    const frame = this.frame;
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
    this.#stack.statements = frame.outer;
    if (!completes) this.frame.unreachable = true;
  }

  #endBlock(frame: Frame): void {
    const fallsThrough = !frame.unreachable;
    if (!frame.targeted) {
      // Nothing branches here: the body is spliced, results stay expressions.
      const values = fallsThrough ? this.#stack.popMany(frame.results.length) : [];
      this.#stack.dropTo(frame.height);
      this.#stack.pushAll(values);
      const body = this.#stack.statements;
      this.#leaveFrame(frame, fallsThrough);
      for (const statement of body) this.#stack.emit(statement);
      return;
    }
    if (fallsThrough && frame.results.length > 0) this.#storeResults(frame);
    const body = this.#stack.statements;
    const last = body[body.length - 1];
    if (frame.kind === "block" && last?.kind === "break" && last.label === frame.label) body.pop();
    this.#stack.dropTo(frame.height);
    this.#leaveFrame(frame, frame.kind === "block" || fallsThrough);
    this.#stack.emit({
      kind: frame.kind === "loop" ? "loop" : "block",
      label: frame.label,
      results: frame.results,
      body,
    });
    this.#stack.pushAll(frame.results.map(read));
  }

  #endIf(frame: Frame): void {
    let elseArm: Statement[] = [];
    let elseCompletes = true;
    let thenArm: Statement[];
    let thenCompletes: boolean;
    if (frame.firstArm === undefined) {
      // No else: the parameters are the results of the missing arm.
      if (!frame.unreachable) this.#storeResults(frame);
      thenArm = this.#stack.statements;
      thenCompletes = !frame.unreachable;
      elseArm = frame.results.map((target, i) => assign(target, frame.parameters[i] as Expression));
    } else {
      if (!frame.unreachable) this.#storeResults(frame);
      thenArm = frame.firstArm;
      thenCompletes = frame.firstArmCompletes ?? true;
      elseArm = this.#stack.statements;
      elseCompletes = !frame.unreachable;
    }
    this.#stack.dropTo(frame.height);
    const statement: Statement = {
      kind: "if",
      condition: frame.condition as Expression,
      results: frame.targeted ? [] : frame.results,
      whenTrue: thenArm,
      whenFalse: elseArm,
    };
    this.#leaveFrame(frame, thenCompletes || elseCompletes || frame.targeted);
    if (frame.targeted)
      this.#stack.emit({ kind: "block", label: frame.label, results: frame.results, body: [statement] });
    else this.#stack.emit(statement);
    this.#stack.pushAll(frame.results.map(read));
  }

  #endFunction(frame: Frame): void {
    if (!frame.targeted) {
      if (!frame.unreachable) this.#stack.emit({ kind: "return", values: this.#stack.popMany(frame.results.length) });
      return;
    }
    if (!frame.unreachable) this.#storeResults(frame);
    const body = this.#stack.statements;
    this.#stack.statements = [];
    this.#stack.emit({ kind: "block", label: frame.label, results: frame.results, body });
    this.#stack.emit({ kind: "return", values: frame.results.map(read) });
  }
}
