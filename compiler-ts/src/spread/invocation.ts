/** One invocation on several devices at once. */
import type { Invocation, InvocationResult } from "../api/backend.ts";
import type { HostFailure } from "../api/hostFunctions.ts";
import { recordWords } from "../api/values.ts";
import { trapCode } from "../metadata.ts";
import type { SpreadEvents } from "./backend.ts";
import { isLoss, labelled } from "./errors.ts";
import type { Part } from "./pool.ts";
import { SharedProgress } from "./progress.ts";

/** What of an invocation is a device's. */
interface Share {
  readonly part: Part;
  /** The part's own numbers; `undefined`: all of its instances. */
  readonly instances: readonly number[] | undefined;
  /** In the order of the whole invocation's records: a start, or one an instance. */
  readonly positions: number | readonly number[];
  readonly count: number;
}

/**
 * The instances of a device that is lost end with the trap `device failed`, as those of a failed command buffer do, and the others have
 * their results. Rejects where every device is lost, and where one refuses: then the others are cancelled.
 */
export async function invokeSpread(
  parts: readonly Part[],
  invocation: Invocation,
  events: SpreadEvents,
): Promise<InvocationResult> {
  const { instances, function: target } = invocation;
  const shares = sharesOf(parts, instances);
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  const progress = new SharedProgress(total, events.onProgress);
  const refusal = new AbortController();
  const signal =
    invocation.signal === undefined ? refusal.signal : AbortSignal.any([invocation.signal, refusal.signal]);
  const settled = await Promise.allSettled(
    shares.map(async (share) => {
      try {
        return await share.part.pool.invoke({
          ...invocation,
          instances: share.instances,
          arguments: gathered(invocation.arguments, share, recordWords(target.parameters)),
          signal,
          onProgress: progress.of(share, share.count),
        });
      } catch (error) {
        const reason = labelled(share.part.label, error);
        if (!isLoss(error)) refusal.abort(reason);
        throw reason;
      }
    }),
  );
  invocation.signal?.throwIfAborted();
  refusal.signal.throwIfAborted();
  const losses = settled.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (losses.length === shares.length && losses.length > 0) throw losses[0];

  const words = recordWords(target.results);
  const status = new Uint32Array(total * 2);
  const results = new Uint32Array(total * words);
  const failures = new Map<number, HostFailure>();
  let deviceSeconds = 0;
  shares.forEach((share, index) => {
    const outcome = settled[index] as PromiseSettledResult<InvocationResult>;
    const answer = outcome.status === "fulfilled" ? outcome.value : lost(share, target.name, outcome.reason, words);
    scatter(answer.status, share, 2, status);
    scatter(answer.results, share, words, results);
    for (const [instance, failure] of answer.failures) failures.set(instance + share.part.first, failure);
    deviceSeconds += answer.deviceSeconds;
  });
  return { status, results, deviceSeconds, failures };
}

function sharesOf(parts: readonly Part[], instances: readonly number[] | undefined): readonly Share[] {
  if (instances === undefined) {
    return parts.map((part) => ({ part, instances: undefined, positions: part.first, count: part.count }));
  }
  return parts.flatMap((part) => {
    const { first, count } = part;
    const positions = [...instances.keys()].filter((position) => {
      const own = (instances[position] as number) - first;
      return own >= 0 && own < count;
    });
    const own = positions.map((position) => (instances[position] as number) - first);
    return own.length === 0 ? [] : [{ part, instances: own, positions, count: own.length }];
  });
}

function gathered(records: Uint32Array, { positions, count }: Share, words: number): Uint32Array {
  if (typeof positions === "number") return records.subarray(positions * words, (positions + count) * words);
  const own = new Uint32Array(count * words);
  positions.forEach((position, index) => {
    own.set(records.subarray(position * words, (position + 1) * words), index * words);
  });
  return own;
}

function scatter(own: Uint32Array, { positions }: Share, words: number, all: Uint32Array): void {
  if (typeof positions === "number") all.set(own, positions * words);
  else {
    positions.forEach((position, index) => {
      all.set(own.subarray(index * words, (index + 1) * words), position * words);
    });
  }
}

function lost({ part, instances, count }: Share, called: string, error: Error, words: number): InvocationResult {
  const code = trapCode("device failed");
  const failure = { import: called, message: error.message };
  const numbers = instances ?? Array.from({ length: part.count }, (_, index) => index);
  return {
    status: Uint32Array.from({ length: count * 2 }, (_, index) => (index % 2 === 0 ? code : 0)),
    results: new Uint32Array(count * words),
    deviceSeconds: 0,
    failures: new Map(numbers.map((instance) => [instance, failure])),
  };
}
