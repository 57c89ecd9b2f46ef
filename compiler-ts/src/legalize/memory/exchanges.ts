/**
 * An exchange loads what lies at an address and stores there something else, as hash tables do that remember where each value was seen last. Nothing makes such a
 * store wait for its load; but an H100 whose store overtakes a load that is on its way from memory takes several times as long for both
 * (docs/performance.md, Exchanges). So what is stored is computed from what was loaded, in a way that no compiler sees through.
 */
import { apply, field, read } from "../../ir/builder.ts";
import type { Expression, IrFunction, Local, Statement } from "../../ir/module.ts";
import { mentions, visitAssigned } from "../../ir/operands.ts";
import { forEachList } from "../../ir/walk.ts";

type Store = Extract<Statement, { kind: "store" }>;

/** Statements between load and store: more, and the load's data is there. */
const farthest = 16;

export function exchanges(func: IrFunction): void {
  if (func.lowered.has("load") && func.lowered.has("store")) inList(func.body);
}

function inList(list: Statement[]): void {
  for (const [at, statement] of list.entries()) {
    if (statement.kind === "store") list[at] = waiting(statement, loadedBefore(list, at, statement));
    else forEachList(statement, inList);
  }
}

function waiting(store: Store, loaded: Local | undefined): Store {
  if (loaded === undefined) return store;
  const { type } = store.value;
  return { ...store, value: apply(type, `${type}.after`, [store.value, read(loaded), field("zero")]) };
}

/** What a load of the same place, straight before, has brought, where nothing of the stored value comes from it. */
export function loadedBefore(list: readonly Statement[], at: number, store: Store): Local | undefined {
  const { address, offset, memory, value } = store;
  // A pointer in a local, which every compiler makes of anything longer that it uses twice.
  if (address.kind !== "local" || (value.type !== "i32" && value.type !== "i64")) return undefined;
  const assigned = new Set<Local>();
  for (let i = at - 1; i >= 0 && i >= at - farthest; i--) {
    const statement = list[i] as Statement;
    if (statement.kind === "load") {
      const isSamePlace =
        statement.memory === memory &&
        statement.offset === offset &&
        statement.address.kind === "local" &&
        statement.address.local === address.local;
      if (isSamePlace) {
        const { target } = statement;
        const isAbsent = assigned.has(target) || target.type !== value.type;
        return isAbsent || comesFrom(value, target, list.slice(i + 1, at)) ? undefined : target;
      }
    } else if (statement.kind !== "assign" && statement.kind !== "store") return undefined;
    visitAssigned(statement, (local) => assigned.add(local));
    if (assigned.has(address.local)) return undefined;
  }
  return undefined;
}

function comesFrom(value: Expression, source: Local, between: readonly Statement[]): boolean {
  const derived = new Set([source]);
  for (const statement of between)
    if (statement.kind === "assign" && mentions(statement.value, derived)) derived.add(statement.target);
  return mentions(value, derived);
}
