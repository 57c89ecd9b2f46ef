/**
 * The messages of protocol/fixtures, written there by hand after a change of the catalogue (`node --import tsx test/protocol/generateFixtures.ts`); the
 * tests of both languages read the committed files, and the reviewer reads the difference. The values are examples, typed by the catalogue, so that a
 * change there which is forgotten here does not compile.
 */
import * as protocol from "../../protocol/messages.ts";
import { error, notification, removeFixtures, request, response } from "./fixtureWriter.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

removeFixtures();

request("initialize-request", 0, protocol.initialize, {
  protocolVersion: "1.1",
  client: { name: "wasmburst", version: "0.1.0" },
  encodings: ["msgpack", "json"],
});
response("initialize-response", 0, protocol.initialize, {
  protocolVersion: "1.1",
  host: { name: "wasmburst-host", version: "0.1.0" },
  encoding: "msgpack",
});

request("devices-list-request", 1, protocol.listDevices, {});
response("devices-list-response", 1, protocol.listDevices, {
  devices: [
    {
      id: "metal",
      name: "Apple M3",
      usable: true,
      profile: { name: "apple", f64: false, f32Subnormals: false, strictAlignment: true, tileWidth: 32 },
      limits: {
        maxThreadsPerThreadgroup: 1024,
        threadExecutionWidth: 32,
        maxThreadgroupMemoryLength: 32768,
        maxBufferLength: 14302806016,
        recommendedMaxWorkingSetSize: 19069083648,
        currentAllocatedSize: 0,
      },
    },
    {
      id: "cpu",
      name: "CPU",
      usable: false,
      reason: "no clang++ found",
      profile: { name: "cpu", f64: true, f32Subnormals: true, strictAlignment: false, tileWidth: 1 },
      limits: {
        maxThreadsPerThreadgroup: 1024,
        threadExecutionWidth: 1,
        maxThreadgroupMemoryLength: 65536,
        maxBufferLength: 4294967296,
        recommendedMaxWorkingSetSize: 4294967295,
        currentAllocatedSize: 65536,
      },
    },
  ],
});

request("host-functions-request", 19, protocol.listHostFunctions, {});
response("host-functions-response", 19, protocol.listHostFunctions, {
  functions: [
    { module: "wasmburst", name: "instance_index", parameters: [], results: ["i32"] },
    { module: "wasmburst", name: "log", parameters: ["i32", "i32"], results: [] },
  ],
});

request("module-load-request", 2, protocol.loadModule, {
  device: "cpu",
  text: '#include <metal_stdlib>\n// "quoted" \\ tab\t é 漢 \u0001\n',
  image: bytes(0, 1, 2, 253, 254, 255),
  layout: {
    tileWidth: 1,
    memoryCell: 8,
    memory: { minimumPages: 1, maximumPages: 65536 },
    stateBytes: 16,
    tableBytes: 8,
    nearWords: 0,
    cacheBytes: 896,
  },
  instantiateKernel: "instantiate",
  kernels: ["run_fib"],
  imports: [{ argumentBytes: 12, resultBytes: 0 }],
  records: { argumentBytes: 4, resultBytes: 8 },
  identity: "sha256:00ff",
  progressToken: 7,
});
// JSON.stringify and msgpackr treat an undefined property differently, so absent fields are left out of the value.
request("module-load-request-without-memory", 3, protocol.loadModule, {
  device: "metal",
  text: "",
  image: bytes(),
  layout: {
    tileWidth: 32,
    memoryCell: 4,
    stateBytes: 4,
    tableBytes: 0,
    nearWords: 0,
  } as protocol.LoadModuleParameters["layout"],
  instantiateKernel: "instantiate",
  kernels: [],
});
response("module-load-response", 2, protocol.loadModule, { module: 1, cached: false, buildSeconds: 0.25 });
request("module-unload-request", 4, protocol.unloadModule, { module: 1 });
response("module-unload-response", 4, protocol.unloadModule, null);

request("pool-create-request", 5, protocol.createPool, {
  module: 1,
  instances: 1024,
  memoryPages: 17,
  execution: { values: 32768, callStack: 16384, scratch: 16384 },
  initial: [
    { region: "state", address: 0, bytes: bytes(2, 0, 0, 0), perInstance: false },
    { region: "memory", address: 65536, bytes: bytes(1, 2), perInstance: true },
    { region: "tables", address: 8, bytes: bytes(), perInstance: false },
  ],
  sliceFuel: 1000,
  schedule: { policy: "sustained", burst: 250, coolDown: 1000, slice: 12.5 },
  hostFunctions: [{ import: 1, module: "wasmburst", name: "log", parameters: ["i32", "i32"], results: [] }],
  firstInstance: 4096,
  allInstances: 8192,
});
request("pool-create-request-with-defaults", 6, protocol.createPool, { module: 1, instances: 100000 });
response("pool-create-response", 5, protocol.createPool, { pool: 1, memoryPages: 17, bytesPerInstance: 1179680 });
response("pool-create-response-with-trap", 6, protocol.createPool, {
  pool: 2,
  memoryPages: 1,
  bytesPerInstance: 131104,
  trap: { code: 5, function: 3 },
});
response("pool-create-response-with-failures", 6, protocol.createPool, {
  pool: 2,
  memoryPages: 1,
  bytesPerInstance: 131104,
  trap: { code: 13, function: 3 },
  failures: [{ import: 1, message: "no room", instances: [0, 7] }],
});
response("pool-create-response-waiting", 6, protocol.createPool, {
  pool: 3,
  memoryPages: 1,
  bytesPerInstance: 131104,
  waiting: [{ import: 2, instances: [0, 1], arguments: bytes(1, 0, 0, 0, 2, 0, 0, 0) }],
});
request("pool-release-request", 7, protocol.releasePool, { pool: 1 });
response("pool-release-response", 7, protocol.releasePool, null);
request("pool-invoke-request", "invoke-8", protocol.invoke, {
  pool: 1,
  kernel: "run_fib",
  instances: [0, 1, 127, 128, 255, 256, 65535, 65536],
  arguments: bytes(...Array.from({ length: 32 }, (_, index) => index)),
  argumentBytes: 4,
  resultBytes: 8,
  fuel: 9007199254740991,
  timeLimit: 2.5,
  sliceFuel: 4294967295,
  progressToken: 3000000000,
});
request("pool-invoke-request-all", 9, protocol.invoke, {
  pool: 1,
  kernel: "run_fib",
  arguments: bytes(),
  argumentBytes: 0,
  resultBytes: 0,
});
response("pool-invoke-response", "invoke-8", protocol.invoke, {
  status: bytes(0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0),
  results: bytes(...Array.from({ length: 300 }, (_, index) => index & 255)),
  deviceSeconds: 0.0009765625,
  seconds: 0.5,
});
response("pool-invoke-response-waiting", 9, protocol.invoke, {
  status: bytes(255, 255, 255, 255, 3, 0, 0, 0),
  results: bytes(0, 0, 0, 0),
  deviceSeconds: 0.25,
  waiting: [
    { import: 0, instances: [7], arguments: bytes(1, 2, 3, 4) },
    { import: 5, instances: [0, 300], arguments: bytes() },
  ],
});
request("pool-resume-request", 16, protocol.resumePool, {
  pool: 1,
  answers: [
    { import: 0, instances: [7, 2], results: bytes(1, 0, 0, 0, 2, 0, 0, 0) },
    { import: 5, instances: [], results: bytes() },
  ],
  failed: [0, 300],
  progressToken: 8,
});
response("pool-resume-response", 16, protocol.resumePool, {
  status: bytes(0, 0, 0, 0, 0, 0, 0, 0),
  results: bytes(9, 0, 0, 0),
  deviceSeconds: 0.5,
  seconds: 1,
  waiting: [{ import: 0, instances: [3], arguments: bytes(1, 2, 3, 4) }],
  failures: [{ import: 1, message: "no room", instances: [2] }],
  instances: [7],
  trap: { code: 13, function: 0 },
});
request("pool-snapshot-request", 17, protocol.snapshotPool, { pool: 1 });
response("pool-snapshot-response", 17, protocol.snapshotPool, { bytes: bytes(119, 98, 115) });
request("pool-restore-request", 18, protocol.restorePool, {
  module: 1,
  snapshot: bytes(119, 98, 115),
  schedule: { policy: "unthrottled" },
  hostFunctions: [{ import: 0, module: "wasmburst", name: "instance_index", parameters: [], results: ["i32"] }],
});
response("pool-restore-response", 18, protocol.restorePool, {
  pool: 2,
  memoryPages: 17,
  bytesPerInstance: 1179680,
  waiting: [{ import: 0, instances: [3], arguments: bytes(1, 2, 3, 4) }],
  instances: 1024,
  kernel: "wb_invoke_f",
});
request("pool-reset-request", 10, protocol.resetPool, { pool: 1, instances: [3, 4] });
response("pool-reset-response", 10, protocol.resetPool, {});
response("pool-reset-response-waiting", 10, protocol.resetPool, {
  trap: { code: 1, function: 2 },
  waiting: [{ import: 0, instances: [3], arguments: bytes() }],
});

request("memory-write-request", 11, protocol.writeMemory, {
  pool: 1,
  writes: [
    { instance: 0, address: 0, bytes: bytes(1, 2, 3) },
    { instance: 1023, address: 4294967295, bytes: bytes() },
  ],
});
response("memory-write-response", 11, protocol.writeMemory, null);
request("memory-read-request", 12, protocol.readMemory, {
  pool: 1,
  reads: [{ instance: 5, address: 65536, length: 2 }],
});
response("memory-read-response", 12, protocol.readMemory, { bytes: [bytes(255, 0)] });

request("state-read-request", 13, protocol.readState, { pool: 1, instances: [0, 2], word: 3, words: 1 });
response("state-read-response", 13, protocol.readState, { bytes: bytes(1, 0, 0, 0, 255, 255, 255, 255) });
request("state-write-request", 14, protocol.writeState, {
  pool: 1,
  instances: [0],
  word: 3,
  words: 1,
  bytes: bytes(42, 0, 0, 0),
});
response("state-write-response", 14, protocol.writeState, null);

request("pool-run-request", 21, protocol.runJobs, {
  pool: 1,
  kernel: "run_fib",
  jobs: 2,
  arguments: bytes(1, 0, 0, 0, 2, 0, 0, 0),
  argumentBytes: 4,
  resultBytes: 4,
  writes: [{ job: 0, address: 16, bytes: bytes(1, 2, 3) }],
  reads: [{ job: 1, address: 0, length: 2 }],
  numbers: [7, 300],
  fuel: 1000000,
  timeLimit: 1.5,
  sliceFuel: 1000,
  progressToken: 3,
  streamToken: 5,
});
request("pool-run-request-plain", 22, protocol.runJobs, {
  pool: 1,
  kernel: "run_f",
  jobs: 100000,
  arguments: bytes(),
  argumentBytes: 0,
  resultBytes: 0,
});
response("pool-run-response", 21, protocol.runJobs, {
  status: bytes(0, 0, 0, 0, 0, 0, 0, 0, 253, 255, 255, 255, 0, 0, 0, 0),
  results: bytes(1, 0, 0, 0, 0, 0, 0, 0),
  reads: [bytes()],
  deviceSeconds: 0.5,
  laneSlices: 64,
  busyLaneSlices: 60.5,
  seconds: 0.75,
  failure: "A command buffer failed: timeout.",
  reasons: [
    { message: "A command buffer failed: timeout.", jobs: [1] },
    { import: 0, message: "no room", jobs: [0, 300] },
  ],
});
response("pool-run-response-waiting", 23, protocol.runJobs, {
  status: bytes(),
  results: bytes(),
  deviceSeconds: 0.25,
  laneSlices: 8,
  busyLaneSlices: 2.5,
  seconds: 0.75,
  waiting: [{ import: 1, instances: [7, 0], arguments: bytes(1, 2, 3, 4, 5, 6, 7, 8), jobs: [9, 300] }],
});
request("pool-resume-run-request", 24, protocol.resumeRun, {
  pool: 1,
  answers: [{ import: 1, instances: [7], results: bytes(1, 0, 0, 0) }],
  failed: [0],
  progressToken: 9,
});
request("pool-resume-run-request-stop", 25, protocol.resumeRun, { pool: 1, answers: [], stop: true });

request("schedule-watch-request", 20, protocol.watchSchedule, { watching: true });
response("schedule-watch-response", 20, protocol.watchSchedule, { now: 12.5 });

request("shutdown-request", 15, protocol.shutdown, {});
response("shutdown-response", 15, protocol.shutdown, null);

notification("exit", "clientToHost", protocol.exit, {});
notification("cancel-request", "clientToHost", protocol.cancelRequest, { id: 8 });
notification("cancel-request-by-string", "clientToHost", protocol.cancelRequest, { id: "invoke-8" });
notification("progress", "hostToClient", protocol.progress, { token: 7, message: "Building", fraction: 0.5 });
notification("progress-complete", "hostToClient", protocol.progress, { token: 7, message: "Running", fraction: 1 });
notification("job-arguments", "clientToHost", protocol.jobArguments, { token: 5, arguments: bytes(1, 0, 0, 0, 2) });
notification("job-results", "hostToClient", protocol.jobResults, { token: 5, results: bytes(7, 0, 0, 0) });
notification("schedule", "hostToClient", protocol.schedule, {
  events: [
    { kind: "slice", device: "cpu", at: 12.5, seconds: 0.0125, pool: 2, lanes: 64, live: 1000 },
    { kind: "burst", device: "cpu", at: 12.5, seconds: 0.495, slices: 39, busy: 0.4875 },
    { kind: "coolDown", device: "cpu", at: 13, seconds: 0.25 },
    {
      kind: "thermal",
      device: "cuda",
      at: 13.25,
      thermal: {
        state: "fair",
        source: "NVML",
        lowPowerMode: false,
        temperature: 71,
        power: 602.5,
        powerLimit: 700,
        throttling: ["power cap"],
      },
    },
    {
      kind: "thermal",
      device: "metal",
      at: 13.25,
      thermal: { state: "serious", source: "system", lowPowerMode: true, slowdown: 1.75 },
    },
  ],
});
notification("log", "hostToClient", protocol.log, { level: "warning", message: "A stale archive was discarded." });

error("error-parse", null, "parseError", "The body is not valid JSON.");
error("error-cancelled", "invoke-8", "requestCancelled", "The request was cancelled.");
error("error-version-mismatch", 0, "versionMismatch", "The client speaks protocol 2.0, this host 1.0.");
error("error-build-failed", 2, "buildFailed", "The device's compiler refused the text.", { log: "1:1: error: x" });
const tooLarge: protocol.PoolTooLargeData = {
  instances: 100000,
  instancesThatFit: 4096,
  bytesPerInstance: 1179680,
  limit: "maxBufferLength 4294967296",
};
error("error-pool-too-large", 6, "poolTooLarge", "100000 instances do not fit; 4096 would.", tooLarge);
error("error-invocation-waiting", 9, "invocationWaiting", "2 of the pool's instances wait for imports.");
error("error-invalid-snapshot", 18, "invalidSnapshot", "The snapshot is damaged: its checksum is wrong.");
error("error-device", 9, "deviceError", "A command buffer failed: it took too long.", { reason: "timeout" });
error("error-device-lost", 9, "deviceError", "The device failed.", { reason: "pageFault", lost: true });
