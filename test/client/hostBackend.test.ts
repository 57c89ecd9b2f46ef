import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ImportContext, ImportFunction } from "../../compiler-ts/src/api/imports.ts";
import { BurstModule } from "../../compiler-ts/src/api/module.ts";
import type { Value } from "../../compiler-ts/src/api/values.ts";
import { HostBackend } from "../../compiler-ts/src/host/backend.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { connect, handshake } from "../../compiler-ts/src/host/connection.ts";
import { moduleIdentity } from "../../compiler-ts/src/host/identity.ts";
import { HostKeeper } from "../../compiler-ts/src/host/keeper.ts";
import { type CompiledModule, profiles } from "../../compiler-ts/src/metadata.ts";
import { type DeviceDescription, jobStatus, type RunJobsParameters } from "../../protocol/messages.ts";
import { type Handler, serveFakeHost } from "../support/fakeHost.ts";
import { wire } from "../support/streams.ts";

const compiled: CompiledModule = {
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
    layout: { tileWidth: 32, memoryCell: 8, memory: undefined, stateBytes: 32, tableBytes: 0, nearWords: 0 },
    recursionLoops: [],
    functionNames: ["helper", "f"],
  },
};

const device: DeviceDescription = {
  id: "gpu",
  name: "A fake GPU",
  usable: true,
  profile: profiles.apple,
  limits: {
    maxThreadsPerThreadgroup: 1,
    threadExecutionWidth: 1,
    maxThreadgroupMemoryLength: 0,
    maxBufferLength: 0,
    recommendedMaxWorkingSetSize: 0,
    currentAllocatedSize: 0,
  },
};

/** A backend over a fake host that records what it is asked. */
async function backend(
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

const words = (...values: readonly number[]) => new Uint8Array(Uint32Array.from(values).buffer);
const loads = { "module/load": () => ({ module: 4, cached: true, buildSeconds: 0.25 }) };
const creates = { "pool/create": () => ({ pool: 9, memoryPages: 0, bytesPerInstance: 100 }) };

test("a module is loaded with what the compiler made of it", async () => {
  const { module, asked } = await backend(loads);
  const { text, image, metadata } = compiled;
  const parameters = {
    device: "gpu",
    text,
    image,
    layout: { tileWidth: 32, memoryCell: 8, stateBytes: 32, tableBytes: 0, nearWords: 0 },
    instantiateKernel: metadata.instantiateKernel,
    kernels: ["run_f"],
    records: { argumentBytes: 12, resultBytes: 8 },
    identity: moduleIdentity(new Uint8Array(0), undefined),
  };
  assert.deepEqual(asked, [{ method: "module/load", parameters }]);
  const { cached, buildSeconds } = module.timings;
  assert.deepEqual({ cached, buildSeconds }, { cached: true, buildSeconds: 0.25 });
});

test("arguments travel as records, results and traps come back as values and names", async () => {
  const half = new Float64Array([0.5]);
  const { module, asked } = await backend({
    ...loads,
    ...creates,
    "pool/invoke": () => ({
      status: words(0, 0, 2, 0),
      results: new Uint8Array([...new Uint8Array(half.buffer), ...new Uint8Array(8)]),
      deviceSeconds: 0.5,
    }),
  });
  const pool = await module.instantiate({ instances: 40, execution: { callStack: 512 } });
  const results = await pool.invoke(
    "f",
    [
      [-1n, 7],
      [1n << 32n, -7],
    ],
    { instances: [33, 2], fuel: 1000 },
  );
  assert.deepEqual(results, [{ values: [0.5] }, { trap: "integer divide by zero", function: "helper" }]);
  assert.equal(pool.deviceSeconds, 0.5);
  assert.deepEqual(asked.slice(1), [
    { method: "pool/create", parameters: { module: 4, instances: 40, execution: { callStack: 512 } } },
    {
      method: "pool/invoke",
      parameters: {
        pool: 9,
        kernel: "run_f",
        instances: [33, 2],
        arguments: words(0xffffffff, 0xffffffff, 7, 0, 1, 0xfffffff9),
        argumentBytes: 12,
        resultBytes: 8,
        fuel: 1000,
      },
    },
  ]);
});

test("answers of a wrong length are a violation of the protocol, not values", async () => {
  const { module } = await backend({
    ...loads,
    ...creates,
    "pool/invoke": () => ({ status: words(0, 0), results: new Uint8Array(7), deviceSeconds: 0 }),
    "memory/read": () => ({ bytes: [] }),
    "state/read": () => ({ bytes: words(1) }),
  });
  const pool = await module.instantiate({ instances: 1 });
  const violation = { code: "protocolViolation" };
  await assert.rejects(pool.invoke("f", [1n, 1]), violation);
  await assert.rejects(pool.memory.read(0, 0, 1), violation);
  await assert.rejects(pool.globals.get(0, "g"), violation);
});

test("a global is words of the state at the place that the compiler gave it", async () => {
  const { module, asked } = await backend({
    ...loads,
    ...creates,
    "state/read": () => ({ bytes: words(0xfffffffe, 0xffffffff) }),
    "state/write": () => null,
  });
  const pool = await module.instantiate({ instances: 3 });
  assert.equal(await pool.globals.get(2, "g"), -2n);
  await pool.globals.set(1, "g", 3n);
  assert.deepEqual(asked.slice(2), [
    { method: "state/read", parameters: { pool: 9, instances: [2], word: 5, words: 2 } },
    { method: "state/write", parameters: { pool: 9, instances: [1], word: 5, words: 2, bytes: words(3, 0) } },
  ]);
});

test("a trap while instantiating names its function", async () => {
  const { module } = await backend({
    ...loads,
    "pool/create": () => ({ pool: 0, memoryPages: 0, bytesPerInstance: 0, trap: { code: 5, function: 0 } }),
  });
  await assert.rejects(module.instantiate({ instances: 1 }), {
    name: "InstantiationTrap",
    trap: "out of bounds memory access",
    function: "helper",
  });
});

test("memory requests beyond the size of a frame go in several, in order, and one piece beyond it is refused", async () => {
  const length = 2 ** 27;
  const { module, asked } = await backend({
    ...loads,
    ...creates,
    "memory/read": ({ reads }: { readonly reads: readonly { readonly instance: number }[] }) => ({
      bytes: reads.map(({ instance }) => new Uint8Array(length).fill(instance, 0, 1)),
    }),
  });
  const pool = await module.instantiate({ instances: 4 });
  const read = await pool.memory.readAll([0, 1, 2, 3].map((instance) => ({ instance, address: 0, length })));
  assert.deepEqual(
    read.map(([first]) => first),
    [0, 1, 2, 3],
  );
  assert.equal(asked.filter(({ method }) => method === "memory/read").length, 2);
  await assert.rejects(pool.memory.read(0, 0, 2 ** 28 + 1), /at most 268435456/);
});

describe("rounds of waiting instances", () => {
  const functionImport = { module: "env", name: "f", parameters: ["i32", "i64"], results: ["f64"] } as const;
  const other = { module: "env", name: "g", parameters: [], results: [] } as const;
  const importing: CompiledModule = {
    ...compiled,
    metadata: {
      ...compiled.metadata,
      imports: [functionImport, other],
      kernels: [{ exportName: "run", kernel: "run_run", functionIndex: 2, parameters: [], results: ["i32"] }],
    },
  };
  const waits = 0xffff_ffff;
  /** Instances 1 and 4 wait for `f`, 2 for `g`; 0 has ended, 3 trapped. */
  const first = {
    status: words(0, 0, waits, 0, waits, 0, 1, 0, waits, 0),
    results: words(7, 0, 0, 0, 0),
    deviceSeconds: 1,
    waiting: [
      { import: 0, instances: [1, 4], arguments: words(5, 1, 0, 6, 2, 0) },
      { import: 1, instances: [2], arguments: new Uint8Array() },
    ],
  };

  test("one request a round carries all answers and failures, and its results go to their places", async () => {
    const rounds = [
      { instances: [1, 2, 4], status: words(0, 0, waits, 0, 13, 9), results: words(8, 0, 0), deviceSeconds: 2 },
      { instances: [2], status: words(0, 0), results: words(9), deviceSeconds: 4 },
    ];
    const again = [{ import: 1, instances: [2], arguments: new Uint8Array() }];
    const { module, asked } = await backend(
      {
        ...loads,
        ...creates,
        "pool/invoke": () => first,
        "pool/resume": () => {
          const round = rounds.shift();
          return rounds.length === 1 ? { ...round, waiting: again } : round;
        },
      },
      importing,
    );
    const calls: unknown[] = [];
    const f = ({ instance }: ImportContext, ...values: Value[]) => {
      calls.push([instance, ...values]);
      if (instance === 4) throw new Error("not four");
      return 0.5;
    };
    const env = { f: f as ImportFunction, g: async () => "ignored" };
    const pool = await module.instantiate({ instances: 5, imports: { env } });
    assert.deepEqual(await pool.invoke("run"), [
      { values: [7] },
      { values: [8] },
      { values: [9] },
      { trap: "unreachable", function: "helper" },
      { trap: "host function failed", function: "env.f", message: "not four" },
    ]);
    assert.deepEqual(calls, [
      [1, 5, 1n],
      [4, 6, 2n],
    ]);
    assert.equal(pool.deviceSeconds, 7);
    const half = new Uint8Array(new Float64Array([0.5]).buffer);
    const none = { import: 1, instances: [2], results: new Uint8Array() };
    assert.deepEqual(
      asked.filter(({ method }) => method === "pool/resume").map(({ parameters }) => parameters),
      [
        { pool: 9, answers: [{ import: 0, instances: [1], results: half }, none], failed: [4] },
        { pool: 9, answers: [none] },
      ],
    );
    const { parameters } = asked[0] as { parameters: { imports: unknown } };
    assert.deepEqual(parameters.imports, [
      { argumentBytes: 12, resultBytes: 8 },
      { argumentBytes: 0, resultBytes: 0 },
    ]);
  });

  test("waiting calls of an unknown import, or with records of a wrong length, are a violation of the protocol", async () => {
    for (const waiting of [
      [{ import: 2, instances: [1], arguments: new Uint8Array() }],
      [{ import: 0, instances: [1], arguments: words(1) }],
    ]) {
      const { module, asked } = await backend(
        { ...loads, ...creates, "pool/invoke": () => ({ ...first, waiting }), "pool/resume": () => null },
        importing,
      );
      const env = { f: () => 0, g: () => {} };
      const pool = await module.instantiate({ instances: 5, imports: { env } });
      await assert.rejects(pool.invoke("run"), { code: "protocolViolation" });
      assert.deepEqual(asked.at(-1)?.parameters, { pool: 9, answers: [], failed: [1] });
    }
  });

  test("the memory requests of all calls travel in one message", async () => {
    const { module, asked } = await backend(
      {
        ...loads,
        ...creates,
        "pool/invoke": () => first,
        "memory/read": ({ reads }: { readonly reads: readonly { readonly instance: number }[] }) => ({
          bytes: reads.map(({ instance }) => Uint8Array.of(instance)),
        }),
        "pool/resume": () => ({
          instances: [1, 2, 4],
          status: words(0, 0, 0, 0, 0, 0),
          results: words(1, 2, 4),
          deviceSeconds: 0,
        }),
      },
      importing,
    );
    const read: number[] = [];
    const f = async ({ memory }: ImportContext, address: number) => {
      read.push((await memory.read(address, 1))[0] ?? 0);
      return 0;
    };
    const g = async ({ memory }: ImportContext) => void read.push((await memory.read(0, 1))[0] ?? 0);
    const pool = await module.instantiate({ instances: 5, imports: { env: { f, g } } });
    await pool.invoke("run");
    assert.deepEqual(read, [1, 4, 2]);
    assert.deepEqual(
      asked.filter(({ method }) => method === "memory/read").map(({ parameters }) => parameters),
      [
        {
          pool: 9,
          reads: [
            { instance: 1, address: 5, length: 1 },
            { instance: 4, address: 6, length: 1 },
            { instance: 2, address: 0, length: 1 },
          ],
        },
      ],
    );
  });

  const ran = { deviceSeconds: 1, laneSlices: 0, busyLaneSlices: 0, seconds: 1 };
  const nothingYet = { ...ran, status: new Uint8Array(), results: new Uint8Array() };

  test("calls of jobs go by the jobs' numbers, their memory and their answers by the instances", async () => {
    const { module, asked } = await backend(
      {
        ...loads,
        ...creates,
        "pool/run": () => ({
          ...nothingYet,
          waiting: [{ import: 0, instances: [4, 0], jobs: [1, 2], arguments: words(5, 1, 0, 6, 2, 0) }],
        }),
        "memory/read": ({ reads }: { readonly reads: readonly unknown[] }) => ({
          bytes: reads.map(() => Uint8Array.of(3)),
        }),
        "pool/resumeRun": () => ({
          ...ran,
          status: words(0, 0, 13, 9, 0, 0, 13, 9),
          results: words(7, 0, 8, 0),
          reasons: [{ import: 1, message: "no room", jobs: [3] }],
        }),
      },
      importing,
    );
    const calls: unknown[] = [];
    const f = async ({ instance, memory }: ImportContext, ...values: Value[]) => {
      calls.push([instance, ...values, (await memory.read(8, 1))[0]]);
      if (instance === 1) throw new Error("not one");
      return 0.5;
    };
    const pool = await module.instantiate({ instances: 5, imports: { env: { f: f as ImportFunction, g: () => {} } } });
    const { outcomes } = await pool.runJobs("run", Array(4).fill({ values: [] }));
    const failed = (name: string, message: string) => ({ trap: "host function failed", function: name, message });
    assert.deepEqual(outcomes, [
      { values: [7], reads: [] },
      failed("env.f", "not one"),
      { values: [8], reads: [] },
      failed("env.g", "no room"),
    ]);
    assert.deepEqual(calls, [
      [1, 5, 1n, 3],
      [2, 6, 2n, 3],
    ]);
    const half = new Uint8Array(new Float64Array([0.5]).buffer);
    assert.deepEqual(
      asked.slice(-2).map(({ parameters }) => parameters),
      [
        { pool: 9, reads: [4, 0].map((instance) => ({ instance, address: 8, length: 1 })) },
        { pool: 9, answers: [{ import: 0, instances: [0], results: half }], failed: [4] },
      ],
    );
  });

  test("calls without their jobs are a violation of the protocol, and the run is stopped", async () => {
    const waiting = [{ import: 0, instances: [1, 2], jobs: [1], arguments: words(5, 1, 0, 6, 2, 0) }];
    const { module, asked } = await backend(
      { ...loads, ...creates, "pool/run": () => ({ ...nothingYet, waiting }), "pool/resumeRun": () => nothingYet },
      importing,
    );
    const pool = await module.instantiate({ instances: 5, imports: { env: { f: () => 0, g: () => {} } } });
    await assert.rejects(pool.runJobs("run", Array(4).fill({ values: [] })), { code: "protocolViolation" });
    assert.deepEqual(asked.at(-1)?.parameters, { pool: 9, answers: [], stop: true });
  });

  test("jobs that a command buffer took down are run again in another pool, by their numbers, and keep their own reasons", async () => {
    let pools = 0;
    const runs: unknown[] = [];
    const { module } = await backend(
      {
        ...loads,
        "pool/create": () => ({ pool: ++pools, memoryPages: 0, bytesPerInstance: 100 }),
        "pool/release": () => null,
        "pool/run": ({ pool, jobs, numbers = [...Array(jobs).keys()] }: RunJobsParameters) => {
          runs.push([pool, ...numbers]);
          // Whoever runs with job 2 is lost.
          const isLost = numbers.includes(2);
          return {
            ...ran,
            status: words(...numbers.flatMap(() => [isLost ? jobStatus.lost : 0, 0])),
            results: words(...numbers.map((number) => (isLost ? 0 : number + 1))),
            ...(isLost
              ? { failure: "timeout", reasons: [{ message: `timeout of ${jobs}`, jobs: [...numbers.keys()] }] }
              : {}),
          };
        },
      },
      importing,
    );
    const pool = await module.instantiate({ instances: 5, imports: { env: { f: () => 0, g: () => {} } } });
    const { outcomes, failure } = await pool.runJobs("run", Array(4).fill({ values: [] }));
    assert.equal(failure, undefined);
    assert.deepEqual(outcomes, [
      { values: [1], reads: [] },
      { values: [2], reads: [] },
      { failed: "lost", reason: "the device failed: timeout of 1, 3 times with it alone" },
      { values: [4], reads: [] },
    ]);
    assert.deepEqual(runs, [
      [1, 0, 1, 2, 3],
      [2, 0, 1],
      [2, 2, 3],
      [3, 2],
      [4, 3],
      [4, 2],
      [5, 2],
    ]);
  });
});

describe("large runs of jobs travel in parts", () => {
  const jobs = 100_000;
  const records = Uint32Array.from({ length: jobs * 3 }, (_, index) => index * 7);

  /** A host that answers with the first two words of each record: `early` bytes in notifications, the rest and `more` in the answer. */
  const reflecting = (early: number, more = 0): Handler => {
    return async ({ arguments: first, jobs, streamToken }: RunJobsParameters, _token, rpc) => {
      const parts = [first];
      let received = first.length;
      await new Promise<void>((resolve) => {
        rpc.onNotification("$/jobArguments", ({ token, arguments: part }: { token: number; arguments: Uint8Array }) => {
          assert.equal(token, streamToken);
          parts.push(part);
          received += part.length;
          if (received >= jobs * 12) resolve();
        });
      });
      const all = new Uint32Array(new Uint8Array(Buffer.concat(parts)).buffer);
      assert.equal(all.length, jobs * 3);
      const results = new Uint8Array(
        Uint32Array.from({ length: jobs * 2 }, (_, index) => all[(index >> 1) * 3 + (index & 1)] ?? 0).buffer,
      );
      const half = early >> 1;
      for (const part of [results.subarray(0, half), results.subarray(half, early)]) {
        await rpc.sendNotification("$/jobResults", { token: streamToken, results: part });
      }
      await rpc.sendNotification("$/jobResults", { token: (streamToken ?? 0) + 1, results: results.subarray(0, 8) });
      const rest = new Uint8Array([...results.subarray(early), ...new Uint8Array(more)]);
      return {
        status: new Uint8Array(),
        results: rest,
        deviceSeconds: 1,
        laneSlices: 0,
        busyLaneSlices: 0,
        seconds: 1,
      };
    };
  };

  for (const early of [0, 300_001, jobs * 8]) {
    test(`${early} of ${jobs * 8} bytes of results come before the answer`, async () => {
      const { module } = await backend({ ...loads, ...creates, "pool/run": reflecting(early) });
      const pool = await module.instantiate({ instances: 5 });
      const { results } = await pool.runJobRecords("f", jobs, records);
      assert.equal(results.length, jobs * 2);
      assert.ok(results.every((word, index) => word === (((index >> 1) * 3 + (index & 1)) * 7) >>> 0));
    });
  }

  for (const [version, streams] of [
    ["1.0", false],
    ["1.1", true],
    ["1.10", true],
  ] as const) {
    test(`a host of protocol ${version} gets ${streams ? "the beginning of the" : "all"} arguments in the request`, async () => {
      const whole: Handler = ({ arguments: sent, streamToken }: RunJobsParameters) => {
        assert.equal(sent.length, jobs * 12);
        assert.equal(streamToken, undefined);
        const numbers = { deviceSeconds: 1, laneSlices: 0, busyLaneSlices: 0, seconds: 1 };
        return { status: new Uint8Array(), results: new Uint8Array(jobs * 8).fill(3), ...numbers };
      };
      const runs = { "pool/run": streams ? reflecting(0) : whole };
      const { module } = await backend({ ...loads, ...creates, ...runs }, compiled, version);
      const pool = await module.instantiate({ instances: 5 });
      assert.equal((await pool.runJobRecords("f", jobs, records)).results.length, jobs * 2);
    });
  }

  test("results that are too many are a violation of the protocol", async () => {
    const { module } = await backend({ ...loads, ...creates, "pool/run": reflecting(300_000, 4) });
    const pool = await module.instantiate({ instances: 5 });
    await assert.rejects(pool.runJobRecords("f", jobs, records), { code: "protocolViolation" });
  });
});
