/** The memory of the instance that calls, within its call. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ImportContext } from "../../compiler-ts/src/index.ts";
import { describeOnEveryDevice, failed, forwarding, range } from "./support.ts";

describeOnEveryDevice("memory within imports", ({ pool }) => {
  test("the memory of the calling instance is read and written, and each has its own", async () => {
    const text = `(module (import "env" "upper" (func $upper (param i32 i32) (result i32)))
      (memory 1) (data (i32.const 16) "instance -")
      (func (export "run") (param i32) (result i32)
        (i32.store8 (i32.const 25) (i32.add (i32.const 48) (local.get 0)))
        (i32.add (call $upper (i32.const 16) (i32.const 10)) (i32.load8_u (i32.const 25)))))`;
    const upper = async ({ memory }: ImportContext, pointer: number, length: number) => {
      const read = Buffer.from(await memory.read(pointer, length)).toString();
      await memory.write(pointer, Buffer.from(read.toUpperCase()));
      return memory.size();
    };
    const p = await pool(text, { env: { upper } });
    assert.deepEqual(
      await p.invoke(
        "run",
        range.map((index) => [index]),
      ),
      range.map((index) => ({ values: [65_536 + 48 + index] })),
    );
    const texts = await p.memory.readAll(range.map((instance) => ({ instance, address: 16, length: 10 })));
    assert.deepEqual(
      texts.map((bytes) => Buffer.from(bytes).toString()),
      range.map((index) => `INSTANCE ${index}`),
    );
  });

  test("a range outside the memory is the trap of that instance alone", async () => {
    const f = async ({ memory }: ImportContext, pointer: number) => (await memory.read(pointer, 4)).length;
    const p = await pool(forwarding("i32", "i32"), { env: { f } });
    const pointers = [0, 65_532, 65_533, -4, 65_536, 4, 8];
    const outside = (address: number, instance: number) =>
      failed(`4 bytes at ${address} are not within the 65536 bytes of instance ${instance}'s memory`);
    const inside = { values: [4] };
    assert.deepEqual(
      await p.invoke(
        "call",
        pointers.map((pointer) => [pointer]),
      ),
      [inside, inside, outside(65_533, 2), outside(2 ** 32 - 4, 3), outside(65_536, 4), inside, inside],
    );
  });

  test("writes and reads of one call keep their order without being awaited", async () => {
    const f = async ({ memory, instance }: ImportContext) => {
      const before = memory.read(0, 1);
      void memory.write(0, Uint8Array.of(instance + 1));
      const between = memory.read(0, 1);
      void memory.write(0, Uint8Array.of(99));
      const last = memory.read(0, 1);
      return (
        ((await before)[0] as number) * 10_000 + ((await between)[0] as number) * 100 + ((await last)[0] as number)
      );
    };
    const p = await pool(forwarding("", "i32"), { env: { f } });
    assert.deepEqual(
      await p.invoke("call"),
      range.map((index) => ({ values: [(index + 1) * 100 + 99] })),
    );
  });

  test("the memory of a call that is over can no longer be used", async () => {
    let late: Promise<unknown> = Promise.resolve();
    const f = ({ memory }: ImportContext) => {
      late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => memory.read(0, 1));
      late.catch(() => {});
    };
    const p = await pool(forwarding("", "").replaceAll("(result )", ""), { env: { f } }, { instances: 1 });
    assert.deepEqual(await p.invoke("call"), [{ values: [] }]);
    await assert.rejects(late, { code: "closed" });
  });
});
