/**
 * Arrays that counted loops walk through, kept in registers. C and Rust have them on the shadow stack, in linear memory, where no shader compiler can tell that
 * nothing else writes. Where one check before the loops finds the words that a local points to within the memory, and apart from what else is written, loads take
 * them from an array of the thread's own, a window. Stores go to both, so that linear memory is what it should be at any moment: a trap, a jump, or a load through
 * some other pointer needs no care. Where there is none of these, stores to memory wait until the end. Where the check fails, the code runs as it was.
 *
 * Counted loops hold no call and no checkpoint: an instance is never suspended while it has a window. docs/performance.md, Arrays in registers.
 */
import { apply, assign, field, i32, read } from "../../ir/builder.ts";
import type { Expression, IrFunction, IrModule, Local, MemoryWindow, Statement } from "../../ir/module.ts";
import { forEachList, hasLists, mapLists, visitStatements } from "../../ir/walk.ts";
import { widenScope } from "../scopes.ts";
import { type Assumption, absolute, CountedTrace, type Root, type TracedAccess } from "./countedTrace.ts";
import { originBefore, type Place } from "./origins.ts";
import {
  ascending,
  inPairs,
  longestReach,
  type Range,
  type ReachingRange,
  rangesOf,
  type WindowCandidate,
  windowCandidates,
} from "./windowCandidates.ts";
import { type Open, sum, WindowedCopy } from "./windowedCopy.ts";

const pageBytes = 65_536;
/** Loads that the windows of some code must save, and nodes of expressions in its unrolled loops for each. */
const leastSaved = 16;
const mostNodesPerLoad = 100;
const severalPlaces = 4;
/** Statements of code that there will be twice. */
const mostStatements = 400;
/** Each is in a register to the end. */
const mostDeferredWords = 64;
/** Of windows with what else is written. */
const mostComparisons = 4;

export function memoryWindows(module: IrModule, func: IrFunction): void {
  if (func.kind !== "wasm" || !func.lowered.has("loop") || !func.lowered.has("load")) return;
  new MemoryWindows(module, func).run();
}

interface Run {
  /** Behind its last counted loop. */
  readonly end: number;
  readonly accesses: readonly TracedAccess[];
  readonly nodes: number;
  readonly assumptions: readonly Assumption[];
  readonly mayLeave: boolean;
}

interface Comparison {
  readonly candidate: WindowCandidate;
  readonly other: Range;
}

/** What the check asks for besides the windows themselves. */
interface Others {
  readonly comparisons: readonly Comparison[];
  /** Must lie within the memory. */
  readonly inside: readonly ReachingRange[];
  readonly deferred: boolean;
}

class MemoryWindows {
  readonly #func: IrFunction;
  readonly #leastBytes: number;
  readonly #assignedIn = new Map<Statement, readonly Local[]>();
  readonly #variables: Set<Local>;
  /** By the statement that they begin with, so many of which they replace. */
  readonly #replacements = new Map<
    Statement,
    { readonly statements: readonly Statement[]; readonly replaced: number }
  >();
  readonly #around: Place[] = [];
  #next = 0;

  constructor(module: IrModule, func: IrFunction) {
    this.#func = func;
    this.#leastBytes = (module.memory?.minimumPages ?? 0) * pageBytes;
    this.#variables = new Set(func.variables);
  }

  run(): void {
    this.#find(this.#func.body);
    if (this.#replacements.size === 0) return;
    this.#func.body = this.#replace(this.#func.body);
    this.#func.variables = [...this.#variables];
  }

  readonly #find = (list: readonly Statement[]): void => {
    const place = { list, position: 0 };
    this.#around.push(place);
    for (let i = 0; i < list.length; i++) {
      const statement = list[i] as Statement;
      if (!hasLists(statement)) continue;
      place.position = i;
      const run = isWorthATrace(statement, this.#assignedIn) ? this.#runFrom(list, i) : undefined;
      const replacement = run === undefined ? undefined : this.#replacement(list.slice(i, run.end), run);
      if (run !== undefined && replacement !== undefined) {
        this.#replacements.set(statement, { statements: replacement, replaced: run.end - i });
        i = run.end - 1;
      } else forEachList(statement, this.#find);
    }
    this.#around.pop();
  };

  readonly #replace = (list: Statement[]): Statement[] => {
    const result: Statement[] = [];
    for (let i = 0; i < list.length; i++) {
      const statement = list[i] as Statement;
      const replacement = this.#replacements.get(statement);
      if (replacement !== undefined) {
        for (const item of replacement.statements) result.push(item);
        i += replacement.replaced - 1;
      } else result.push(hasLists(statement) ? mapLists(statement, this.#replace) : statement);
    }
    return result;
  };

  /** From a counted loop to the last one that a trace gets through. */
  #runFrom(list: readonly Statement[], start: number): Run | undefined {
    const trace = new CountedTrace(this.#assignedIn, (local) => originBefore(local, this.#around, this.#assignedIn));
    let run: Run | undefined;
    for (let i = start; i < list.length && trace.statement(list[i] as Statement); i++) {
      if (list[i]?.kind === "loop")
        run = {
          end: i + 1,
          accesses: trace.accesses.slice(),
          nodes: trace.nodes,
          assumptions: trace.assumptions,
          mayLeave: trace.mayLeave,
        };
    }
    return run;
  }

  #replacement(list: readonly Statement[], run: Run): Statement[] | undefined {
    const { accesses, nodes, assumptions } = run;
    const candidates = windowCandidates(accesses);
    const saved = candidates.reduce((total, candidate) => total + candidate.saved, 0);
    if (saved < leastSaved || saved * mostNodesPerLoad < nodes) return undefined;
    let statements = 0;
    visitStatements(list, () => statements++);
    if (statements > mostStatements) return undefined;
    const others = this.#deferred(run, candidates) ?? this.#written(run, candidates);
    if (others === undefined) return undefined;
    const { comparisons, inside, deferred } = others;

    const roots = new Set([...candidates, ...inside, ...comparisons.map(({ other }) => other)].map(({ root }) => root));
    const assumed = assumptions.filter(({ root }) => roots.has(root));
    const assumedValue = ({ base, constant }: Assumption): Expression => sum(read(base), constant);
    const assumes = assumed.map((assumption) => assign(assumption.local, assumedValue(assumption)));
    for (const statement of assumes) widenScope(statement, this.#variables);
    const open = candidates.map((candidate): Open => ({ candidate, window: this.#window(candidate) }));
    const bases = open.flatMap(({ candidate: { root, start }, window: { base } }) =>
      base.kind === "local" ? [assign(base.local, placeFrom(root, start))] : [],
    );
    const windowed = [
      // The shader compiler sees it then.
      ...assumes,
      ...open.map(({ candidate: { taken, unsure }, window }): Statement => {
        // What is put back has to be there.
        const words = deferred ? ascending([...taken, ...unsure]) : taken;
        return { kind: "window", window, taken: inPairs(words), alignment: 4 };
      }),
      ...new WindowedCopy(open, deferred).list(list),
      ...open.flatMap(({ candidate: { written }, window }): Statement[] =>
        deferred && written.length > 0 ? [{ kind: "windowPut", window, words: inPairs(written), alignment: 4 }] : [],
      ),
    ];
    const obstacles = [
      ...assumed.map((assumption) => apply("i32", "i32.sub", [read(assumption.local), assumedValue(assumption)])),
      ...open.flatMap(({ window: { base } }) =>
        base.kind === "local" ? [apply("i32", "i32.and", [base, i32(3)])] : [],
      ),
      ...[...candidates, ...inside].flatMap((range) => this.#outside(range)),
      ...comparisons.flatMap(({ candidate, other }) => overlaps(candidate, other)),
    ];
    if (obstacles.length === 0) return [...bases, ...windowed];
    // The code will be there twice, in scopes of its own.
    visitStatements(list, (statement) => widenScope(statement, this.#variables));
    const condition = apply("i32", "i32.eqz", [obstacles.reduce((all, next) => apply("i32", "i32.or", [all, next]))]);
    return [...bases, { kind: "if", condition, results: [], whenTrue: windowed, whenFalse: [...list] }];
  }

  #window({ root, start, end }: WindowCandidate): MemoryWindow {
    const name = `window${this.#next++}`;
    const words = (end - start) >> 2;
    if (root === absolute) return { name, words, base: i32(start) };
    const base: Local = { kind: "variable", type: "i32", name: `${name}_base` };
    this.#variables.add(base);
    return { name, words, base: read(base) };
  }

  /**
   * What has to be asked for so that stores can wait until the end, all of them: nothing ends the code before, and nothing else looks at the words. `undefined`:
   * they cannot, or it does not pay.
   */
  #deferred({ accesses, mayLeave }: Run, candidates: readonly WindowCandidate[]): Others | undefined {
    const words = candidates.reduce((sum, { written }) => sum + written.length, 0);
    if (mayLeave || words === 0 || words > mostDeferredWords) return undefined;
    const unserved = accesses.filter(({ access }) => !candidates.some(({ served }) => served.has(access)));
    const own = new Set<Root | undefined>([undefined, ...candidates.map(({ root }) => root)]);
    if (unserved.some(({ root }) => own.has(root))) return undefined;
    const comparisons = comparisonsOf(candidates, rangesOf(accesses));
    return comparisons === undefined ? undefined : { comparisons, inside: rangesOf(unserved), deferred: true };
  }

  /** What has to be asked for where stores go to memory at once. */
  #written({ accesses }: Run, candidates: readonly WindowCandidate[]): Others | undefined {
    const comparisons = comparisonsOf(candidates, rangesOf(accesses.filter(({ access }) => access.kind === "store")));
    return comparisons === undefined ? undefined : { comparisons, inside: [], deferred: false };
  }

  /** Not 0 where some of the range is no part of the memory. */
  #outside({ root, start, end, lowest }: ReachingRange): Expression[] {
    if (root === absolute && end <= this.#leastBytes) return [];
    // From the lowest address on: where a sum with an offset leaves 32 bits, the access traps, and is not at its place from the base.
    const first = root === absolute ? start : lowest;
    return [apply("i32", "memory.out_of_bounds", [placeFrom(root, first), i32(end - first), field("memory_bytes")])];
  }
}

/** Whether a counted loop, by its first two iterations, walks through an array or loads from several places behind one root: few do, and no other is worth a trace. */
function isWorthATrace(loop: Statement, assignedIn: Map<Statement, readonly Local[]>): boolean {
  if (loop.kind !== "loop" || loop.counted === undefined) return false;
  const trace = new CountedTrace(assignedIn, () => undefined, 2);
  if (!trace.statement(loop)) return false;
  const firsts = new Map<Statement, number>();
  const places = new Map<Root, Set<number>>();
  for (const { access, root, address } of trace.accesses) {
    if (access.kind === "store" || root === undefined) continue;
    const first = firsts.get(access);
    if (first !== undefined && first !== address) return true;
    firsts.set(access, address);
    const known = places.get(root);
    const place = address + access.offset;
    if (known === undefined) places.set(root, new Set([place]));
    else if (known.add(place).size === severalPlaces) return true;
  }
  return false;
}

function placeFrom({ holder }: Root, constant: number): Expression {
  return holder === undefined ? i32(constant) : sum(read(holder), constant);
}

/** Windows with what else is accessed. `undefined`: it takes too much to tell them apart. */
function comparisonsOf(
  candidates: readonly WindowCandidate[],
  ranges: readonly ReachingRange[],
): Comparison[] | undefined {
  const comparisons = candidates.flatMap((candidate) =>
    ranges.flatMap((other) => (other.root === candidate.root ? [] : [{ candidate, other }])),
  );
  const isTooLong = ({ root, start, end, lowest }: ReachingRange): boolean =>
    end - Math.min(root === absolute ? start : lowest, start) > longestReach;
  return comparisons.length > mostComparisons || ranges.some(isTooLong) ? undefined : comparisons;
}

/** One of them is not 0 where the ranges have a byte in common, around the end of the address space too. */
function overlaps(one: Range, other: Range): Expression[] {
  const [a, b] = [placeFrom(one.root, one.start), placeFrom(other.root, other.start)];
  const isWithin = (place: Expression, start: Expression, length: number): Expression =>
    apply("i32", "i32.lt_u", [apply("i32", "i32.sub", [place, start]), i32(length)]);
  return [isWithin(b, a, one.end - one.start), isWithin(a, b, other.end - other.start)];
}
