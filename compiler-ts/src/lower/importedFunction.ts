/** An imported function as an ordinary one, so that calls, indirect calls, exports and linking need not know: its body waits for the host. */
import { NameSource, read } from "../ir/builder.ts";
import type { IrFunction, Local } from "../ir/module.ts";
import type { FunctionType } from "../wasm/module.ts";
import type { FunctionContext } from "./lowerFunction.ts";

export function importedFunction({ module, functionIndex, name, displayName }: FunctionContext): IrFunction {
  const type = module.types[module.functionTypes[functionIndex] as number] as FunctionType;
  const names = new NameSource();
  const parameters: Local[] = type.parameters.map((parameter, index) => ({
    kind: "parameter",
    type: parameter,
    name: `p${index}`,
  }));
  const results = type.results.map((result) => names.temporary(result));
  return {
    kind: "wasm",
    index: functionIndex,
    name,
    displayName,
    type,
    parameters,
    variables: [],
    // Imports come first in the index space, so the function's index is the import's number too.
    body: [
      { kind: "callImport", import: functionIndex, arguments: parameters.map(read), targets: results },
      { kind: "return", values: results.map(read) },
    ],
    lowered: new Set(["callImport", "return"]),
  };
}
