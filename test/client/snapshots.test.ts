/** Pools as bytes, through the public API: restored in another host process, and with another profile. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BurstModule } from "../../compiler-ts/src/api/module.ts";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { HostBackend } from "../../compiler-ts/src/host/backend.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { HostKeeper } from "../../compiler-ts/src/host/keeper.ts";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { type ImportContext, type Imports, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { wat } from "../support/wat.ts";

const instances = 40;
const range = Array.from({ length: instances }, (_, index) => index);

/**
 * `sum` calls the import for n, n - 1, … 1, recursively, and keeps each answer in memory. `combined`: of its own answer and the rest. A sum would have one
 * accumulator in profiles with tiles alone.
 */
const summing = (combined: string) =>
  wat(`(module (import "env" "f" (func $f (param i32) (result i32))) (memory 1 2)
  (global $calls (export "calls") (mut i64) (i64.const 0))
  (func $sum (export "sum") (param $n i32) (result i64) (local $answer i32)
    (if (result i64) (i32.eqz (local.get $n)) (then (i64.const 0))
      (else
        (local.set $answer (call $f (local.get $n)))
        (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
        (i32.store (i32.shl (local.get $n) (i32.const 2)) (local.get $answer))
        (${combined} (i64.extend_i32_s (local.get $answer)) (call $sum (i32.sub (local.get $n) (i32.const 1)))))))
  (func (export "count") (result i64) (global.set $calls (i64.add (global.get $calls) (i64.const 1))) (global.get $calls)))`);
const bytes = summing("i64.sub");

const answers: Imports = { env: { f: ({ instance }: ImportContext, value: number) => value * 100 + instance } };
const depth = (instance: number) => 3 + (instance % 3);
const expected = range.map((instance) => {
  const n = depth(instance);
  return { values: [BigInt(Math.ceil(n / 2) * 100 + (n % 2) * instance)] };
});

for (const device of testedDevices.filter((id) => id !== "v8")) {
  describe(`snapshots on ${device}`, () => {
    let first: WasmBurst;
    let second: WasmBurst;
    let narrower: WasmBurst;
    before(async () => {
      first = await WasmBurst.launch({ device });
      second = await WasmBurst.launch({ device });
      narrower = await WasmBurst.launch({ device, profile: "apple" });
    });
    after(() => Promise.all([first.close(), second.close(), narrower.close()]));

    /** Taken by the import itself, in the round in which the instances ask for `n`: all of them are suspended. */
    async function takenWithin(): Promise<Uint8Array> {
      let taken: Promise<Uint8Array> | undefined;
      const f = async ({ instance }: ImportContext, value: number) => {
        if (value === 2) taken ??= pool.snapshot();
        await taken;
        return value * 100 + instance;
      };
      const pool: Pool = await (await first.compile(bytes)).instantiate({ instances, imports: { env: { f } } });
      const results = await pool.invoke(
        "sum",
        range.map((instance) => [depth(instance)]),
      );
      assert.deepEqual(results, expected);
      assert.ok(taken !== undefined);
      return taken;
    }

    for (const [where, target] of [
      ["another process", () => second],
      ["a text for another profile, with tiled memory", () => narrower],
    ] as const) {
      test(`suspended instances go on in ${where}, with frames, memory and globals`, async () => {
        const snapshot = await takenWithin();
        const module = await target().compile(bytes);
        const restored = await module.restore(snapshot, { imports: answers });
        assert.equal(restored.instances, instances);
        assert.equal(restored.suspended, "sum");
        await assert.rejects(restored.invoke("count"), { code: "invocationWaiting" });
        const resumed = await restored.resume();
        assert.equal(resumed.function, "sum");
        assert.deepEqual(
          resumed.results,
          resumed.instances.map((instance) => expected[instance]),
        );
        assert.ok(resumed.instances.length > 0);
        assert.equal(restored.suspended, undefined);
        await assert.rejects(restored.resume(), /no instance of this pool is suspended/);
        for (const instance of [0, 31, 39]) {
          const word = await restored.memory.read(instance, depth(instance) * 4, 4);
          assert.equal(new DataView(word.buffer, word.byteOffset).getInt32(0, true), depth(instance) * 100 + instance);
        }
        assert.deepEqual(
          await restored.invoke("count"),
          range.map((instance) => ({ values: [BigInt(depth(instance) + 1)] })),
        );
        await restored.reset();
        assert.deepEqual(await restored.invoke("count", [], { instances: [7] }), [{ values: [1n] }]);
      });
    }

    test("a pool at rest goes on where it was", async () => {
      const pool = await (await first.compile(bytes)).instantiate({ instances, imports: answers });
      await pool.invoke("count", [], { instances: [3, 33] });
      await pool.memory.write(5, 1000, Uint8Array.of(1, 2, 3));
      const restored = await (await second.compile(bytes)).restore(await pool.snapshot(), { imports: answers });
      assert.equal(restored.suspended, undefined);
      assert.deepEqual(await restored.memory.read(5, 999, 4), Uint8Array.of(0, 1, 2, 3));
      assert.deepEqual(await restored.invoke("count", [], { instances: [3, 4] }), [{ values: [2n] }, { values: [1n] }]);
      assert.equal(restored.memoryPages, pool.memoryPages);
    });

    test("an import that fails after the restoration is the trap of its instance", async () => {
      const f = () => {
        throw new Error("gone");
      };
      const restored = await (await second.compile(bytes)).restore(await takenWithin(), { imports: { env: { f } } });
      const { results } = await restored.resume();
      assert.ok(results.length > 0);
      for (const result of results) {
        assert.deepEqual(result, { trap: "host function failed", function: "env.f", message: "gone" });
      }
    });

    describe("with functions of the host", () => {
      const both = wat(`(module (import "wasmburst" "instance_index" (func $index (result i32)))
        (import "env" "f" (func $f (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
          (i32.add (call $f (i32.add (call $index) (local.get 0))) (i32.mul (i32.const 1000) (call $index)))))`);
      const f = (_: ImportContext, value: number) => value + 5;
      const run = range.map((instance) => ({ values: [instance + 7 + 5 + 1000 * instance] }));

      /** Taken by the first of `imports` that is called. */
      async function taken(imports: (take: () => Promise<void>) => Imports): Promise<Uint8Array> {
        let snapshot: Promise<Uint8Array> | undefined;
        const take = async () => {
          snapshot ??= pool.snapshot();
          await snapshot;
        };
        const pool: Pool = await (await first.compile(both)).instantiate({ instances, imports: imports(take) });
        assert.deepEqual(await pool.invoke("run", [7]), run);
        assert.ok(snapshot !== undefined);
        return snapshot;
      }
      const withinTheClients = () =>
        taken((take) => ({ env: { f: (context, value: number) => take().then(() => f(context, value)) } }));

      test("a pool restored where the host offers them goes on with them", async () => {
        const snapshot = await withinTheClients();
        for (const target of [second, narrower]) {
          const restored = await (await target.compile(both)).restore(snapshot, { imports: { env: { f } } });
          assert.deepEqual((await restored.resume()).results, run);
          assert.deepEqual(await restored.invoke("run", [7]), run);
        }
      });

      test("what the client served when the snapshot was taken the host serves now", async () => {
        const snapshot = await taken((take) => ({
          wasmburst: { instance_index: ({ instance }: ImportContext) => take().then(() => instance) },
          env: { f },
        }));
        const restored = await (await second.compile(both)).restore(snapshot, { imports: { env: { f } } });
        assert.equal(restored.suspended, "run");
        const resumed = await restored.resume();
        assert.deepEqual(resumed.instances, range);
        assert.deepEqual(resumed.results, run);
      });

      test("where nobody offers them the restoration is refused by name", async () => {
        const snapshot = await withinTheClients();
        const client = await HostClient.launch(locateHost());
        try {
          const found = (await client.listDevices()).devices.find(({ id }) => id === device);
          assert.ok(found !== undefined);
          // As of a host that offers none.
          const compiled = await new HostBackend(new HostKeeper(client), found, compileModule).compile(both, {});
          const module = new BurstModule(both, undefined, compiled);
          await assert.rejects(
            module.restore(snapshot, { imports: { env: { f } } }),
            /imports are not provided: wasmburst\.instance_index: \(\) -> \(i32\)$/,
          );
        } finally {
          await client.close();
        }
      });
    });

    const tiled = device !== "cpu" && "with tiles in all profiles";
    test("a text whose recursion is a loop where the snapshot's is none refuses it", { skip: tiled }, async () => {
      const [sum, module] = [summing("i64.add"), await narrower.compile(summing("i64.add"))];
      const pool = await (await first.compile(sum)).instantiate({ instances, imports: answers });
      const snapshot = await pool.snapshot();
      await assert.rejects(module.restore(snapshot, { imports: answers }), {
        code: "invalidSnapshot",
        message: /compiled in another way/,
      });
    });

    test("damaged bytes, those of another module, and a missing import are refused by name", async () => {
      const snapshot = await takenWithin();
      const module = await second.compile(bytes);
      const damaged = snapshot.slice();
      damaged[snapshot.length >> 1] = (damaged[snapshot.length >> 1] ?? 0) ^ 1;
      const imports = answers;
      await assert.rejects(module.restore(damaged, { imports }), { code: "invalidSnapshot", message: /checksum/ });
      for (const length of [0, 7, 100, snapshot.length - 1]) {
        await assert.rejects(module.restore(snapshot.subarray(0, length), { imports }), { code: "invalidSnapshot" });
      }
      const other = await second.compile(wat('(module (import "env" "f" (func)) (func (export "sum")))'));
      await assert.rejects(other.restore(snapshot, { imports }), {
        code: "invalidSnapshot",
        message: /another module/,
      });
      await assert.rejects(module.restore(snapshot), /imports are not provided: env\.f: \(i32\) -> \(i32\)/);
    });
  });
}

test("the v8 device says that it has none", async () => {
  await using burst = await WasmBurst.launch({ device: "v8", threads: 1 });
  const module = await burst.compile(wat('(module (func (export "f")))'));
  const pool = await module.instantiate({ instances: 1 });
  await assert.rejects(pool.snapshot(), /the v8 device has no snapshots/);
  await assert.rejects(module.restore(new Uint8Array(10)), /the v8 device cannot restore a snapshot/);
});
