/** Imports and exports of a module in the shapes of `WebAssembly.Module.imports` and `exports`, with their types. */
import { type ExternalType, importedType, typeAt } from "../wasm/inspect.ts";
import type { Module } from "../wasm/module.ts";
import type { ExportedFunction, ExportedGlobal } from "./backend.ts";

export type { ExternalType };
export type ExportDescriptor = { readonly name: string } & ExternalType;
export type ImportDescriptor = { readonly module: string; readonly name: string } & ExternalType;

/** `module` has to be a validated one, here and below. */
export function describeExports(module: Module): ExportDescriptor[] {
  return module.exports.map(({ name, kind, index }) => ({ name, ...typeAt(module, kind, index) }));
}

export function describeImports(module: Module): ImportDescriptor[] {
  return module.imports.map((item) => ({
    module: item.module,
    name: item.name,
    ...importedType(module, item.description),
  }));
}

export function exportedFunctions(module: Module): Map<string, ExportedFunction> {
  const functions = new Map<string, ExportedFunction>();
  for (const { name, kind, index } of module.exports) {
    const type = typeAt(module, kind, index);
    if (type.kind !== "function") continue;
    functions.set(name, { name, index, parameters: type.parameters, results: type.results });
  }
  return functions;
}

export function exportedGlobals(module: Module): Map<string, ExportedGlobal> {
  const globals = new Map<string, ExportedGlobal>();
  for (const { name, kind, index } of module.exports) {
    const type = typeAt(module, kind, index);
    if (type.kind === "global") globals.set(name, { name, type: type.value, mutable: type.mutable });
  }
  return globals;
}
