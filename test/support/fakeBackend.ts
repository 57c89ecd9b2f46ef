/** The client's backend over a fake host: what it asks, and what it makes of answers. */
import { BurstModule } from "../../compiler-ts/src/api/module.ts";
import { HostBackend } from "../../compiler-ts/src/host/backend.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { connect, handshake } from "../../compiler-ts/src/host/connection.ts";
import { HostKeeper } from "../../compiler-ts/src/host/keeper.ts";
import { type CompiledModule, profiles } from "../../compiler-ts/src/metadata.ts";
import { describedDevice } from "./describedDevice.ts";
import { type Handler, serveFakeHost } from "./fakeHost.ts";
import { wire } from "./streams.ts";

export const compiled: CompiledModule = {
  text: "kernel void run_f() {}",
  image: Uint8Array.of(1, 2),
  metadata: {
    version: 1,
    profile: profiles.apple,
    instantiateKernel: "make",
    kernels: [{ exportName: "f", kernel: "run_f", functionIndex: 1, parameters: ["i64", "i32"], results: ["f64"] }],
    imports: [],
    importedGlobals: [],
    importedMemory: undefined,
    importedTables: [],
    globals: [{ exportName: "g", type: "i64", mutable: true, stateWord: 5 }],
    memoryExports: [],
    layout: {
      tileWidth: 32,
      memoryCell: 8,
      memory: undefined,
      stateBytes: 32,
      tableBytes: 0,
      nearWords: 0,
      cacheBytes: 0,
    },
    recursionLoops: [],
    functionNames: ["helper", "f"],
  },
};

const device = describedDevice("gpu", { name: "A fake GPU", profile: profiles.apple });

/** A module of a backend over a fake host, and the list of what the host is asked. */
export async function fakeBackend(
  handlers: Readonly<Record<string, Handler>>,
  program: CompiledModule = compiled,
  version?: string,
) {
  const asked: { method: string; parameters: unknown }[] = [];
  const recorded = Object.entries(handlers).map(([method, handler]): [string, Handler] => [
    method,
    (parameters, token, rpc) => {
      asked.push({ method, parameters });
      return handler(parameters, token, rpc);
    },
  ]);
  const { clientInput, clientOutput } = wire();
  serveFakeHost(clientOutput, clientInput, {
    handlers: Object.fromEntries(recorded),
    ...(version === undefined ? {} : { protocolVersion: version }),
  });
  const connection = connect(clientInput, clientOutput, { onBroken: (reason) => connection.close(reason) });
  const { protocolVersion } = await handshake(connection, { name: "test", version: "0" });
  const host = new HostClient(connection, undefined, protocolVersion);
  const module = await new HostBackend(new HostKeeper(host), device, () => program).compile(new Uint8Array(0), {});
  return { module: new BurstModule(new Uint8Array(0), undefined, module), asked };
}

export const words = (...values: readonly number[]) => new Uint8Array(Uint32Array.from(values).buffer);
export const loads = { "module/load": () => ({ module: 4, cached: true, buildSeconds: 0.25 }) };
export const creates = { "pool/create": () => ({ pool: 9, memoryPages: 0, bytesPerInstance: 100 }) };
