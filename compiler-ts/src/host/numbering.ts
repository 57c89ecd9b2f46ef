import type { Answers, ServedFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";

/** The numbers that imported functions know instances by: those in a larger whole, or those of their jobs. */
export interface Numbering {
  readonly numberOf: (instance: number) => number;
  readonly instanceOf: (number: number) => number;
}

/** The functions, asked and answering by the pool's own numbers. */
export function renumbered(hostFunctions: ServedFunctions, { numberOf, instanceOf }: Numbering): ServedFunctions {
  const placed = <Item extends { readonly instance: number }>(items: readonly Item[]) =>
    items.map((item) => ({ ...item, instance: instanceOf(item.instance) }));
  return {
    functions: hostFunctions.functions,
    async answer(waiting, memories, signal): Promise<Answers> {
      const renumberedMemories: InstanceMemories = {
        read: (ranges) => memories.read(placed(ranges)),
        write: (writes) => memories.write(placed(writes)),
        sizes: (numbers) => memories.sizes(numbers.map(instanceOf)),
      };
      const calls = waiting.map((item) => ({ ...item, instances: item.instances.map(numberOf) }));
      const { answers, failures } = await hostFunctions.answer(calls, renumberedMemories, signal);
      return {
        answers: answers.map((item) => ({ ...item, instances: item.instances.map(instanceOf) })),
        failures: new Map([...failures].map(([number, failure]) => [instanceOf(number), failure])),
      };
    },
  };
}
