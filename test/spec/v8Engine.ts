/** V8 through the WebAssembly JavaScript API: it passes the whole suite, so a failure here is the runner's or the decoder's. */
import { CompileError } from "../../compiler-ts/src/diagnostics.ts";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import type { FunctionType, Module } from "../../compiler-ts/src/wasm/module.ts";
import { type Call, type Outcome, Refusal, type SpecEngine, type SpecInstance, type SpecModule } from "./engine.ts";
import { ExactFunction } from "./v8Call.ts";

export const v8Engine: SpecEngine = {
  name: "v8",
  compileAhead: 0,
  async compile(bytes) {
    const decoded = parse(bytes);
    return moduleOf(new WebAssembly.Module(bytes), decoded);
  },
  spectest: () => new V8Instance(spectestExports(), undefined),
  async close() {},
};

/** Our own decoder reads every module of the suite too. */
function parse(bytes: Uint8Array): Module {
  try {
    return parseModule(bytes);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { kind, message } = error.diagnostic;
    throw new Refusal(kind === "invalid-module" ? "invalid" : "unsupported", message);
  }
}

function moduleOf(compiled: WebAssembly.Module, decoded: Module): SpecModule {
  return {
    async instantiate(registered) {
      const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
      for (const [name, instance] of registered) {
        if (instance instanceof V8Instance) imports[name] = { ...instance.exports };
      }
      try {
        return new V8Instance(new WebAssembly.Instance(compiled, imports).exports, decoded);
      } catch (error) {
        const traps = trapsOf(error);
        if (traps !== undefined) throw new Refusal("trap", "trap", traps);
        // A module that is not registered at all is a TypeError.
        if (error instanceof WebAssembly.LinkError || error instanceof TypeError)
          throw new Refusal("link", error.message);
        throw error;
      }
    },
    async release() {},
  };
}

class V8Instance implements SpecInstance {
  readonly exports: WebAssembly.Instance["exports"];
  private readonly module: Module | undefined;
  private readonly functions = new Map<string, ExactFunction>();

  constructor(exports: WebAssembly.Instance["exports"], module: Module | undefined) {
    this.exports = exports;
    this.module = module;
  }

  async invoke(calls: readonly Call[]): Promise<Outcome[]> {
    return calls.map((call) => {
      try {
        return { kind: "values", words: this.function(call.name).invoke(call.arguments) };
      } catch (error) {
        const messages = trapsOf(error);
        if (messages === undefined) throw error;
        return { kind: "trap", messages };
      }
    });
  }

  async readGlobal(name: string): Promise<Outcome> {
    const item = this.exports[name];
    if (!(item instanceof WebAssembly.Global) || typeof item.value !== "number")
      throw new Error(`no i32 global ${name}`);
    return { kind: "values", words: Uint32Array.of(item.value) };
  }

  async release(): Promise<void> {}

  private function(name: string): ExactFunction {
    const known = this.functions.get(name);
    if (known !== undefined) return known;
    const target = this.exports[name];
    if (target === undefined) throw new Error(`no export ${name}`);
    const created = new ExactFunction(target, this.typeOf(name));
    this.functions.set(name, created);
    return created;
  }

  private typeOf(name: string): FunctionType {
    const found = this.module?.exports.find((item) => item.name === name && item.kind === "function");
    const type = found && this.module?.types[this.module.functionTypes[found.index] ?? -1];
    if (type === undefined) throw new Error(`no exported function ${name}`);
    return type;
  }
}

const noOperation = () => {};

/** The host module that the suite's own interpreter provides. Its table and memory are state, so every file gets new ones. */
function spectestExports(): Record<string, WebAssembly.ImportValue> {
  return {
    global_i32: new WebAssembly.Global({ value: "i32" }, 666),
    global_i64: new WebAssembly.Global({ value: "i64" }, 666n),
    global_f32: new WebAssembly.Global({ value: "f32" }, 666.6),
    global_f64: new WebAssembly.Global({ value: "f64" }, 666.6),
    table: new WebAssembly.Table({ element: "anyfunc", initial: 10, maximum: 20 }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    print: noOperation,
    print_i32: noOperation,
    print_i64: noOperation,
    print_f32: noOperation,
    print_f64: noOperation,
    print_i32_f32: noOperation,
    print_f64_f64: noOperation,
  };
}

const trapMessages: readonly (readonly [RegExp, readonly string[]])[] = [
  [/unreachable/, ["unreachable"]],
  [/(divide|remainder) by zero/, ["integer divide by zero"]],
  [/divide result unrepresentable/, ["integer overflow"]],
  [/float unrepresentable/, ["integer overflow", "invalid conversion to integer"]],
  [/memory access out of bounds|data segment/, ["out of bounds memory access"]],
  [/null function or function signature mismatch/, ["uninitialized element", "indirect call type mismatch"]],
  [/table index is out of bounds/, ["undefined element", "out of bounds table access"]],
  [/element segment|table access|table initializer/, ["out of bounds table access"]],
];

/** The specification's wordings that V8's message may stand for; `undefined` where the error is no trap. */
function trapsOf(error: unknown): readonly string[] | undefined {
  if (error instanceof RangeError && /call stack/.test(error.message)) return ["call stack exhausted"];
  if (!(error instanceof WebAssembly.RuntimeError)) return undefined;
  return trapMessages.find(([pattern]) => pattern.test(error.message))?.[1] ?? [error.message];
}
