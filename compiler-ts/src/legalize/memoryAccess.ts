/**
 * Loads and stores get their bounds checks as statements of their own, against a local copy of the memory's size: the instance is passed by reference, and a
 * field of it would have to be read again after every store. A check that an earlier one on the same address implies is left out (memory never shrinks).
 */
import { apply, assign, field, i32, read } from "../ir/builder.ts";
import type { Expression, IrFunction, IrLinkedMemory, IrModule, Local, Statement } from "../ir/module.ts";
import { hasLists, mapLists, visitAssigned, visitStatements } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";

/** The instance's linear memory; the writer prints loads and stores with it. */
export const memoryBase: Local = { kind: "temporary", type: "memory", name: "memory" };
/** Its size, refreshed after whatever may change it. */
const memoryBytes: Local = { kind: "variable", type: "i32", name: "memory_bytes" };
/** The same in a function where nothing changes it. */
const fixedMemoryBytes: Local = { kind: "temporary", type: "i32", name: "memory_bytes" };

export function memoryAccess(module: IrModule, func: IrFunction, graph: CallGraph): void {
  if (func.lowered.has("load") || func.lowered.has("store")) new MemoryAccess(module, func, graph).run();
}

/** Highest checked end (offset + width) by address local. What a nested list adds is undone behind it, without copying the map for each list. */
class Checked {
  readonly #ends = new Map<Local, number>();
  readonly #changes: { readonly local: Local; readonly before: number | undefined }[] = [];

  get isEmpty(): boolean {
    return this.#ends.size === 0;
  }

  covers(local: Local, end: number): boolean {
    return (this.#ends.get(local) ?? 0) >= end;
  }

  add(local: Local, end: number): void {
    this.#changes.push({ local, before: this.#ends.get(local) });
    this.#ends.set(local, end);
  }

  forget(local: Local): void {
    const before = this.#ends.get(local);
    if (before === undefined) return;
    this.#changes.push({ local, before });
    this.#ends.delete(local);
  }

  /** Runs `nested` and takes back all that it changed. */
  during<Result>(nested: () => Result): Result {
    const start = this.#changes.length;
    const result = nested();
    while (this.#changes.length > start) {
      const { local, before } = this.#changes.pop() as { local: Local; before: number | undefined };
      if (before === undefined) this.#ends.delete(local);
      else this.#ends.set(local, before);
    }
    return result;
  }
}

class MemoryAccess {
  readonly #module: IrModule;
  readonly #func: IrFunction;
  readonly #changesSize: (statement: Statement) => boolean;
  readonly #size: Local;
  /** Locals in the order of their assignments: what a nested list assigned is the end of it. */
  readonly #assigned: Local[] = [];
  readonly #checked = new Checked();
  #next = 0;

  constructor(module: IrModule, func: IrFunction, graph: CallGraph) {
    this.#module = module;
    this.#func = func;
    this.#changesSize = (statement) =>
      statement.kind === "call"
        ? graph.facts.get(statement.callee)?.mayGrowMemory === true
        : statement.kind === "bulk" && statement.operation === "memory.grow";
    this.#size = graph.facts.get(func.index)?.mayGrowMemory === true ? memoryBytes : fixedMemoryBytes;
  }

  run(): void {
    const body = this.#list(this.#func.body);
    if (this.#size.kind === "variable") this.#func.variables.push(this.#size);
    this.#func.body = [assign(memoryBase, field("memory")), assign(this.#size, field("memory_bytes")), ...body];
  }

  readonly #forget = (local: Local): void => {
    // A temporary's one assignment comes before every use.
    if (local.kind === "temporary") return;
    this.#checked.forget(local);
    this.#assigned.push(local);
  };

  #list(list: readonly Statement[]): Statement[] {
    const checked = this.#checked;
    const result: Statement[] = [];
    for (const statement of list) {
      if (statement.kind === "load" || statement.kind === "store") this.#access(statement, result);
      else if (!hasLists(statement)) result.push(statement);
      else {
        // A loop's body runs again after its own assignments.
        if (statement.kind === "loop" && !checked.isEmpty) forgetAssigned(statement.body, checked);
        const before = this.#assigned.length;
        result.push(mapLists(statement, (nested) => checked.during(() => this.#list(nested))));
        for (let i = before; i < this.#assigned.length; i++) checked.forget(this.#assigned[i] as Local);
      }
      visitAssigned(statement, this.#forget);
      if (this.#changesSize(statement)) result.push(assign(this.#size, field("memory_bytes")));
    }
    return result;
  }

  #access(statement: Extract<Statement, { kind: "load" | "store" }>, result: Statement[]): void {
    const address = this.#stable(statement.address, result);
    const end = statement.offset + accessBytes(statement.operation);
    const own = statement.memory === 0;
    if (end > 0xffffffff) {
      // No memory is that large: 65,535 pages are the limit.
      result.push({ kind: "trapIf", condition: i32(1), trap: "out of bounds memory access" });
    } else if (!own || address.kind !== "local" || !this.#checked.covers(address.local, end)) {
      result.push({
        kind: "trapIf",
        condition: apply("i32", "memory.out_of_bounds", [
          address,
          i32(end),
          own ? read(this.#size) : this.#linkedSize(statement.memory, result),
        ]),
        trap: "out of bounds memory access",
      });
      if (own && address.kind === "local") this.#checked.add(address.local, end);
    }
    const at = statement.offset === 0 ? address : apply("i32", "i32.add", [address, i32(statement.offset)]);
    const { operation, memory } = statement;
    result.push(
      statement.kind === "load"
        ? { kind: "load", operation, memory, target: statement.target, address: at, offset: 0 }
        : { kind: "store", operation, memory, address: at, value: statement.value, offset: 0 },
    );
  }

  /** Read for each access: a local would have to be refreshed behind every call and every resumption, and few programs have such memories. */
  #linkedSize(memory: number, result: Statement[]): Expression {
    const { sizeWord } = this.#module.linkedMemories[memory - 1] as IrLinkedMemory;
    const target: Local = { kind: "temporary", type: "i32", name: `a${this.#next++}` };
    result.push({ kind: "bulk", operation: "state.load32", immediates: [sizeWord], operands: [], target });
    return read(target);
  }

  /** The address occurs twice, in the check and in the access. */
  #stable(address: Expression, result: Statement[]): Expression {
    if (address.kind !== "apply") return address;
    const temporary: Local = { kind: "temporary", type: "i32", name: `a${this.#next++}` };
    result.push(assign(temporary, address));
    return read(temporary);
  }
}

function forgetAssigned(list: readonly Statement[], checked: Checked): void {
  visitStatements(list, (statement) => {
    visitAssigned(statement, (local) => checked.forget(local));
  });
}

/** Bytes that a load or store touches. */
export function accessBytes(operation: string): number {
  let bytes = bytesByOperation.get(operation);
  if (bytes === undefined) {
    bytes = bytesOfName(operation);
    bytesByOperation.set(operation, bytes);
  }
  return bytes;
}

const bytesByOperation = new Map<string, number>();

function bytesOfName(operation: string): number {
  const narrow = /(?:load|store)(8|16|32)/.exec(operation);
  if (narrow !== null) return Number(narrow[1]) / 8;
  if (operation.startsWith("v128")) return 16;
  return operation.startsWith("i64") || operation.startsWith("f64") ? 8 : 4;
}
