import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ImportContext, ImportFunction } from "../../compiler-ts/src/api/imports.ts";
import type { Value } from "../../compiler-ts/src/api/values.ts";
import type { CompiledModule } from "../../compiler-ts/src/metadata.ts";
import { jobStatus, type RunJobsParameters } from "../../protocol/messages.ts";
import { compiled, creates, fakeBackend, loads, words } from "../support/fakeBackend.ts";

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
    const { module, asked } = await fakeBackend(
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
      const { module, asked } = await fakeBackend(
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
    const { module, asked } = await fakeBackend(
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
    const { module, asked } = await fakeBackend(
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
    const { module, asked } = await fakeBackend(
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
    const { module } = await fakeBackend(
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
