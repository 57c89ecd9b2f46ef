/** Which words of linear memory, of those that a trace has seen, are worth a window. */
import { accessBytes } from "../../ir/access.ts";
import type { WindowWords } from "../../ir/module.ts";
import { type Access, absolute, type Root, type TracedAccess } from "./countedTrace.ts";

/** Bytes [start, end) from a root's value. */
export interface Range {
  readonly root: Root;
  readonly start: number;
  readonly end: number;
}

export interface ReachingRange extends Range {
  /** The lowest address that an access has without its offset. */
  readonly lowest: number;
}

/** Words of which no access that it does not serve writes one, from the same root. */
export interface WindowCandidate extends ReachingRange {
  readonly served: ReadonlySet<Access>;
  /** Words that are read before they are surely written, ascending. */
  readonly taken: readonly number[];
  /** Words that are written, and those of them that may not be; ascending. */
  readonly written: readonly number[];
  readonly unsure: readonly number[];
  /** Loads from memory that are no more. */
  readonly saved: number;
}

/** Of a window: arrays that stay arrays take memory of every resident thread. */
const mostWords = 256;
const leastWords = 4;
const leastSaved = 8;
/** Lengths and constant addresses stay well within 32 bits, whatever the offsets are. */
export const longestReach = 0x7fffffff;

/** Accesses that windows can serve, by the words that they touch. */
const servable: Readonly<Record<string, 1 | 2>> = {
  "i32.load": 1,
  "f32.load": 1,
  "i64.load32_u": 1,
  "i64.load32_s": 1,
  "i64.load": 2,
  "f64.load": 2,
  "i32.store": 1,
  "f32.store": 1,
  "i64.store32": 1,
  "i64.store": 2,
  "f64.store": 2,
};

export function windowCandidates(accesses: readonly TracedAccess[]): WindowCandidate[] {
  const rootOf = new Map<Access, Root | undefined>();
  const byRoot = new Map<Root, TracedAccess[]>();
  for (const traced of accesses) {
    const { access, root } = traced;
    // One that has several roots is nobody's.
    rootOf.set(access, !rootOf.has(access) || rootOf.get(access) === root ? root : undefined);
    if (root === undefined) continue;
    const group = byRoot.get(root);
    if (group === undefined) byRoot.set(root, [traced]);
    else group.push(traced);
  }
  return [...byRoot].flatMap(([root, group]) => {
    const candidate = candidateOf(root, group, (access) => rootOf.get(access) === root);
    return candidate === undefined || candidate.saved < leastSaved ? [] : [candidate];
  });
}

/** What is accessed from each root. */
export function rangesOf(accesses: readonly TracedAccess[]): ReachingRange[] {
  const ranges = new Map<Root, ReachingRange>();
  for (const traced of accesses) {
    const { access, root, address } = traced;
    if (root === undefined) continue;
    const start = placeOf(traced);
    const known = ranges.get(root);
    const end = start + accessBytes(access.operation);
    ranges.set(root, {
      root,
      start: Math.min(start, known?.start ?? start),
      end: Math.max(end, known?.end ?? end),
      lowest: Math.min(address, known?.lowest ?? address),
    });
  }
  return [...ranges.values()];
}

function placeOf({ address, access }: TracedAccess): number {
  return address + access.offset;
}

function candidateOf(
  root: Root,
  group: readonly TracedAccess[],
  isOwn: (access: Access) => boolean,
): WindowCandidate | undefined {
  const first = group.find(({ access }) => isOwn(access) && servable[access.operation] !== undefined);
  if (first === undefined) return undefined;
  const residue = root === absolute ? 0 : placeOf(first) & 3;
  const served = new Set<Access>();
  for (const { access } of group) if (isOwn(access) && servable[access.operation] !== undefined) served.add(access);
  for (const traced of group) if (((placeOf(traced) - residue) & 3) !== 0) served.delete(traced.access);
  leaveToMemory(group, served, residue);

  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  for (const traced of group) {
    if (!served.has(traced.access)) continue;
    const place = placeOf(traced);
    start = Math.min(start, place);
    end = Math.max(end, place + accessBytes(traced.access.operation));
    lowest = Math.min(lowest, traced.address);
  }
  if (end - start < leastWords * 4 || end - start > mostWords * 4) return undefined;
  if ((root === absolute ? end : end - lowest) > longestReach) return undefined;

  const written = new Set<number>();
  const surely = new Set<number>();
  const taken = new Set<number>();
  let loads = 0;
  for (const traced of group) {
    const { access, certain } = traced;
    if (!served.has(access)) continue;
    const word = (placeOf(traced) - start) >> 2;
    const words = servable[access.operation] as 1 | 2;
    if (access.kind === "load") loads += words;
    for (let i = word; i < word + words; i++) {
      if (access.kind === "load" && !surely.has(i)) taken.add(i);
      if (access.kind === "store") written.add(i);
      if (access.kind === "store" && certain) surely.add(i);
    }
  }
  return {
    root,
    start,
    end,
    lowest,
    served,
    taken: ascending(taken),
    written: ascending(written),
    unsure: ascending([...written].filter((word) => !surely.has(word))),
    saved: loads - taken.size,
  };
}

/** Ascending words, two at once where they may lie in one cell of 8 bytes. */
export function inPairs(words: readonly number[]): WindowWords[] {
  const pairs: WindowWords[] = [];
  for (const word of words) {
    const last = pairs.at(-1);
    if (last?.count === 1 && last.first % 2 === 0 && last.first + 1 === word)
      pairs[pairs.length - 1] = { ...last, count: 2 };
    else pairs.push({ first: word, count: 1 });
  }
  return pairs;
}

export function ascending(words: Iterable<number>): number[] {
  return [...new Set(words)].sort((a, b) => a - b);
}

/** Words that some store writes by itself are not in the window, nor is any other access to them served. */
function leaveToMemory(group: readonly TracedAccess[], served: Set<Access>, residue: number): void {
  const wordsOf = (traced: TracedAccess): readonly [number, number] => {
    const place = placeOf(traced) - residue;
    // Places reach over 2^31, where shifts would be negative.
    return [Math.floor(place / 4), Math.floor((place + accessBytes(traced.access.operation) - 1) / 4)];
  };
  const left = new Set<number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const traced of group) {
      if (traced.access.kind !== "store" || served.has(traced.access)) continue;
      const [first, last] = wordsOf(traced);
      for (let word = first; word <= last; word++) left.add(word);
    }
    for (const traced of left.size === 0 ? [] : group) {
      if (!served.has(traced.access)) continue;
      const [first, last] = wordsOf(traced);
      if (!left.has(first) && !left.has(last)) continue;
      served.delete(traced.access);
      changed = true;
    }
  }
}
