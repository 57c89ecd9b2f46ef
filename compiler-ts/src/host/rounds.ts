/** Instances that wait for imported functions: asks for their answers and goes on, round after round, until none waits. */
import type { ResumePoolResult, WaitingCalls } from "../../../protocol/messages.ts";
import type { HostFailure, HostFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import { recordWords } from "../api/values.ts";
import type { HostClient, RequestOptions } from "./client.ts";
import { bytesOf, ofLength, wordsOfBytes } from "./records.ts";

export interface WaitingPool {
  readonly client: HostClient;
  readonly pool: number;
  readonly hostFunctions: HostFunctions;
  readonly memories: InstanceMemories;
}

/**
 * `onResumed` is told of every round's result. Where `options.signal` aborts, the instances that wait are ended, so that the pool can be
 * used again, and the reason is thrown.
 */
export async function serveRounds(
  { client, pool, hostFunctions, memories }: WaitingPool,
  first: readonly WaitingCalls[] | undefined,
  options: RequestOptions,
  onResumed: (result: ResumePoolResult) => void,
): Promise<ReadonlyMap<number, HostFailure>> {
  const failures = new Map<number, HostFailure>();
  let waiting = first ?? [];
  while (waiting.length > 0) {
    const calls = waiting.map((call) => {
      const words = recordWords(hostFunctions.functions[call.import]?.parameters ?? []);
      const bytes = ofLength(call.arguments, call.instances.length * words * 4, "the arguments of waiting calls");
      return { import: call.import, instances: call.instances, arguments: wordsOfBytes(bytes) };
    });
    const round = await hostFunctions.answer(calls, memories, options.signal).catch(async (error) => {
      await client.resumePool({ pool, answers: [], failed: calls.flatMap(({ instances }) => instances) });
      throw error;
    });
    for (const [instance, failure] of round.failures) failures.set(instance, failure);
    const resumed = await client.resumePool(
      {
        pool,
        answers: round.answers.map((answer) => ({ ...answer, results: bytesOf(answer.results) })),
        ...(round.failures.size === 0 ? {} : { failed: [...round.failures.keys()] }),
      },
      options,
    );
    onResumed(resumed);
    waiting = resumed.waiting ?? [];
  }
  return failures;
}
