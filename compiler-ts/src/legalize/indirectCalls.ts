/**
 * `call_indirect` becomes a call of a dispatcher: one function for each pair of type and table, with a `switch` over the functions that the pair allows.
 * There are no function pointers. A table that cannot change is dispatched by the element's index without reading it; any other by the reference in it.
 */
import { read } from "../ir/builder.ts";
import type { Expression, IrFunction, IrModule, IrTable, Local, Statement, SwitchCase } from "../ir/module.ts";
import { expressionsOf } from "../ir/operands.ts";
import { rewrite, visitStatements } from "../ir/walk.ts";
import type { FunctionType } from "../wasm/module.ts";

export function indirectCalls(module: IrModule): void {
  if (module.tables.length === 0) return;
  const dispatchers = new Map<string, IrFunction>();
  let nextIndex = Math.max(...module.functions.keys()) + 1;
  const dispatcherFor = (type: FunctionType, table: number): IrFunction => {
    const key = `${table} ${typeKey(type)}`;
    const known = dispatchers.get(key);
    if (known !== undefined) return known;
    const made = makeDispatcher(module, type, table, nextIndex++, dispatchers.size);
    dispatchers.set(key, made);
    return made;
  };
  for (const func of [...module.functions.values()]) {
    if (!func.lowered.has("callIndirect")) continue;
    func.body = rewrite(func.body, (statement) => {
      if (statement.kind !== "callIndirect") return undefined;
      const dispatcher = dispatcherFor(statement.type, statement.table);
      return [
        {
          kind: "call",
          callee: dispatcher.index,
          arguments: [statement.index, ...statement.arguments],
          targets: statement.targets,
        },
      ];
    });
  }
  for (const dispatcher of dispatchers.values()) module.functions.set(dispatcher.index, dispatcher);
}

function typeKey(type: FunctionType): string {
  return `${type.parameters.join(" ")} -> ${type.results.join(" ")}`;
}

/** What `table` can hold: its contents if they are fixed, else every function that anything makes a reference to. */
function makeDispatcher(
  module: IrModule,
  type: FunctionType,
  tableIndex: number,
  index: number,
  ordinal: number,
): IrFunction {
  const table = module.tables[tableIndex] as IrTable;
  const key = typeKey(type);
  const selector: Local = { kind: "parameter", type: "i32", name: "element" };
  const parameters: Local[] = type.parameters.map((parameter, i) => ({
    kind: "parameter",
    type: parameter,
    name: `p${i}`,
  }));
  const results: Local[] = type.results.map((result, i) => ({ kind: "variable", type: result, name: `result${i}` }));
  const reference: Local = { kind: "temporary", type: "i32", name: "reference" };
  const failure: Local = { kind: "variable", type: "i32", name: "failure" };
  const matching = new Map<number, number[]>();
  const add = (functionIndex: number, value: number): void => {
    const target = module.functions.get(functionIndex);
    if (target === undefined || typeKey(target.type) !== key) return;
    const values = matching.get(functionIndex);
    if (values === undefined) matching.set(functionIndex, [value]);
    else values.push(value);
  };
  if (table.contents !== undefined) {
    table.contents.forEach((entry, element) => {
      if (entry !== 0) add(entry - 1, element);
    });
  } else for (const func of referencedFunctions(module)) add(func, func + 1);
  const cases = [...matching].map(
    ([functionIndex, values]): SwitchCase => ({
      values,
      body: [{ kind: "call", callee: functionIndex, arguments: parameters.map(read), targets: results }],
    }),
  );
  const body: Statement[] = [];
  // Out of bounds, null and mismatch are told apart off the fast path.
  const explain: Statement = {
    kind: "bulk",
    operation: "call_indirect.trap",
    immediates: [tableIndex],
    operands: [read(selector)],
    target: failure,
  };
  if (table.contents === undefined) {
    body.push({
      kind: "bulk",
      operation: "call_indirect.reference",
      immediates: [tableIndex],
      operands: [read(selector)],
      target: reference,
    });
  }
  const dispatch = table.contents === undefined ? read(reference) : read(selector);
  if (cases.length === 0) body.push(explain);
  else body.push({ kind: "switch", index: dispatch, cases, default: [explain] });
  body.push({ kind: "trapWith", code: read(failure) });
  body.push({ kind: "return", values: results.map(read) });
  return {
    kind: "dispatcher",
    index,
    name: `wb_call_indirect_${ordinal}`,
    displayName: "call_indirect",
    type: { parameters: ["i32", ...type.parameters], results: type.results },
    parameters: [selector, ...parameters],
    variables: [...results, failure],
    body,
    lowered: new Set(["bulk", "switch", "call", "return"]),
  };
}

/** Functions that occur as references in segments, globals or code, and those that the host may give as references: it knows the exported ones. */
function referencedFunctions(module: IrModule): number[] {
  const referenced = new Set(
    takesReferences(module) ? module.roots.filter((root) => root !== module.instantiate.index) : [],
  );
  const view = new DataView(module.image.buffer, module.image.byteOffset, module.image.byteLength);
  for (const segment of module.elements) {
    for (let i = 0; i < segment.length; i++) {
      const reference = view.getUint32(segment.imageOffset + i * 4, true);
      if (reference !== 0) referenced.add(reference - 1);
    }
  }
  for (const global of module.globals) {
    if (global.type === "funcref" && global.initial?.kind === "constant" && global.initial.bits !== 0)
      referenced.add(Number(global.initial.bits) - 1);
  }
  for (const func of module.functions.values()) {
    visitStatements(func.body, (statement) => {
      for (const expression of expressionsOf(statement)) collectReferences(expression, referenced);
    });
  }
  return [...referenced].sort((a, b) => a - b);
}

/** Whether the host gives references to functions, other than those that it was given. */
function takesReferences(module: IrModule): boolean {
  return (
    module.tables.some((table) => table.imported) ||
    module.globals.some((global) => global.imported && global.type === "funcref") ||
    [...module.functions.values()].some(
      (func) => func.lowered.has("callImport") && func.type.results.includes("funcref"),
    )
  );
}

function collectReferences(expression: Expression, referenced: Set<number>): void {
  if (expression.kind === "constant" && expression.type === "funcref" && expression.bits !== 0)
    referenced.add(Number(expression.bits) - 1);
  else if (expression.kind === "apply")
    for (const operand of expression.operands) collectReferences(operand, referenced);
}
