/** Which instances are on which device: as many on each, in order, so that a device's are a range. */
import type { BackendPoolOptions } from "../api/backend.ts";
import type { Answers, ServedFunctions } from "../api/hostFunctions.ts";
import type { InstanceMemories } from "../api/memoryRequests.ts";
import type { Given, ResolvedImports } from "../api/resolveImports.ts";

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
export function partOptions(options: BackendPoolOptions, range: Range): BackendPoolOptions {
  return {
    ...options,
    instances: range.count,
    firstInstance: range.first,
    imports: importsOf(options.imports, range),
    hostFunctions: renumbered(options.hostFunctions, range.first),
  };
}

function importsOf({ functions, globals, memories, tables }: ResolvedImports, range: Range): ResolvedImports {
  const part = <Item, State extends { readonly given: Given<Item> }>(state: State): State => {
    const { perInstance, items } = state.given;
    if (!perInstance) return state;
    return { ...state, given: { perInstance, items: items.slice(range.first, range.first + range.count) } };
  };
  return { functions, globals: globals.map(part), memories: memories.map(part), tables: tables.map(part) };
}

/** The functions know instances by their numbers in the whole pool. */
function renumbered(hostFunctions: ServedFunctions, first: number): ServedFunctions {
  return {
    functions: hostFunctions.functions,
    async answer(waiting, memories, signal): Promise<Answers> {
      const moved = (instances: readonly number[], by: number) => instances.map((instance) => instance + by);
      const down = <Item extends { readonly instance: number }>(items: readonly Item[]) =>
        items.map((item) => ({ ...item, instance: item.instance - first }));
      const renumberedMemories: InstanceMemories = {
        read: (ranges) => memories.read(down(ranges)),
        write: (writes) => memories.write(down(writes)),
        sizes: (instances) => memories.sizes(moved(instances, -first)),
      };
      const calls = waiting.map((item) => ({ ...item, instances: moved(item.instances, first) }));
      const { answers, failures } = await hostFunctions.answer(calls, renumberedMemories, signal);
      return {
        answers: answers.map((item) => ({ ...item, instances: moved(item.instances, -first) })),
        failures: new Map([...failures].map(([instance, failure]) => [instance - first, failure])),
      };
    },
  };
}
