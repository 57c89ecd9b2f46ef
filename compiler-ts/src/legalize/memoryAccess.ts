/**
 * Loads and stores get their bounds checks as statements of their own, against a local copy of the memory's size: the instance is passed by reference, and a
 * field of it would have to be read again after every store. A check that an earlier one on the same address implies is left out (memory never shrinks), and so is
 * one of an address that cannot exceed the memory's least size.
 */
import { accessBytes } from "../ir/access.ts";
import { apply, assign, field, i32, read } from "../ir/builder.ts";
import type { Expression, IrFunction, IrLinkedMemory, IrModule, Local, Statement } from "../ir/module.ts";
import { hasLists, mapLists, visitAssigned, visitStatements } from "../ir/walk.ts";
import type { CallGraph } from "./callGraph.ts";
import { ScopedFacts } from "./scopedFacts.ts";
import { unbounded, upperBound } from "./upperBound.ts";

const pageBytes = 65_536;
const loadBounds: Readonly<Record<string, number>> = { "i32.load8_u": 0xff, "i32.load16_u": 0xffff };

/** The instance's linear memory; the writer prints loads and stores with it. */
export const memoryBase: Local = { kind: "temporary", type: "memory", name: "memory" };
/** Its size, refreshed after whatever may change it. */
const memoryBytes: Local = { kind: "variable", type: "i32", name: "memory_bytes" };
/** The same in a function where nothing changes it. */
const fixedMemoryBytes: Local = { kind: "temporary", type: "i32", name: "memory_bytes" };

export function memoryAccess(module: IrModule, func: IrFunction, graph: CallGraph): void {
  if (func.lowered.has("load") || func.lowered.has("store")) new MemoryAccess(module, func, graph).run();
}

class MemoryAccess {
  readonly #module: IrModule;
  readonly #func: IrFunction;
  readonly #changesSize: (statement: Statement) => boolean;
  readonly #size: Local;
  /** Locals in the order of their assignments: what a nested list assigned is the end of it. */
  readonly #assigned: Local[] = [];
  /** Highest checked end (offset + width) by address local. */
  readonly #checked = new ScopedFacts();
  /** Of i32 locals, where it is known. */
  readonly #bounds = new ScopedFacts();
  /** The memory never has less, bytes. */
  readonly #leastBytes: number;
  #next = 0;

  constructor(module: IrModule, func: IrFunction, graph: CallGraph) {
    this.#module = module;
    this.#func = func;
    this.#leastBytes = (module.memory?.minimumPages ?? 0) * pageBytes;
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
    this.#forgetFacts(local);
    this.#assigned.push(local);
  };

  #forgetFacts(local: Local): void {
    this.#checked.forget(local);
    this.#bounds.forget(local);
  }

  readonly #boundOf = (local: Local): number | undefined => this.#bounds.of(local);

  #list(list: readonly Statement[]): Statement[] {
    const result: Statement[] = [];
    for (const statement of list) {
      if (statement.kind === "load" || statement.kind === "store") this.#access(statement, result);
      else if (!hasLists(statement)) result.push(statement);
      else {
        // A loop's body runs again after its own assignments.
        if (statement.kind === "loop" && !(this.#checked.isEmpty && this.#bounds.isEmpty))
          this.#forgetAssigned(statement.body);
        const before = this.#assigned.length;
        result.push(mapLists(statement, this.#nested));
        for (let i = before; i < this.#assigned.length; i++) this.#forgetFacts(this.#assigned[i] as Local);
      }
      // Before the target is forgotten: its value may be made of what it was.
      const bound = this.#boundOfResult(statement);
      visitAssigned(statement, this.#forget);
      if ((statement.kind === "assign" || statement.kind === "load") && bound < unbounded)
        this.#bounds.set(statement.target, bound);
      if (this.#changesSize(statement)) result.push(assign(this.#size, field("memory_bytes")));
    }
    return result;
  }

  #boundOfResult(statement: Statement): number {
    if (statement.kind === "load") return loadBounds[statement.operation] ?? unbounded;
    return statement.kind === "assign" && statement.target.type === "i32"
      ? upperBound(statement.value, this.#boundOf)
      : unbounded;
  }

  readonly #nested = (list: Statement[]): Statement[] =>
    this.#checked.during(() => this.#bounds.during(() => this.#list(list)));

  #forgetAssigned(list: readonly Statement[]): void {
    visitStatements(list, (statement) => {
      visitAssigned(statement, (local) => this.#forgetFacts(local));
    });
  }

  #access(statement: Extract<Statement, { kind: "load" | "store" }>, result: Statement[]): void {
    const end = statement.offset + accessBytes(statement.operation);
    const own = statement.memory === 0;
    const inside = own && upperBound(statement.address, this.#boundOf) + end <= this.#leastBytes;
    // What is checked occurs twice, in the check and in the access.
    const address = inside ? statement.address : this.#stable(statement.address, result);
    if (end > 0xffffffff) {
      // No memory is that large: 65,535 pages are the limit.
      result.push({ kind: "trapIf", condition: i32(1), trap: "out of bounds memory access" });
    } else if (!inside && !(own && address.kind === "local" && (this.#checked.of(address.local) ?? 0) >= end)) {
      result.push({
        kind: "trapIf",
        condition: apply("i32", "memory.out_of_bounds", [
          address,
          i32(end),
          own ? read(this.#size) : this.#linkedSize(statement.memory, result),
        ]),
        trap: "out of bounds memory access",
      });
      if (own && address.kind === "local") this.#checked.set(address.local, end);
    }
    result.push(address === statement.address ? statement : { ...statement, address });
  }

  /** Read for each access: a local would have to be refreshed behind every call and every resumption, and few programs have such memories. */
  #linkedSize(memory: number, result: Statement[]): Expression {
    const { sizeWord } = this.#module.linkedMemories[memory - 1] as IrLinkedMemory;
    const target: Local = { kind: "temporary", type: "i32", name: `a${this.#next++}` };
    result.push({ kind: "bulk", operation: "state.load32", immediates: [sizeWord], operands: [], target });
    return read(target);
  }

  #stable(address: Expression, result: Statement[]): Expression {
    if (address.kind !== "apply") return address;
    const temporary: Local = { kind: "temporary", type: "i32", name: `a${this.#next++}` };
    result.push(assign(temporary, address));
    return read(temporary);
  }
}
