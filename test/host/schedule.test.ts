/** Policies and their events on a real host; skipped, by name, where none is built. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TimelineEvent } from "../../compiler-ts/src/api/timeline.ts";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const bytes = wat(`(module (import "env" "ask" (func $ask (param i32) (result i32)))
  (func (export "spin") (loop $l (br $l)))
  (func (export "ask") (param i32) (result i32) (call $ask (local.get 0))))`);

describe("the schedule on the cpu device", { skip: hostMissing }, () => {
  test("`sustained` rests two thirds of the time; slices, bursts, cool-downs, heat and host calls come as events", async () => {
    const events: TimelineEvent[] = [];
    await using burst = await WasmBurst.launch({ device: "cpu", onTimeline: (more) => events.push(...more) });
    const module = await burst.compile(bytes);
    const schedule = { policy: "sustained", burst: 60 } as const;
    const imports = { env: { ask: (_context: unknown, value: number) => value + 1 } };
    const pool = await module.instantiate({ instances: 4, schedule, imports });
    const start = performance.now();
    const [result] = await pool.invoke("spin", [], { timeLimit: 0.4 });
    const seconds = (performance.now() - start) / 1000;
    assert.deepEqual(result, { trap: "time limit exceeded", function: "spin" });
    assert.ok(pool.deviceSeconds / seconds < 0.4, `${pool.deviceSeconds} of ${seconds}`);
    const asked = await pool.invoke("ask", [5]);
    assert.deepEqual(asked[3], { values: [6] });
    const kinds = new Set(events.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ["burst", "coolDown", "hostCalls", "slice", "thermal"]);
    const slices = events.flatMap((event) => (event.kind === "slice" ? [event] : []));
    assert.ok(slices.every(({ lanes, live }) => lanes === 4 && live === 4));
    const calls = events.find(({ kind }) => kind === "hostCalls");
    assert.ok(calls !== undefined && calls.at >= (slices[0]?.at ?? Number.NaN) && calls.at < (slices.at(-1)?.at ?? 0));
  });

  test("a setting out of range is refused by name", async () => {
    await using burst = await WasmBurst.launch({ device: "cpu" });
    const module = await burst.compile(wat(`(module (func (export "spin") (loop $l (br $l))))`));
    await assert.rejects(module.instantiate({ instances: 1, schedule: { burst: 1000 } }), /`schedule\.burst`/);
  });
});
