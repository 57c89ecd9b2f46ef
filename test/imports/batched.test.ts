/** Imports that serve all waiting instances at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { batched } from "../../compiler-ts/src/index.ts";
import { describeOnEveryDevice, failed, forwarding, instances, range } from "./support.ts";

describeOnEveryDevice("batched imports", ({ device, pool }) => {
  test("columns of arguments come in, a column of results goes back", async () => {
    const f = batched(({ columns }) => {
      const [ints, longs, floats, doubles] = columns;
      assert.ok(ints instanceof Int32Array && longs instanceof BigInt64Array);
      assert.ok(floats instanceof Float32Array && doubles instanceof Float64Array);
      return Float64Array.from(ints, (value, at) => value + Number(longs[at]) + (floats[at] ?? 0) + (doubles[at] ?? 0));
    });
    const p = await pool(forwarding("i32 i64 f32 f64", "f64"), { env: { f } });
    assert.deepEqual(
      await p.invoke(
        "call",
        range.map((index) => [-index, BigInt(index) * 10n, 0.5, index / 4]),
      ),
      range.map((index) => ({ values: [9 * index + 0.5 + index / 4] })),
    );
  });

  // docs/host-functions.md, On v8: why it cannot be more there.
  const length = device === "v8" ? 1 : instances;
  test(`of ${instances} instances that call at the same time a batch has ${length}`, async () => {
    const batches: number[] = [];
    const f = batched(({ instances: calling }) => {
      batches.push(calling.length);
      return calling;
    });
    const p = await pool(forwarding("", "i32"), { env: { f } });
    assert.deepEqual(
      await p.invoke("call"),
      range.map((index) => ({ values: [index] })),
    );
    assert.deepEqual(batches, new Array(instances / length).fill(length));
  });

  test("several results, plain arrays, and a promise", async () => {
    const f = batched(async ({ instances: calling }) => [[...calling], BigInt64Array.from(calling, BigInt)]);
    const p = await pool(forwarding("", "i32 i64"), { env: { f } });
    assert.deepEqual(
      await p.invoke("call"),
      range.map((index) => ({ values: [index, BigInt(index)] })),
    );
  });

  test("memory is read and written a range a call, and one out of range fails by itself", async () => {
    const f = batched(async ({ columns: [pointers], memory }) => {
      const read = await memory.read(pointers as Int32Array, 2);
      await memory.write(
        pointers as Int32Array,
        read.map((bytes) => bytes.map((byte) => byte + 1)),
      );
      return read.map((bytes) => bytes[0] ?? 0);
    });
    const p = await pool(forwarding("i32", "i32"), { env: { f } });
    await p.memory.writeAll(range.map((instance) => ({ instance, address: 100, bytes: Uint8Array.of(instance, 7) })));
    const expected = range.map((index) => ({ values: [index] }) as object);
    expected[2] = failed("2 bytes at 65535 are not within the 65536 bytes of instance 2's memory");
    assert.deepEqual(
      await p.invoke(
        "call",
        range.map((index) => [index === 2 ? 65_535 : 100]),
      ),
      expected,
    );
    assert.deepEqual(await p.memory.read(6, 100, 2), Uint8Array.of(7, 8));
  });

  test("a single call can fail; a throw, or a column that is too short, fails all", async () => {
    const some = batched(({ instances: calling, fail }) => {
      // On v8 batches come as they come.
      if (calling.includes(1)) fail(calling.indexOf(1), new Error("not you"));
      return Int32Array.from(calling);
    });
    const p = await pool(forwarding("", "i32"), { env: { f: some } });
    const expected = range.map((index) => (index === 1 ? failed("not you") : { values: [index] }));
    assert.deepEqual(await p.invoke("call"), expected);
    const throwing = batched(() => {
      throw new Error("none of you");
    });
    const all = await pool(forwarding("", "i32"), { env: { f: throwing } });
    assert.deepEqual(
      await all.invoke("call"),
      range.map(() => failed("none of you")),
    );
    const short = await pool(forwarding("", "i32"), { env: { f: batched(() => []) } }, { instances: 1 });
    const message = "env.f (batched) returned 0 values of type i32 for 1 calls";
    assert.deepEqual(await short.invoke("call"), [failed(message)]);
  });

  test("a value of a wrong type fails its own call", async () => {
    const f = batched(({ instances: calling }) => [...calling].map((instance) => (instance === 3 ? 3 : 3n)));
    const p = await pool(forwarding("", "i64"), { env: { f } });
    const message = "env.f (batched) returned 3, which is not an i64 (a BigInt)";
    assert.deepEqual(
      await p.invoke("call"),
      range.map((index) => (index === 3 ? failed(message) : { values: [3n] })),
    );
  });

  test("one that never settles is a trap of all its calls", async () => {
    const f = batched(() => new Promise(() => {}));
    const p = await pool(forwarding("", "i32"), { env: { f } }, { importTimeout: 20, instances: 2 });
    assert.deepEqual(
      await p.invoke("call"),
      range.slice(0, 2).map(() => failed("env.f did not settle within 20 ms")),
    );
  });
});
