/** Makes the instances of a pool in their thread, each with imports of its own. */

import { givenTo, type ResolvedGlobal, type ResolvedMemory, type ResolvedTable } from "../api/resolveImports.ts";
import { recordWords } from "../api/values.ts";
import { callHost } from "./hostCalls.ts";
import type { CreateRequest } from "./messages.ts";
import { decodeValues, type Exports, encodeValues } from "./wasmValues.ts";

/** `index`: number within the thread. `made` is called with the instance before its start function runs. */
export function makeInstance(
  source: CreateRequest,
  index: number,
  made: (instance: WebAssembly.Instance) => void,
): void {
  let exports: Exports | undefined;
  const exportsNow = (): Exports => exports ?? {};
  const functions = source.functions.map(({ parameters, results }, number) => (...values: unknown[]) => {
    const record = new Uint32Array(recordWords(parameters));
    encodeValues(parameters, values, record, 0);
    const call = { pool: source.pool, instance: index, import: number, arguments: record };
    const returned = decodeValues(results, callHost(call), 0, exportsNow);
    return results.length === 1 ? returned[0] : returned;
  });
  const { globals, memories, tables } = source.state;
  // Named by kind and number: adapt.ts.
  const instance = new WebAssembly.Instance(source.module, {
    function: Object.fromEntries(functions.entries()),
    global: Object.fromEntries(globals.map((item) => globalOf(item, index)).entries()),
    memory: Object.fromEntries(memories.map((item) => memoryOf(item, index, source.memoryPages)).entries()),
    table: Object.fromEntries(tables.map((item) => tableOf(item, index)).entries()),
  });
  exports = instance.exports;
  made(instance);
  if (source.startExport !== undefined) (exports[source.startExport] as () => void)();
}

function globalOf({ type, given }: ResolvedGlobal, index: number): WebAssembly.Global {
  const [value] = decodeValues([type.value], givenTo(given, index), 0, () => ({}));
  return new WebAssembly.Global({ value: kindOf(type.value), mutable: type.mutable }, value);
}

function memoryOf({ given }: ResolvedMemory, index: number, maximum: number): WebAssembly.Memory {
  const { pages, contents } = givenTo(given, index);
  const memory = new WebAssembly.Memory({ initial: pages, maximum });
  new Uint8Array(memory.buffer).set(contents);
  return memory;
}

function tableOf({ type, given }: ResolvedTable, index: number): WebAssembly.Table {
  const { elements } = givenTo(given, index);
  const maximum = type.limits.maximum;
  const table = new WebAssembly.Table({
    element: kindOf(type.element),
    initial: elements.length,
    ...(maximum === undefined ? {} : { maximum }),
  });
  elements.forEach((number, element) => {
    table.set(element, number === 0 ? null : number);
  });
  return table;
}

function kindOf<Type extends string>(type: Type) {
  return (type === "funcref" ? "anyfunc" : type) as Type extends "funcref" ? "anyfunc" : Exclude<Type, "funcref">;
}
