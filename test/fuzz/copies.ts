/**
 * Copies of a case's instances, which must all do the same. Instance i of a pool is copy floor(i / n) of instance i mod n of its case, so that
 * a SIMD-group has some copies side by side, and others are far away.
 */
import type { Pool } from "../../compiler-ts/src/index.ts";
import { CompileError, HostError } from "../../compiler-ts/src/index.ts";
import { type Records, unlikeRecords } from "../support/equalRecords.ts";
import { type Case, callsOf, type Interface, type Observation, observationDifference } from "./observe.ts";

/**
 * The first copy that does not what copy 0 of its instance does, in words; `undefined` if there is none. `answers` are those of the case's
 * calls, `originals` what was seen of the copies 0; `observe` looks at an instance of the pool, which costs several requests.
 */
export async function copyDifference(
  pool: Pick<Pool, "snapshot">,
  item: Case,
  seen: Interface,
  answers: readonly Records[],
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
