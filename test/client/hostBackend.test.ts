import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleIdentity } from "../../compiler-ts/src/host/identity.ts";
import { compiled, creates, fakeBackend, loads, words } from "../support/fakeBackend.ts";

test("a module is loaded with what the compiler made of it", async () => {
  const { module, asked } = await fakeBackend(loads);
  const { text, image, metadata } = compiled;
  const parameters = {
    device: "gpu",
    text,
    image,
    layout: { tileWidth: 32, memoryCell: 8, stateBytes: 32, tableBytes: 0, nearWords: 0, cacheBytes: 0 },
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
  const { module, asked } = await fakeBackend({
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
  const { module } = await fakeBackend({
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
  const { module, asked } = await fakeBackend({
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
  const { module } = await fakeBackend({
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
  const { module, asked } = await fakeBackend({
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
