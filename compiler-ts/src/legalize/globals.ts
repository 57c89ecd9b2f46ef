/** Reads of globals that cannot change and have the same value in all instances become that value. */
import { assign } from "../ir/builder.ts";
import type { IrModule, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";

export function globals(module: IrModule): void {
  if (module.globals.every((global) => global.mutable)) return;
  const change = (statement: Statement): readonly Statement[] | undefined => {
    if (statement.kind !== "globalGet") return undefined;
    const global = module.globals[statement.global];
    if (global?.initial === undefined || global.mutable) return undefined;
    return [assign(statement.target, global.initial)];
  };
  for (const func of module.functions.values())
    if (func.lowered.has("globalGet")) func.body = rewrite(func.body, change);
}
