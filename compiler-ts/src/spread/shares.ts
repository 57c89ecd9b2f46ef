/** Which instances are on which device: as many on each, in order, so that a device's are a range. */
import type { BackendPoolOptions } from "../api/backend.ts";

export interface Range {
  readonly first: number;
  readonly count: number;
}

/** Never empty: of fewer instances than devices the last devices get none. */
export function rangesOf(instances: number, devices: number): readonly Range[] {
  const used = Math.min(instances, devices);
  return Array.from({ length: used }, (_, index) => {
    const first = Math.floor((index * instances) / used);
    return { first, count: Math.floor(((index + 1) * instances) / used) - first };
  });
}

/** What the part's device is asked for: its own instances, which it numbers from 0. */
export function partOptions(options: BackendPoolOptions, { first, count }: Range): BackendPoolOptions {
  return { ...options, instances: count, firstInstance: first, allInstances: options.instances };
}
