/**
 * Copies of a case's instances, which must all do the same. Instance i of a pool is copy floor(i / n) of instance i mod n of its case, so that
 * a SIMD-group has some copies side by side, and others are far away.
 */
import type { Pool, RecordsResult } from "../../compiler-ts/src/index.ts";
import { CompileError, HostError } from "../../compiler-ts/src/index.ts";
import { type Case, callsOf, type Interface, type Observation, observationDifference } from "./observe.ts";

/** Records of a case's instances as records of all their copies. */
export function repeated(records: Uint32Array, copies: number): Uint32Array {
  const all = new Uint32Array(records.length * copies);
  for (let copy = 0; copy < copies; copy++) all.set(records, copy * records.length);
  return all;
}

/**
 * The first copy that does not what copy 0 of its instance does, in words; `undefined` if there is none. `answers` are those of the case's
 * calls, `originals` what was seen of the copies 0; `observe` looks at an instance of the pool, which costs several requests.
 */
export async function copyDifference(
  pool: Pick<Pool, "snapshot">,
  item: Case,
  seen: Interface,
  answers: readonly Pick<RecordsResult, "status" | "results">[],
  originals: readonly Observation[],
  observe: (place: number) => Promise<Observation>,
): Promise<string | undefined> {
  if (item.copies === 1) return undefined;
  const suspects = new Set(answers.flatMap((answer) => unlikeRecords(answer, item)));
  if (!(await haveEqualStates(pool, item.copies))) {
    for (let place = item.instances; place < item.instances * item.copies; place++) suspects.add(place);
  }
  for (const place of suspects) {
    const instance = place % item.instances;
    // Bits of NaNs may differ, and what nobody sees.
    const [want, have] = [originals[instance] as Observation, await observe(place)];
    const found = observationDifference(want, have, callsOf(item, instance), seen, "copy 0");
    if (found !== undefined) return `copy ${Math.floor(place / item.instances)} of instance ${instance}, ${found}`;
  }
  return undefined;
}

/** Instances of the pool that have another status than their copies 0, or other bits in their results. */
export function unlikeRecords(
  { status, results }: Pick<RecordsResult, "status" | "results">,
  { instances, copies }: Pick<Case, "instances" | "copies">,
): number[] {
  const words = results.length / (instances * copies);
  const isUnlike = (place: number) => {
    const original = place % instances;
    const code = status[place * 2];
    if (code !== status[original * 2] || status[place * 2 + 1] !== status[original * 2 + 1]) return true;
    // A trapped instance has no results, but words in their place.
    if (code !== 0) return false;
    for (let word = 0; word < words; word++) {
      if (results[place * words + word] !== results[original * words + word]) return true;
    }
    return false;
  };
  const unlike: number[] = [];
  for (let place = instances; place < instances * copies; place++) if (isUnlike(place)) unlike.push(place);
  return unlike;
}

/** Whether memory, globals, tables and sizes of all copies are known to have the same bits. */
async function haveEqualStates(pool: Pick<Pool, "snapshot">, copies: number): Promise<boolean> {
  try {
    return repeats(instancesOf(await pool.snapshot()), copies);
  } catch (error) {
    // Too large for a message, or of a pool that has none: of several devices, or of V8.
    const hasNone = error instanceof HostError ? error.code === "invalidParams" : error instanceof CompileError;
    if (!hasNone) throw error;
    return false;
  }
}

/** protocol/README.md, "Snapshots". */
const lengthOfHeader = 12;
const startOfHeader = 16;
const checksumBytes = 8;

function instancesOf(snapshot: Uint8Array): Uint8Array {
  const header = new DataView(snapshot.buffer, snapshot.byteOffset).getUint32(lengthOfHeader, true);
  return snapshot.subarray(startOfHeader + header, -checksumBytes);
}

/** Whether `bytes` are the same so many times, one after the other: they are what they are when moved by one period. */
export function repeats(bytes: Uint8Array, times: number): boolean {
  const period = bytes.length / times;
  return Number.isInteger(period) && Buffer.compare(bytes.subarray(period), bytes.subarray(0, -period)) === 0;
}
