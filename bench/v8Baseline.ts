/**
 * The CPU side of the throughput bench: V8 on a fixed number of worker threads that stay warm. Generous to the CPU: a
 * thread calls one instance over and over, where a device keeps every instance's memory apart.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { WasmValue } from "../test/support/v8.ts";
import type { WorkerSetup } from "./v8Worker.ts";

// On Node 20 a worker thread does not inherit tsx's hooks, so it loads its TypeScript through tsx by itself. The other benches run, compiled, where there is no tsx.
const workerCode = (): string => `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then(({ tsImport }) =>
  tsImport(${JSON.stringify(new URL("./v8Worker.ts", import.meta.url).href)}, ${JSON.stringify(import.meta.url)}))`;

export interface V8Baseline {
  /** One round over all instances: the result of each, in order. */
  readonly run: () => Promise<readonly WasmValue[]>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

export async function startV8Baseline(
  threads: number,
  setup: { readonly bytes: Uint8Array; readonly exportName: string; readonly arguments: WorkerSetup["arguments"] },
): Promise<V8Baseline> {
  // Dealt out in turn, so that work that grows with the instance's number is spread evenly.
  const shareOf = (thread: number) => setup.arguments.filter((_, instance) => instance % threads === thread);
  const workers = Array.from({ length: threads }, (_, thread) => {
    const workerData: WorkerSetup = { ...setup, arguments: shareOf(thread) };
    return new Worker(workerCode(), { eval: true, workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, "online")));

  const roundOf = async (worker: Worker): Promise<readonly WasmValue[]> => {
    const answer = once(worker, "message");
    worker.postMessage("run");
    const [results]: readonly (readonly WasmValue[])[] = await answer;
    if (results === undefined) throw new Error("a baseline worker answered nothing");
    return results;
  };
  return {
    run: async () => {
      const shares = await Promise.all(workers.map(roundOf));
      return setup.arguments.map((_, instance) => {
        const result = shares[instance % threads]?.[Math.floor(instance / threads)];
        if (result === undefined) throw new Error(`no result for instance ${instance}`);
        return result;
      });
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
