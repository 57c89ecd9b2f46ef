/** One thread of the V8 baseline: keeps an instance of the module and runs its share of each round on it. */
import { parentPort, workerData } from "node:worker_threads";
import { compileOnV8, type WasmValue } from "../test/support/v8.ts";

export interface WorkerSetup {
  readonly bytes: Uint8Array;
  readonly exportName: string;
  readonly arguments: readonly (readonly WasmValue[])[];
}

if (parentPort === null) throw new Error("v8Worker.ts runs as a worker thread");
const port = parentPort;
const setup: WorkerSetup = workerData;
const run = compileOnV8(setup.bytes)().exportedFunction(setup.exportName);
port.on("message", () => port.postMessage(setup.arguments.map((values) => run(...values))));
