/** Records of instances that are to do the same. Nothing is made for an instance: there are thousands, and calls by the ten thousand. */
import type { RecordsResult } from "../../compiler-ts/src/index.ts";

export type Records = Pick<RecordsResult, "status" | "results">;

/** Records of some instances as records of all their copies: instance i of all is copy floor(i / n) of instance i mod n. */
export function repeated(records: Uint32Array, copies: number): Uint32Array {
  const all = new Uint32Array(records.length * copies);
  for (let copy = 0; copy < copies; copy++) all.set(records, copy * records.length);
  return all;
}

/** Instances that have another status than their copies 0, or other bits in their results. */
export function unlikeRecords(
  { status, results }: Records,
  { instances, copies }: { readonly instances: number; readonly copies: number },
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
