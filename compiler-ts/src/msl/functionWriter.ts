/** Prints the bodies of functions, statement by statement. */
import type { Frame, IrFunction, IrLinkedMemory, IrModule, Local, Statement, WindowWords } from "../ir/module.ts";
import { memoryBase } from "../legalize/memory/memoryAccess.ts";
import { noFunction, trapCode } from "../metadata.ts";
import { ExpressionPrinter, mslZero } from "./expressions.ts";
import type { TextBuffer } from "./textBuffer.ts";
import { declaration, resultType } from "./types.ts";

export class FunctionWriter {
  readonly #out: TextBuffer;
  readonly #module: IrModule;
  readonly #expressions = new ExpressionPrinter();
  #function: IrFunction | undefined;
  /** Of the loops around, innermost first: ends their lanes' waiting for this one. */
  #together: readonly string[] = [];

  constructor(out: TextBuffer, module: IrModule) {
    this.#out = out;
    this.#module = module;
  }

  /** Functions of the runtime that the bodies so far call. */
  get runtimeNames(): ReadonlySet<string> {
    return this.#expressions.runtimeNames;
  }

  body(func: IrFunction): void {
    this.#function = func;
    for (const local of func.variables) this.#out.line(`${declaration(local)} = ${mslZero(local.type)};`);
    this.#list(func.body);
  }

  #list(list: readonly Statement[]): void {
    for (const statement of list) this.#statement(statement);
  }

  #statement(statement: Statement): void {
    const out = this.#out;
    const expressions = this.#expressions;
    const { value } = expressions;
    switch (statement.kind) {
      case "assign":
        out.line(`${target(statement.target)} = ${value(statement.value)};`);
        return;
      case "declare":
        out.line(`${declaration(statement.target)} = ${value(statement.value)};`);
        return;
      case "load":
        out.line(
          `${target(statement.target)} = ${expressions.runtimeFunction(statement.operation)}(${this.#place(statement)});`,
        );
        return;
      case "store":
        out.line(
          `${expressions.runtimeFunction(statement.operation)}(${this.#place(statement)}, ${value(statement.value)});`,
        );
        return;
      case "call":
        this.#call(statement);
        return;
      case "bulk": {
        const operands = [
          "instance",
          ...statement.immediates.map((immediate) => `${immediate}u`),
          ...statement.operands.map(value),
        ];
        const call = `${expressions.runtimeFunction(statement.operation)}(${operands.join(", ")});`;
        out.line(statement.target === undefined ? call : `${target(statement.target)} = ${call}`);
        return;
      }
      case "trapIf":
        out.line(
          `if (${expressions.condition(statement.condition)}) { ${this.#trap(`${trapCode(statement.trap)}u`)} }`,
        );
        return;
      case "trapWith":
        out.line(`if (${value(statement.code)} != 0u) { ${this.#trap(value(statement.code))} }`);
        return;
      case "trap":
        out.line(this.#trap(`${trapCode(statement.trap)}u`));
        return;
      case "propagateTrap": {
        const attribute = statement.attribute
          ? `${expressions.runtimeName("wb_attribute_trap")}(instance, ${this.#functionNumber()}); `
          : "";
        const save = statement.frame === undefined ? "" : `${this.#save(statement.frame)} `;
        out.line(`if (instance.trap != 0u) { ${attribute}${save}${this.#end(`${this.#resultType()}()`)} }`);
        return;
      }
      case "checkpoint": {
        const fuel = statement.fuel.name;
        const suspend = `${expressions.runtimeName("wb_suspend")}(instance, ${fuel}, position, ${this.#functionNumber()});`;
        const save = this.#save(statement.frame as Frame);
        out.line(`if (as_type<int>(${fuel}) <= 0) { ${suspend} ${save} ${this.#end(`${this.#resultType()}()`)} }`);
        out.line(`${fuel} = ${fuel} - ${statement.cost}u;`);
        return;
      }
      case "restore":
        for (const { word, locals } of statement.parts) {
          const at = `${statement.position.name}${word === 0 ? "" : ` + ${word << 16}u`}`;
          out.line(`${expressions.runtimeName("wb_frame_restore")}(${["instance", at, ...names(locals)].join(", ")});`);
        }
        return;
      case "push":
      case "pop":
        this.#stack(statement);
        return;
      case "setField":
        out.line(`instance.${statement.field} = ${value(statement.value)};`);
        return;
      case "return":
        out.line(this.#return(statement.values.map(value)));
        return;
      case "if":
        this.#if(statement);
        return;
      case "once":
        out.scope("do {", () => this.#list(statement.body), "} while (false);");
        return;
      case "window": {
        const { window, taken } = statement;
        out.line(`uint ${window.name}[${window.words}];`);
        this.#windowWords("wb_window_take", statement, taken);
        return;
      }
      case "windowPut":
        this.#windowWords("wb_window_put", statement, statement.words);
        return;
      case "windowLoad":
        out.line(
          `${target(statement.target)} = ${expressions.runtimeName("wb_window_load")}(${statement.window.name}, ${value(statement.place)});`,
        );
        return;
      case "windowStore": {
        const { name, base } = statement.window;
        if (statement.deferred) {
          out.line(
            `${expressions.runtimeName("wb_window_set")}(${name}, ${value(statement.place)}, ${value(statement.value)});`,
          );
          return;
        }
        const place = `${value(base)}, ${value(statement.place)}, ${statement.alignment}u`;
        out.line(
          `${expressions.runtimeName("wb_window_store")}(${name}, ${memoryBase.name}, ${place}, ${value(statement.value)});`,
        );
        return;
      }
      case "repeatedly":
        this.#repeatedly(statement);
        return;
      case "unwind":
        out.line(this.#save(statement.frame));
        out.line(this.#end(`${this.#resultType()}()`));
        return;
      case "leave":
        out.line("break;");
        return;
      case "repeat":
        out.line("continue;");
        return;
      case "switch":
        this.#switch(statement);
        return;
      default:
        throw new Error(`statement "${statement.kind}" was not legalized`);
    }
  }

  #windowWords(
    runtime: string,
    { window: { name, base }, alignment }: Extract<Statement, { kind: "window" | "windowPut" }>,
    words: readonly WindowWords[],
  ): void {
    for (const { first, count } of words) {
      const call = this.#expressions.runtimeName(count === 2 ? `${runtime}_pair` : runtime);
      const at = `${memoryBase.name}, ${this.#expressions.value(base)}, ${first}u, ${alignment}u`;
      this.#out.line(`${call}(${name}, ${at});`);
    }
  }

  #place({ memory, address, offset, alignment }: Extract<Statement, { kind: "load" | "store" }>): string {
    return `${this.#memory(memory)}, ${this.#expressions.value(address)}, ${offset}u, ${alignment}u`;
  }

  #memory(number: number): string {
    if (number === 0) return memoryBase.name;
    return `${this.#expressions.runtimeName("wb_linked_memory")}(instance, ${(this.#module.linkedMemories[number - 1] as IrLinkedMemory).word}u)`;
  }

  #trap(code: string): string {
    const trap = this.#expressions.runtimeName("wb_trap");
    return this.#end(`${trap}<${this.#resultType()}>(instance, ${code}, ${this.#functionNumber()})`);
  }

  #functionNumber(): string {
    const func = this.#function as IrFunction;
    return func.kind === "wasm" ? `${func.partOf ?? func.copyOf ?? func.index}u` : `${noFunction}u`;
  }

  #save({ point, parts, innermost }: Frame): string {
    const { index, copyOf } = this.#function as IrFunction;
    const name = (runtime: string): string => this.#expressions.runtimeName(runtime);
    const owner = copyOf === undefined ? `${index}u` : `${name("wb_recursive")} | ${copyOf}u`;
    const stack = innermost === undefined ? [] : [`${name("wb_stack_save")}(instance, position, ${innermost.name});`];
    const at = innermost === undefined ? "position" : `${name("wb_stack_frame")}(position, ${innermost.name})`;
    const [first, ...more] = parts;
    const start = `${name("wb_frame_save")}(${["instance", at, owner, `${point}u`, ...names(first?.locals ?? [])].join(", ")});`;
    const rest = more.map(
      ({ word, locals }) =>
        `${name("wb_frame_save_rest")}(${["instance", at, `${word}u`, ...names(locals)].join(", ")});`,
    );
    return [...stack, start, ...rest].join(" ");
  }

  #stack(statement: Extract<Statement, { kind: "push" | "pop" }>): void {
    const { kind, parts, position } = statement;
    const point = kind === "push" && statement.point !== undefined ? [`${statement.point}u`] : [];
    const runtime = (name: string): string => this.#expressions.runtimeName(`wb_stack_${name}`);
    parts.forEach(({ word, locals }, i) => {
      const given = [`${word}u`, ...names(locals), ...(i === parts.length - 1 ? point : [])].join(", ");
      if (kind === "push" && i === 0) {
        const need = this.#expressions.value(statement.need);
        const call = `${runtime("push_first")}(stack, ${position.name}, ${need}, instance.stack_limit, ${given})`;
        this.#out.line(`if (${call}) { ${this.#trap(`${trapCode("call stack exhausted")}u`)} }`);
      } else this.#out.line(`${runtime(kind)}(stack, ${position.name} >> 16, ${given});`);
    });
  }

  #resultType(): string {
    return resultType((this.#function as IrFunction).type);
  }

  #return(values: readonly string[]): string {
    return this.#end(values.length > 1 ? `{${values.join(", ")}}` : values[0]);
  }

  /** Of the function. */
  #end(result: string | undefined): string {
    return [...this.#together, result === undefined ? "return;" : `return ${result};`].join(" ");
  }

  #call(statement: Extract<Statement, { kind: "call" }>): void {
    const callee = this.#module.functions.get(statement.callee) as IrFunction;
    const call = `${callee.name}(${["instance", ...statement.arguments.map(this.#expressions.value)].join(", ")});`;
    const [first] = statement.targets;
    if (first === undefined) this.#out.line(call);
    else if (statement.targets.length === 1) this.#out.line(`${target(first)} = ${call}`);
    else {
      // A part of a function is called once and assigns variables; what others assign is assigned once.
      const all = callee.partOf === undefined ? `${first.name}_and_others` : `${callee.name}_results`;
      this.#out.line(`${resultType(callee.type)} ${all} = ${call}`);
      statement.targets.forEach((local, i) => {
        this.#out.line(`${target(local)} = ${all}.r${i};`);
      });
    }
  }

  #repeatedly({ body, counted, together }: Extract<Statement, { kind: "repeatedly" }>): void {
    const out = this.#out;
    const outer = this.#together;
    const end =
      together === undefined ? undefined : `${this.#expressions.runtimeName("wb_lanes_together")}(${together.name});`;
    if (together !== undefined) {
      out.line(`${declaration(together)} = ${this.#expressions.runtimeName("wb_lanes")}();`);
      this.#together = [end as string, ...outer];
    }
    if (counted?.unrolled === true) out.line("#pragma clang loop unroll(full)");
    const most = counted === undefined ? "" : ` // ${counted.iterations} times at most`;
    out.scope(`while (true) {${most}`, () => this.#list(body));
    if (end !== undefined) out.line(end);
    this.#together = outer;
  }

  #if(statement: Extract<Statement, { kind: "if" }>): void {
    const test = this.#expressions.condition(statement.condition);
    if (statement.whenFalse.length === 0) this.#out.scope(`if (${test}) {`, () => this.#list(statement.whenTrue));
    else {
      this.#out.scope(`if (${test}) {`, () => this.#list(statement.whenTrue), "} else {");
      this.#out.indented(() => this.#list(statement.whenFalse));
      this.#out.line("}");
    }
  }

  #switch(statement: Extract<Statement, { kind: "switch" }>): void {
    this.#out.scope(`switch (${this.#expressions.value(statement.index)}) {`, () => {
      for (const item of statement.cases) {
        // Many values of one case share lines: a table of thousands stays readable.
        for (let i = 0; i < item.values.length; i += 8) {
          const labels = item.values.slice(i, i + 8).map((caseValue) => `case ${caseValue}u:`);
          this.#out.line(labels.join(" ") + (i + 8 >= item.values.length ? " {" : ""));
        }
        this.#caseBody(item.body);
      }
      this.#out.line("default: {");
      this.#caseBody(statement.default);
    });
  }

  #caseBody(body: readonly Statement[]): void {
    this.#out.indented(() => {
      this.#list(body);
      if (body[body.length - 1]?.kind !== "leave") this.#out.line("break;");
    });
    this.#out.line("}");
  }
}

/** A temporary is declared where it is assigned. */
function target(local: Local): string {
  return local.kind === "temporary" ? declaration(local) : local.name;
}

function names(locals: readonly Local[]): readonly string[] {
  return locals.map(({ name }) => name);
}
