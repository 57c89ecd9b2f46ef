/** Two devices of two real hosts against one; skipped, by name, where none is built. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ImportContext } from "../../compiler-ts/src/api/imports.ts";
import type { TimelineEvent } from "../../compiler-ts/src/api/timeline.ts";
import { type Imports, perInstance, WasmBurst } from "../../compiler-ts/src/index.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const instances = 37;

const bytes = wat(`(module
  (import "env" "seed" (global $seed i32))
  (import "env" "double" (func $double (param i32) (result i32)))
  (memory (export "memory") 1 2)
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (func (export "f") (param i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 8) (local.get 0))
    (if (i32.eq (local.get 0) (i32.const 30)) (then (unreachable)))
    (i32.add (global.get $seed) (call $double (i32.load (i32.const 16)))))
  (func (export "spin") (loop $l (br $l))))`);

const plain = wat(`(module (memory 1)
  (func (export "work") (param i32) (result i32) (local $n i32) (local $sum i32)
    (if (i32.eq (local.get 0) (i32.const 77)) (then (unreachable)))
    (loop $l
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $n)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $n) (i32.mul (i32.and (local.get 0) (i32.const 63)) (i32.const 100)))))
    (i32.store (i32.const 0) (local.get $sum))
    (i32.add (local.get $sum) (i32.load (i32.const 4)))))`);

describe("two devices as one", { skip: hostMissing, timeout: 120_000 }, () => {
  let two: WasmBurst;
  let one: WasmBurst;
  const events: TimelineEvent[] = [];
  before(async () => {
    two = await WasmBurst.launch({ device: "cpu,cpu", onTimeline: (more) => void events.push(...more) });
    one = await WasmBurst.launch({ device: "cpu" });
  });
  after(async () => {
    await two.close();
    await one.close();
  });

  test("instances keep their state, memory and imports by the numbers that they have on one device", async () => {
    const seen: number[][] = [[], []];
    const importsFor = (device: number): Imports => ({
      env: {
        seed: perInstance((instance) => instance * 1000),
        async double({ instance, memory }: ImportContext, value: number) {
          seen[device]?.push(instance);
          if (instance === 20) throw new Error("not for twenty");
          const [byte = 0] = await memory.read(16, 1);
          return value + byte;
        },
      },
    });
    const pools = await Promise.all(
      [two, one].map(async (burst, device) =>
        (await burst.compile(bytes)).instantiate({ instances, imports: importsFor(device) }),
      ),
    );
    const answers = await Promise.all(
      pools.map(async (pool) => {
        const range = Array.from({ length: instances }, (_, instance) => instance);
        await pool.memory.writeAll(
          range.map((instance) => ({ instance, address: 16, bytes: Uint8Array.of(instance + 1) })),
        );
        const first = await pool.invoke(
          "f",
          range.map((instance) => [instance]),
        );
        const some = await pool.invoke("f", [[5], [6], [7]], { instances: [36, 0, 19] });
        await pool.reset([0, 36]);
        const calls = await Promise.all([0, 18, 19, 36].map((instance) => pool.globals.get(instance, "calls")));
        const memory = await pool.memory.readAll([36, 0, 17].map((instance) => ({ instance, address: 8, length: 12 })));
        return { first, some, calls, memory };
      }),
    );
    assert.deepEqual(answers[0], answers[1]);
    assert.deepEqual(answers[0]?.calls, [0, 1, 2, 0]);
    assert.deepEqual(answers[0]?.first[20], {
      trap: "host function failed",
      function: "env.double",
      message: "not for twenty",
    });
    for (const numbers of seen) numbers.sort((a, b) => a - b);
    assert.deepEqual(seen[0], seen[1]);
  });

  test("functions of the host, too, know instances by their numbers among all", async () => {
    const text = `(module (import "wasmburst" "instance_index" (func $index (result i32)))
      (func (export "f") (result i32) (call $index)))`;
    const pool = await (await two.compile(wat(text))).instantiate({ instances });
    const results = await pool.invoke("f");
    assert.deepEqual(
      results,
      Array.from({ length: instances }, (_, instance) => ({ values: [instance] })),
    );
  });

  test("jobs with memory and traps have the results that one device gives, in order", async () => {
    const jobs = Array.from({ length: 1000 }, (_, job) => ({
      values: [job],
      writes: [{ address: 4, bytes: Uint8Array.of(job, job >> 8) }],
      reads: [{ address: 0, length: 6 }],
    }));
    const [both, alone] = await Promise.all(
      [two, one].map(async (burst) => {
        const pool = await (await burst.compile(plain)).instantiate({ instances: 64 });
        return (await pool.runJobs("work", jobs)).outcomes;
      }),
    );
    assert.deepEqual(both, alone);
    assert.deepEqual(both?.[77], { trap: "unreachable", function: "work" });
    assert.deepEqual(new Set(events.map((event) => event.device)), new Set(["cpu", "cpu (2)"]));
  });

  test("jobs that call imports, with content that differs from instance to instance, are as on one device", async () => {
    const text = `(module
      (import "env" "seed" (global $seed i32))
      (import "env" "add" (func $add (param i32) (result i32)))
      (import "wasmburst" "instance_index" (func $index (result i32)))
      (memory 1)
      (global $started (mut i32) (i32.const 0))
      (func $start (global.set $started (call $index)))
      (start $start)
      (func (export "f") (param i32) (result i32 i32 i32 i32)
        (i32.store8 (i32.const 3) (local.get 0))
        (call $add (local.get 0)) (call $index) (global.get $seed) (global.get $started)))`;
    const count = 150;
    const run = async (burst: WasmBurst) => {
      const seen: number[] = [];
      const imports: Imports = {
        env: {
          seed: perInstance((instance) => instance * 1000),
          async add({ instance, memory }: ImportContext, value: number) {
            seen.push(instance);
            if (instance === 44) throw new Error("not for 44");
            const [byte = 0] = await memory.read(3, 1);
            return value + byte;
          },
        },
      };
      const pool = await (await burst.compile(wat(text))).instantiate({ instances: 10, imports });
      const jobs = Array.from({ length: count }, (_, job) => ({ values: [job] }));
      const { outcomes } = await pool.runJobs("f", jobs);
      return { outcomes, seen: seen.sort((a, b) => a - b) };
    };
    const alone = await run(one);
    assert.deepEqual(await run(two), alone);
    const numbers = Array.from({ length: count }, (_, job) => job);
    assert.deepEqual(alone.seen, numbers);
    assert.deepEqual(
      alone.outcomes,
      numbers.map((job) =>
        job === 44
          ? { trap: "host function failed", function: "env.add", message: "not for 44" }
          : { values: [job * 2, job, (job % 10) * 1000, job], reads: [] },
      ),
    );
  });

  test("fewer instances than devices, and none too many, are refused as on one", async () => {
    const pool = await (await two.compile(plain)).instantiate({ instances: 1 });
    assert.deepEqual(await pool.invoke("work", [0]), [{ values: [0] }]);
    await assert.rejects(pool.invoke("none"), { message: /no exported function "none"/ });
    await assert.rejects(
      (await two.compile(plain)).instantiate({ instances: 10 ** 9 }),
      (error: Error & { data?: unknown }) => {
        const { instancesThatFit } = error.data as { instancesThatFit: number };
        assert.ok(instancesThatFit > 0 && instancesThatFit % 2 === 0, String(instancesThatFit));
        assert.match(error.message, /^cpu: /);
        return true;
      },
    );
  });

  test("an abort ends both, and the pool is of use afterwards", async () => {
    const module = await two.compile(bytes);
    const pool = await module.instantiate({ instances: 4, imports: { env: { seed: 1, double: () => 0 } } });
    const controller = new AbortController();
    const spinning = pool.invoke("spin", [], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 100);
    await assert.rejects(spinning, { message: "enough" });
    await pool.reset();
    assert.deepEqual(await pool.invoke("f", [0]), Array(4).fill({ values: [1] }));
  });

  test("what needs one device says so", async () => {
    const module = await two.compile(plain);
    const pool = await module.instantiate({ instances: 2 });
    await assert.rejects(pool.snapshot(), /several devices has no snapshot/);
    await assert.rejects(module.restore(new Uint8Array(8)), /on one device only/);
  });
});
