/** One instance of a module on V8: the oracle of the tests and the baseline of the benches. */

export type WasmValue = number | bigint;
export type ExportedFunction = (...args: readonly WasmValue[]) => WasmValue;

export interface V8Instance {
  /** Throws for a name that is no exported function. */
  readonly exportedFunction: (name: string) => ExportedFunction;
  /** The exported memory's bytes; valid until the memory grows. */
  readonly memory: (name?: string) => Uint8Array;
}

/** A factory of instances that share one compilation of a module without imports. */
export function compileOnV8(bytes: Uint8Array): () => V8Instance {
  const module = new WebAssembly.Module(bytes);
  return () => {
    const { exports } = new WebAssembly.Instance(module);
    return {
      exportedFunction: (name) => {
        const exported = exports[name];
        if (typeof exported !== "function") throw new Error(`no exported function ${name}`);
        return (...values) => exported(...values);
      },
      memory: (name = "memory") => {
        const exported = exports[name];
        if (!(exported instanceof WebAssembly.Memory)) throw new Error(`no exported memory ${name}`);
        return new Uint8Array(exported.buffer);
      },
    };
  };
}
