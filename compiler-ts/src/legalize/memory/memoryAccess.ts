/**
 * Loads and stores get their bounds checks as statements of their own, against a local copy of the memory's size: the instance is passed by reference, and a
 * field of it would have to be read again after every store. A check that an earlier one on the same address implies is left out (memory never shrinks), and so is
 * one of an address that cannot exceed the memory's least size.
 */
import { accessBytes, endOf } from "../../ir/access.ts";
import { apply, assign, field, i32, read } from "../../ir/builder.ts";
import type { Expression, IrFunction, IrLinkedMemory, IrModule, Local, Statement } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";
import { hasLists, mapLists, visitStatements } from "../../ir/walk.ts";
import type { CallGraph } from "../callGraph.ts";
import { type Access, type AccessGroup, accessGroups } from "./accessGroups.ts";
import { constantAlignment, expressionAlignment, type KnownAlignment, largestAlignment } from "./alignment.ts";
import type { ModuleAlignment } from "./moduleAlignment.ts";
import { ScopedFacts } from "./scopedFacts.ts";
import { shortRange } from "./shortRanges.ts";
import { unbounded, upperBound } from "./upperBound.ts";

const pageBytes = 65_536;
const loadBounds: Readonly<Record<string, number>> = { "i32.load8_u": 0xff, "i32.load16_u": 0xffff };

/** The instance's linear memory; the writer prints loads and stores with it. */
export const memoryBase: Local = { kind: "temporary", type: "memory", name: "memory" };
/** Its size, refreshed after whatever may change it. */
const memoryBytes: Local = { kind: "variable", type: "i32", name: "memory_bytes" };
/** The same in a function where nothing changes it. */
const fixedMemoryBytes: Local = { kind: "temporary", type: "i32", name: "memory_bytes" };

const mostOf = (): number => largestAlignment;

export interface MemoryFacts {
  readonly graph: CallGraph;
  /** `undefined`: nothing of addresses is to be assumed. */
  readonly alignment: ModuleAlignment | undefined;
}

export function memoryAccess(module: IrModule, func: IrFunction, facts: MemoryFacts): void {
  if (func.lowered.has("load") || func.lowered.has("store")) new MemoryAccess(module, func, facts).run();
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
  /** Of i32 locals, where it is over 1. */
  readonly #alignments = new ScopedFacts();
  readonly #moduleAlignment: ModuleAlignment | undefined;
  /** What all assignments in the loop around the current place keep to. */
  #keptInLoop = new Map<Local, KnownAlignment>();
  /** Accesses that a check of several has covered. */
  readonly #inside = new Set<Access>();
  /** The memory never has less, bytes. */
  readonly #leastBytes: number;
  #next = 0;

  constructor(module: IrModule, func: IrFunction, { graph, alignment }: MemoryFacts) {
    this.#module = module;
    this.#moduleAlignment = alignment;
    this.#func = func;
    this.#leastBytes = (module.memory?.minimumPages ?? 0) * pageBytes;
    this.#changesSize = (statement) =>
      statement.kind === "call"
        ? graph.facts.get(statement.callee)?.mayGrowMemory === true
        : statement.kind === "bulk" && statement.operation === "memory.grow";
    this.#size = graph.facts.get(func.index)?.mayGrowMemory === true ? memoryBytes : fixedMemoryBytes;
  }

  run(): void {
    this.#func.parameters.forEach((parameter, index) => {
      if (parameter.type === "i32") this.#learn(parameter, this.#moduleAlignment?.ofParameter(this.#func, index) ?? 1);
    });
    // They begin as zero.
    for (const variable of this.#func.variables) {
      if (variable.type === "i32") this.#learn(variable, largestAlignment);
    }
    const body = this.#list(this.#func.body);
    if (this.#size.kind === "variable") this.#func.variables.push(this.#size);
    this.#func.body = [assign(memoryBase, field("memory")), assign(this.#size, field("memory_bytes")), ...body];
  }

  readonly #forget = (local: Local): void => {
    // A temporary's one assignment comes before every use.
    if (local.kind === "temporary" || local.type !== "i32") return;
    this.#forgetFacts(local);
    this.#assigned.push(local);
  };

  #forgetFacts(local: Local): void {
    this.#checked.forget(local);
    this.#bounds.forget(local);
    this.#forgetAlignment(local);
  }

  #learn(local: Local, alignment: KnownAlignment): void {
    if (alignment > 1 && this.#moduleAlignment !== undefined) this.#alignments.set(local, alignment);
  }

  readonly #boundOf = (local: Local): number | undefined => this.#bounds.of(local);
  readonly #alignmentOf = (local: Local): number | undefined => this.#alignments.of(local);

  #list(list: readonly Statement[]): Statement[] {
    const result: Statement[] = [];
    let checkedUpTo = 0;
    for (let index = 0; index < list.length; index++) {
      const statement = list[index] as Statement;
      const short = statement.kind === "bulk" ? this.#shortRange(statement, list[index + 1]) : undefined;
      if (short !== undefined) {
        for (const item of this.#list(short)) result.push(item);
        // The check of its result.
        index++;
        continue;
      }
      if (statement.kind === "load" || statement.kind === "store") {
        if (index >= checkedUpTo && this.#moduleAlignment !== undefined) {
          const { end, groups } = accessGroups(list, index);
          for (const group of groups) this.#checkTogether(group, result);
          checkedUpTo = end;
        }
        this.#access(statement, result);
      } else if (statement.kind === "window" || statement.kind === "windowStore" || statement.kind === "windowPut") {
        const known = expressionAlignment(statement.window.base, this.#alignmentOf);
        result.push(known > statement.alignment ? { ...statement, alignment: known } : statement);
      } else if (!hasLists(statement)) result.push(statement);
      else {
        // A loop's body runs again after its own assignments.
        const outside = this.#keptInLoop;
        if (statement.kind === "loop") this.#enterLoop(statement.body);
        const before = this.#assigned.length;
        const counted = statement.kind === "loop" ? statement.counted : undefined;
        if (counted !== undefined) this.#bounds.set(counted.counter, counted.most);
        result.push(mapLists(statement, this.#nested));
        if (counted !== undefined) this.#bounds.forget(counted.counter);
        this.#keptInLoop = outside;
        for (let i = before; i < this.#assigned.length; i++) this.#forgetFacts(this.#assigned[i] as Local);
      }
      // Before the target is forgotten: its value may be made of what it was.
      const bound = this.#boundOfResult(statement);
      const alignment = this.#alignmentOfResult(statement);
      visitAssigned(statement, this.#forget);
      if ((statement.kind === "assign" || statement.kind === "load") && bound < unbounded)
        this.#bounds.set(statement.target, bound);
      if ("target" in statement && statement.target !== undefined) this.#learn(statement.target, alignment);
      if (this.#changesSize(statement)) result.push(assign(this.#size, field("memory_bytes")));
    }
    return result;
  }

  #shortRange(bulk: Extract<Statement, { kind: "bulk" }>, next: Statement | undefined): Statement[] | undefined {
    if (this.#moduleAlignment === undefined || next?.kind !== "trapWith") return undefined;
    return shortRange(bulk, (address) => expressionAlignment(address, this.#alignmentOf));
  }

  #boundOfResult(statement: Statement): number {
    if (statement.kind === "load") return loadBounds[statement.operation] ?? unbounded;
    return statement.kind === "assign" && statement.target.type === "i32"
      ? upperBound(statement.value, this.#boundOf)
      : unbounded;
  }

  #alignmentOfResult(statement: Statement): KnownAlignment {
    if (statement.kind === "bulk" && statement.operation === "state.load32")
      return this.#moduleAlignment?.ofState(statement.immediates[0] as number) ?? 1;
    return statement.kind === "assign" && statement.target.type === "i32"
      ? expressionAlignment(statement.value, this.#alignmentOf)
      : 1;
  }

  readonly #nested = (list: Statement[]): Statement[] => {
    const checked = this.#checked.mark;
    const bounds = this.#bounds.mark;
    const alignments = this.#alignments.mark;
    const result = this.#list(list);
    this.#checked.undo(checked);
    this.#bounds.undo(bounds);
    this.#alignments.undo(alignments);
    return result;
  };

  /**
   * Its body runs again after its own assignments: what they leave alone remains known. So does the least alignment that a local has before the loop and is ever
   * assigned in it, which is assumed until an assignment contradicts.
   */
  #enterLoop(body: readonly Statement[]): void {
    if (this.#checked.isEmpty && this.#bounds.isEmpty && this.#alignments.isEmpty) return;
    const kept = new Map<Local, KnownAlignment>();
    visitStatements(body, (statement) => {
      visitAssigned(statement, (local) => {
        // Nothing is known of others.
        if (local.type !== "i32") return;
        this.#checked.forget(local);
        this.#bounds.forget(local);
        const before = kept.get(local) ?? this.#alignments.of(local);
        if (before === undefined) return;
        // Counters, and what is loaded, are out at once.
        const most = statement.kind === "assign" ? expressionAlignment(statement.value, mostOf) : 1;
        kept.set(local, Math.min(most, before) as KnownAlignment);
      });
    });
    const isAnyKept = [...kept.values()].some((alignment) => alignment > 1);
    const outer = this.#keptInLoop;
    this.#keptInLoop = outer.size === 0 ? kept : new Map([...outer, ...kept]);
    this.#assume(kept);
    for (let changed = isAnyKept; changed; ) {
      changed = false;
      this.#alignments.during(() =>
        this.#scan(body, (local, alignment) => {
          if (alignment >= (kept.get(local) ?? 1)) return;
          kept.set(local, alignment);
          this.#keptInLoop.set(local, alignment);
          changed = true;
        }),
      );
      this.#assume(kept);
    }
  }

  #assume(kept: ReadonlyMap<Local, KnownAlignment>): void {
    for (const [local, alignment] of kept) {
      this.#alignments.forget(local);
      this.#learn(local, alignment);
    }
  }

  /** What assignments give, in order, without the statements. */
  #scan(list: readonly Statement[], report: (local: Local, alignment: KnownAlignment) => void): void {
    for (const statement of list) {
      if (hasLists(statement)) {
        const merge = (): void =>
          visitStatements([statement], (inner) => visitAssigned(inner, (local) => this.#forgetAlignment(local)));
        if (statement.kind === "loop") merge();
        mapLists(statement, (nested) => {
          this.#alignments.during(() => this.#scan(nested, report));
          return nested;
        });
        merge();
      } else {
        const alignment = this.#alignmentOfResult(statement);
        visitAssigned(statement, (local) => {
          report(local, alignment);
          this.#alignments.forget(local);
          this.#learn(local, alignment);
        });
      }
    }
  }

  /** Where ways meet: in a loop there is what all of its assignments keep. */
  #forgetAlignment(local: Local): void {
    this.#alignments.forget(local);
    const kept = this.#keptInLoop.get(local);
    if (kept !== undefined) this.#learn(local, kept);
  }

  #checkTogether({ base, members, end, mayWrap }: AccessGroup, result: Statement[]): void {
    const open = members.filter(({ access }) => !this.#isInside(access));
    if (open.length < 2 || end > 0xffffffff || (this.#checked.of(base) ?? 0) >= end) return;
    const isOutside = this.#outOfBounds(read(base), end);
    if (mayWrap) {
      // As the module has it, one by one: the sums may be inside where the base is not.
      const exactly = open.map(({ access, address }) => this.#trapIf(this.#outOfBounds(address, endOf(access))));
      result.push({ kind: "if", condition: isOutside, results: [], whenTrue: exactly, whenFalse: [] });
      for (const { access } of open) this.#inside.add(access);
    } else {
      result.push(this.#trapIf(isOutside));
      this.#checked.set(base, end);
    }
  }

  #isInside(statement: Access): boolean {
    return (
      this.#inside.has(statement) ||
      (statement.memory === 0 && upperBound(statement.address, this.#boundOf) + endOf(statement) <= this.#leastBytes)
    );
  }

  #outOfBounds(address: Expression, end: number, size: Expression = read(this.#size)): Expression {
    return apply("i32", "memory.out_of_bounds", [address, i32(end), size]);
  }

  #trapIf(condition: Expression): Statement {
    return { kind: "trapIf", condition, trap: "out of bounds memory access" };
  }

  #access(statement: Access, result: Statement[]): void {
    const end = endOf(statement);
    const own = statement.memory === 0;
    const inside = this.#isInside(statement);
    // What is checked occurs twice, in the check and in the access.
    const address = inside ? statement.address : this.#stable(statement.address, result);
    if (end > 0xffffffff) {
      // No memory is that large: 65,535 pages are the limit.
      result.push(this.#trapIf(i32(1)));
    } else if (!inside && !(own && address.kind === "local" && (this.#checked.of(address.local) ?? 0) >= end)) {
      const size = own ? read(this.#size) : this.#linkedSize(statement.memory, result);
      result.push(this.#trapIf(this.#outOfBounds(address, end, size)));
      if (own && address.kind === "local") this.#checked.set(address.local, end);
    }
    const known = expressionAlignment(address, this.#alignmentOf);
    // Less than it takes is no reason to expect what the module does not.
    const isEnough = Math.min(known, constantAlignment(statement.offset)) >= accessBytes(statement.operation);
    const alignment = isEnough || (known > 1 && statement.alignment > 0) ? known : statement.alignment;
    result.push(
      address === statement.address && alignment === statement.alignment
        ? statement
        : { ...statement, address, alignment },
    );
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
    this.#learn(temporary, expressionAlignment(address, this.#alignmentOf));
    return read(temporary);
  }
}
