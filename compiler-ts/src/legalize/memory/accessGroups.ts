/**
 * Loads that follow each other without an effect in between can have their bounds checked before the first one: which of them would have trapped cannot be told
 * apart. A store may be the last of them. One check for all that lie at constants from the same local keeps their loads together, so that a lane waits for memory
 * once and not once for each.
 */
import { endOf } from "../../ir/access.ts";
import { apply, i32, read } from "../../ir/builder.ts";
import type { Expression, Local, Statement } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";

export type Access = Extract<Statement, { kind: "load" | "store" }>;

export interface AccessGroup {
  readonly base: Local;
  /** In their order, with addresses that can be evaluated before the first of them. */
  readonly members: readonly { readonly access: Access; readonly address: Expression }[];
  /** The first byte behind all of them with the base at address 0. */
  readonly end: number;
  /** Some add their constant in the module's own code, where the sum may wrap around: beyond `end` not all of them need be out of bounds. */
  readonly mayWrap: boolean;
}

/** A constant from a local that the run has not assigned. */
interface Place {
  readonly base: Local;
  readonly constant: number;
}

/** Statements that are looked ahead at: enough for any unrolled loop, and no function takes quadratic time. */
const longestRun = 64;
/** Constants beyond it are rather addresses of tables. */
const largestConstant = 65_536;

/** The run of statements from `start`, a load or store, on: where it ends, and what in it belongs together. */
export function accessGroups(
  list: readonly Statement[],
  start: number,
): { readonly end: number; readonly groups: readonly AccessGroup[] } {
  if (!hasCompany(list, start)) return { end: start + 1, groups: none };
  const groups = new Map<
    Local,
    { members: { access: Access; address: Expression }[]; end: number; mayWrap: boolean }
  >();
  const assigned = new Set<Local>();
  const temporaries = new Map<Local, Place>();
  const placeOf = (address: Expression): Place | undefined => {
    const place = sumOf(address);
    if (place === undefined) return undefined;
    const known = temporaries.get(place.base);
    if (known !== undefined) return { base: known.base, constant: known.constant + place.constant };
    return assigned.has(place.base) ? undefined : place;
  };
  let end = start;
  for (; end < list.length && end - start < longestRun; end++) {
    const statement = list[end] as Statement;
    if (statement.kind === "assign") {
      const place = statement.target.kind === "temporary" ? placeOf(statement.value) : undefined;
      if (place !== undefined) temporaries.set(statement.target, place);
    } else if (statement.kind === "load" || statement.kind === "store") {
      const place = statement.memory === 0 ? placeOf(statement.address) : undefined;
      if (place !== undefined) {
        const { base, constant } = place;
        const group = groups.get(base) ?? { members: [], end: 0, mayWrap: false };
        const address = constant === 0 ? read(base) : apply("i32", "i32.add", [read(base), i32(constant)]);
        group.members.push({ access: statement, address });
        group.end = Math.max(group.end, constant + endOf(statement));
        group.mayWrap ||= constant > 0;
        groups.set(base, group);
      }
    } else break;
    visitAssigned(statement, (local) => assigned.add(local));
    if (statement.kind === "store") {
      end++;
      break;
    }
  }
  return { end, groups: [...groups].map(([base, group]) => ({ base, ...group })) };
}

const none: readonly AccessGroup[] = [];

/** Whether another access of the run follows. Most have none, and need no more work. */
function hasCompany(list: readonly Statement[], start: number): boolean {
  if (list[start]?.kind !== "load") return false;
  const last = Math.min(list.length, start + longestRun);
  for (let i = start + 1; i < last; i++) {
    const { kind } = list[i] as Statement;
    if (kind === "load" || kind === "store") return true;
    if (kind !== "assign") return false;
  }
  return false;
}

function sumOf(address: Expression): Place | undefined {
  if (address.kind === "local") return { base: address.local, constant: 0 };
  if (address.kind !== "apply" || address.operation !== "i32.add") return undefined;
  const [first, second] = address.operands as [Expression, Expression];
  if (first.kind !== "local" || second.kind !== "constant") return undefined;
  const constant = Number(second.bits);
  return constant < largestConstant ? { base: first.local, constant } : undefined;
}
