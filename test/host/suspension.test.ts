/** Real modules that are suspended again and again, on the devices of a real host; skipped, by name, where none is built. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { moduleIdentity } from "../../compiler-ts/src/host/identity.ts";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const instances = 40;
const range = Array.from({ length: instances }, (_, index) => index);

const bytes = wat(`(module (memory 1 2) (global $n (export "n") (mut i32) (i32.const 5))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "table") (param $rows i32) (result i64) (local $row i32) (local $column i32) (local $sum i64)
    (loop $rows
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (i32.xor (local.get $row) (local.get $column)))))
        (i64.store (i32.shl (local.get $column) (i32.const 3)) (local.get $sum))
        (br_if $columns (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 1))) (i32.const 9))))
      (br_if $rows (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1))) (local.get $rows))))
    (local.get $sum))
  (func (export "count") (param i32) (result i32)
    (global.set $n (i32.add (global.get $n) (local.get 0)))
    (i32.store (i32.const 70000) (global.get $n))
    (global.get $n))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func $spin (export "spin") (loop $l (br $l))))`);

describe("a device of the host", { skip: hostMissing }, () => {
  let burst: WasmBurst;
  let oracle: WasmBurst;
  before(async () => {
    burst = await WasmBurst.launch({ device: "auto", onNotice: (message) => assert.fail(message) });
    oracle = await WasmBurst.launch({ device: "v8" });
  });
  after(async () => {
    await burst.close();
    await oracle.close();
  });

  test("results do not depend on the fuel of a launch", async () => {
    const [device, v8] = await Promise.all(
      [burst, oracle].map(async (one) => (await one.compile(bytes)).instantiate({ instances })),
    );
    assert.ok(device !== undefined && v8 !== undefined);
    for (const [name, values] of [
      ["fib", range.map((index) => [index % 15])],
      ["table", range.map((index) => [index * 3])],
    ] as const) {
      const expected = await v8.invoke(name, values);
      for (const sliceFuel of [1, 7, 100, 10_000, undefined]) {
        const options = sliceFuel === undefined ? {} : { sliceFuel };
        assert.deepEqual(await device.invoke(name, values, options), expected, `${name}, ${sliceFuel} units a launch`);
      }
    }
    assert.deepEqual(await device.memory.read(33, 0, 72), await v8.memory.read(33, 0, 72));
  });

  test("the fuel limit is that of all launches together", async () => {
    const pool = await (await burst.compile(bytes)).instantiate({ instances: 2 });
    const expected = await pool.invoke("fib", [[5], [20]], { fuel: 1000 });
    assert.deepEqual(expected, [{ values: [5] }, { trap: "fuel exhausted", function: "fib" }]);
    assert.deepEqual(await pool.invoke("fib", [[5], [20]], { fuel: 1000, sliceFuel: 3 }), expected);
  });

  test("an endless loop ends at its time limit, by name, and the pool lives on", async () => {
    const pool = await (await burst.compile(bytes)).instantiate({ instances: 3 });
    const start = performance.now();
    const [result] = await pool.invoke("spin", [], { timeLimit: 0.2 });
    assert.deepEqual(result, { trap: "time limit exceeded", function: "spin" });
    assert.ok(performance.now() - start < 10_000);
    assert.deepEqual(
      await pool.invoke("fib", [7], { timeLimit: 100 }),
      range.slice(0, 3).map(() => ({ values: [13] })),
    );
    await assert.rejects(pool.invoke("spin", [], { timeLimit: 0 }), /timeLimit 0/);
    await assert.rejects(pool.invoke("spin", [], { timeLimit: Number.NaN }), /timeLimit NaN/);
  });

  test("an endless loop without limits is cancelled between launches", async () => {
    const pool = await (await burst.compile(bytes)).instantiate({ instances });
    await assert.rejects(pool.invoke("spin", [], { signal: AbortSignal.timeout(200) }), { name: "TimeoutError" });
    assert.deepEqual(await pool.invoke("fib", [[10]], { instances: [39] }), [{ values: [55] }]);
  });

  test("an endless start function is cancelled", async () => {
    const module = await burst.compile(wat("(module (func $spin (loop $l (br $l))) (start $spin))"));
    await assert.rejects(module.instantiate({ instances: 2, signal: AbortSignal.timeout(200) }), {
      name: "TimeoutError",
    });
  });
});

describe("snapshots between profiles", { skip: hostMissing }, () => {
  test("a pool goes on in another process, tiled in another way", async (t) => {
    const clients = await Promise.all([HostClient.launch(locateHost()), HostClient.launch(locateHost())]);
    t.after(() => Promise.all(clients.map((client) => client.close())));
    const [first, second] = clients;
    const device = (await first.listDevices()).devices.find(({ usable }) => usable)?.id;
    assert.ok(device !== undefined);
    // One process has contiguous memory, the other tiles of 32.
    const load = async (client: HostClient, profile: (typeof profiles)[keyof typeof profiles], identity: string) => {
      const { text, image, metadata } = compileModule(bytes, { profile });
      const { layout, instantiateKernel } = metadata;
      const kernels = metadata.kernels.map(({ kernel }) => kernel);
      const { module } = await client.loadModule({ device, text, image, layout, instantiateKernel, kernels, identity });
      return {
        module,
        kernel: (name: string) => metadata.kernels.find(({ exportName }) => exportName === name)?.kernel ?? "",
      };
    };
    const identity = moduleIdentity(bytes, undefined);
    const one = await load(first, profiles.cpu, identity);
    const other = await load(second, profiles.native, identity);
    const invoke = async (client: HostClient, pool: number, kernel: string, values?: readonly number[]) => {
      const words = new Uint8Array(Uint32Array.from(values ?? []).buffer);
      const argumentBytes = values === undefined ? 0 : 4;
      const answer = await client.invoke({ pool, kernel, arguments: words, argumentBytes, resultBytes: 4 });
      return [...new Uint32Array(answer.results.slice().buffer)];
    };
    const { pool } = await first.createPool({ module: one.module, instances });
    await invoke(first, pool, one.kernel("grow"));
    await invoke(first, pool, one.kernel("count"), range);
    const snapshot = (await first.snapshotPool(pool)).bytes;
    const restored = await second.restorePool({ module: other.module, snapshot });
    assert.equal(restored.instances, instances);
    assert.equal(restored.waiting, undefined);
    assert.deepEqual(
      await invoke(second, restored.pool, other.kernel("count"), range),
      range.map((index) => 5 + index * 2),
    );
    assert.deepEqual(
      await invoke(second, restored.pool, other.kernel("grow")),
      range.map(() => 0xffff_ffff),
    );
    await second.resetPool(restored.pool);
    assert.deepEqual(
      await invoke(second, restored.pool, other.kernel("grow")),
      range.map(() => 1),
    );

    const stranger = await load(second, profiles.native, moduleIdentity(bytes, ["fib"]));
    await assert.rejects(second.restorePool({ module: stranger.module, snapshot }), { code: "invalidSnapshot" });
    const damaged = snapshot.slice();
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    await assert.rejects(second.restorePool({ module: other.module, snapshot: damaged }), /checksum/);
  });
});
