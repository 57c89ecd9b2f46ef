/** Pools are made, and made of snapshots. */
import type { HostFunctionBinding, InitialBytes } from "../../../protocol/messages.ts";
import type { BackendPool, BackendPoolOptions, RestoredPool, RestoreOptions } from "../api/backend.ts";
import type { ResolvedFunction, ResolvedImports } from "../api/resolveImports.ts";
import { maximumMemoryPages } from "../metadata.ts";
import { initialState } from "./initialState.ts";
import { survivingDeaths } from "./keeper.ts";
import { type HostModule, HostPool } from "./pool.ts";

export async function createPool(module: HostModule, options: BackendPoolOptions): Promise<BackendPool> {
  const { instances, execution, schedule, hostFunctions, imports } = options;
  const { firstInstance = 0, allInstances = firstInstance + instances } = options;
  const initial: readonly InitialBytes[] = initialState(module.metadata, imports);
  const memoryPages = options.memoryPages ?? pagesFor(imports);
  const bindings = bindingsOf(imports.functions);
  const isNumbered = imports.functions.length > 0 || initial.some(({ perInstance }) => perInstance);
  const create = async (signal: AbortSignal | undefined) => {
    const { client, module: number } = await module.load(signal);
    const created = await client.createPool(
      {
        module: number,
        instances,
        ...(memoryPages === undefined ? {} : { memoryPages }),
        ...(execution === undefined ? {} : { execution }),
        ...(initial.length === 0 ? {} : { initial }),
        ...(schedule === undefined ? {} : { schedule }),
        ...(bindings.length === 0 ? {} : { hostFunctions: bindings }),
        ...(isNumbered && instances < allInstances ? { firstInstance, allInstances } : {}),
      },
      { signal },
    );
    return { client, ...created };
  };
  const recordLimit = (execution?.scratch ?? defaultScratchBytes) / 2;
  return survivingDeaths(async () => {
    const created = await create(options.signal);
    const pool = new HostPool(module, {
      ...created,
      instances,
      firstInstance,
      isNumbered,
      recordLimit,
      hostFunctions,
      create,
    });
    await pool.instantiated(created, options.signal);
    return pool;
  });
}

export async function restorePool(module: HostModule, options: RestoreOptions): Promise<RestoredPool> {
  const { snapshot, hostFunctions, schedule, signal } = options;
  const bindings = bindingsOf(hostFunctions.functions);
  const { client, module: number } = await module.load(signal);
  const restored = await client.restorePool(
    {
      module: number,
      snapshot,
      ...(schedule === undefined ? {} : { schedule }),
      ...(bindings.length === 0 ? {} : { hostFunctions: bindings }),
    },
    { signal },
  );
  const { kernel, waiting = [], instances } = restored;
  // How large scratch is the snapshot knows; the host refuses what does not fit.
  const recordLimit = Number.POSITIVE_INFINITY;
  const pool = new HostPool(module, {
    client,
    ...restored,
    firstInstance: 0,
    isNumbered: true,
    recordLimit,
    hostFunctions,
    create: undefined,
  });
  if (kernel === undefined) await pool.instantiated(restored, signal);
  else pool.suspend(kernel, waiting);
  return { pool, instances };
}

/** The imports that the host serves. */
function bindingsOf(functions: readonly ResolvedFunction[]): readonly HostFunctionBinding[] {
  return functions.flatMap(({ module, name, parameters, results, implementation }, number) =>
    implementation.kind === "host" ? [{ import: number, module, name, parameters, results }] : [],
  );
}

/** The host's default knows what the module declares, not what it is given. */
function pagesFor({ memories }: ResolvedImports): number | undefined {
  const [memory] = memories;
  if (memory === undefined) return undefined;
  const most = memory.given.items.reduce((pages, item) => Math.max(pages, item.pages), memory.type.limits.minimum);
  return Math.min(most + 16, memory.type.limits.maximum ?? maximumMemoryPages, maximumMemoryPages);
}

/** Arguments take half of scratch, results the other (docs/kernel-abi.md). */
const defaultScratchBytes = 16_384;
