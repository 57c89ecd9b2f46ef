/** Instances that wait for imported functions: asks for their answers and goes on, round after round, until none waits. */
import type { HostFunctionFailures, ResumePoolResult, WaitingCalls } from "../../../protocol/messages.ts";
import type { Timeline } from "../api/backend.ts";
import type { Answers, HostFailure, ServedFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import type { ResolvedFunction } from "../api/resolveImports.ts";
import { recordWords } from "../api/values.ts";
import { HostError } from "../errors.ts";
import type { HostClient, RequestOptions } from "./client.ts";
import { bytesOf, ofLength, wordsOfBytes } from "./records.ts";

export interface WaitingPool {
  readonly client: HostClient;
  readonly pool: number;
  readonly hostFunctions: ServedFunctions;
  readonly memories: InstanceMemories;
  readonly timeline?: Timeline | undefined;
}

/** What an answer of the host has of imported functions. */
export interface Answer {
  readonly waiting?: readonly WaitingCalls[];
  /** Of those that the host serves. */
  readonly failures?: readonly HostFunctionFailures[];
}

/**
 * `onResumed` is told of every round's result. Where `options.signal` aborts, or the host is gone, the instances that wait are ended, so
 * that the pool can be used again, and the reason is thrown.
 */
export async function serveRounds(
  served: WaitingPool,
  first: Answer,
  options: RequestOptions,
  onResumed: (result: ResumePoolResult) => void,
): Promise<ReadonlyMap<number, HostFailure>> {
  const { client, pool } = served;
  const failures = new Map<number, HostFailure>();
  addFailures(first, served.hostFunctions, failures);
  let waiting = first.waiting ?? [];
  if (waiting.length === 0) return failures;
  const ending = options.signal === undefined ? client.closed : AbortSignal.any([options.signal, client.closed]);
  try {
    while (waiting.length > 0) {
      const round = await answerCalls(served, waiting, ending);
      for (const [instance, failure] of round.failures) failures.set(instance, failure);
      const resumed = await client.resumePool({ pool, ...answerOf(round) }, options);
      onResumed(resumed);
      addFailures(resumed, served.hostFunctions, failures);
      waiting = resumed.waiting ?? [];
    }
  } catch (error) {
    // A resumption that was cancelled may or may not have begun; if it had, none of them waits any more, and this is refused.
    const failed = waiting.flatMap(({ instances }) => instances);
    await client.resumePool({ pool, answers: [], failed }).catch(() => {});
    throw error;
  }
  return failures;
}

function addFailures({ failures = [] }: Answer, hostFunctions: ServedFunctions, all: Map<number, HostFailure>): void {
  for (const { import: number, message, instances } of failures) {
    const target = importNumbered(number, hostFunctions);
    for (const instance of instances) all.set(instance, { import: `${target.module}.${target.name}`, message });
  }
}

/** Only a restored pool's instances can be found to wait for what the host serves: it does so when it resumes the others. */
export async function answerCalls(
  { hostFunctions, memories, timeline }: Pick<WaitingPool, "hostFunctions" | "memories" | "timeline">,
  waiting: readonly WaitingCalls[],
  ending: AbortSignal,
): Promise<Answers> {
  const calls = waiting.flatMap((call) => {
    const target = importNumbered(call.import, hostFunctions);
    if (target.implementation.kind === "host") return [];
    const length = call.instances.length * recordWords(target.parameters) * 4;
    const bytes = ofLength(call.arguments, length, "the arguments of waiting calls");
    return [{ import: call.import, instances: call.instances, arguments: wordsOfBytes(bytes) }];
  });
  const at = timeline?.now() ?? 0;
  const answers = await hostFunctions.answer(calls, memories, ending);
  if (timeline !== undefined) {
    const count = waiting.reduce((sum, { instances }) => sum + instances.length, 0);
    timeline.add([{ kind: "hostCalls", device: timeline.device, at, seconds: timeline.now() - at, calls: count }]);
  }
  return answers;
}

/** As the host is told of it. */
export function answerOf({ answers, failures }: Answers) {
  return {
    answers: answers.map(({ results, ...rest }) => ({ ...rest, results: bytesOf(results) })),
    ...(failures.size === 0 ? {} : { failed: [...failures.keys()] }),
  };
}

export function importNumbered(number: number, { functions }: ServedFunctions): ResolvedFunction {
  const target = functions[number];
  if (target === undefined) throw new HostError("protocolViolation", `no import has the number ${number}`);
  return target;
}
