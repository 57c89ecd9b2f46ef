/** That equal instances are compared at all: modules in which one instance can tell that it is not another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseError } from "vscode-jsonrpc/node";
import { type CreatePoolParameters, errorCodes, type PoolTooLargeData } from "../../protocol/messages.ts";
import { testedDevices, withPool } from "../support/devices.ts";
import { fakeBackend, loads } from "../support/fakeBackend.ts";
import { wat } from "../support/wat.ts";
import type { Outcome } from "./engine.ts";
import { instantiateEqual, PoolSizes, runningOn } from "./equalInstances.ts";

/** More than one tile, and the last one not full. */
const instances = 70;

/** Of instance 69: the high word of `one_word`, the trap of `one_trap`, the function in which `all_trap` traps, and the global. */
const bytes = wat(`(module
  (import "wasmburst" "instance_index" (func $index (result i32)))
  (global $last (export "last") (mut i32) (i32.const 0))
  (global (export "same") i32 (i32.const 9))
  (func $is_last (result i32) (i32.eq (call $index) (i32.const 69)))
  (func (export "equal") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "one_word") (param i32) (result i32 i64)
    (local.get 0) (i64.shl (i64.extend_i32_u (call $is_last)) (i64.const 32)))
  (func (export "one_trap") (if (call $is_last) (then (unreachable))))
  (func $elsewhere unreachable)
  (func (export "all_trap") (if (call $is_last) (then (call $elsewhere))) (unreachable))
  (func (export "equal_trap") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 0)))
  (func (export "set_last") (global.set $last (call $is_last))))`);

function differs(outcome: Outcome | undefined, detail: RegExp): void {
  assert.ok(outcome?.kind === "failure", JSON.stringify(outcome));
  assert.equal(outcome.reason, "equal instances differ");
  assert.match(outcome.detail ?? "", detail);
}

for (const device of testedDevices) {
  test(`on ${device} an instance whose results, trap or global differ is a failure that names it, and nothing else is`, async () => {
    await withPool({ device, bytes, instances }, async (pool) => {
      const running = runningOn(pool, {});
      const calls: readonly (readonly [string, ...number[]])[] = [
        ["equal", 7, 1, 2],
        ["one_word", 5],
        ["one_trap"],
        ["all_trap"],
        ["equal_trap", 1],
        ["set_last"],
      ];
      const outcomes = await running.invoke(
        calls.map(([name, ...words]) => ({ name, arguments: Uint32Array.from(words) })),
      );
      assert.deepEqual(outcomes[0], { kind: "values", words: Uint32Array.of(1, 2, 7) });
      differs(
        outcomes[1],
        /instance 69 has \[00000005 00000000 00000001\], instance 0 has \[00000005 00000000 00000000\]/,
      );
      differs(outcomes[2], /instance 69 trapped with "unreachable" in function 4, instance 0 has \[\]/);
      differs(outcomes[3], /instance 69 .*"unreachable" in function 5, instance 0 .*"unreachable" in function 6/);
      assert.deepEqual(outcomes[4], { kind: "trap", messages: ["integer divide by zero"] });
      assert.deepEqual(outcomes[5], { kind: "values", words: Uint32Array.of() });
      differs(await running.readGlobal("last"), /instance 69 has \[00000001\], instance 0 has \[00000000\]/);
      assert.deepEqual(await running.readGlobal("same"), { kind: "values", words: Uint32Array.of(9) });
    });
  });
}

/** A device with room for so many instances. */
async function deviceFor(room: number) {
  return fakeBackend({
    ...loads,
    "pool/create": (parameters) => {
      const { instances: wanted } = parameters as CreatePoolParameters;
      if (wanted > room) {
        const data: PoolTooLargeData = {
          instances: wanted,
          instancesThatFit: room,
          bytesPerInstance: 100,
          limit: "its memory",
        };
        throw new ResponseError(errorCodes.poolTooLarge, `${wanted} do not fit`, data);
      }
      return { pool: 9, memoryPages: 0, bytesPerInstance: 100 };
    },
  });
}

test("where the device has no room for all, a pool leaves three quarters of it to others, and the sizes are counted", async () => {
  const sizes = new PoolSizes(100);
  for (const [room, instances] of [
    [100, 100],
    [99, 12],
    [53, 12],
    [5, 1],
    [1, 1],
  ] as const) {
    const { module } = await deviceFor(room);
    const pool = await instantiateEqual(module, 100, undefined);
    assert.equal(pool.instances, instances);
    sizes.add(pool.instances);
  }
  assert.equal(sizes.toString(), "1 pools of 100 equal instances, for want of memory 2 of 12, 2 of 1");
  const { module, asked } = await deviceFor(0);
  await assert.rejects(instantiateEqual(module, 100, undefined), { code: "poolTooLarge" });
  const creations = asked.filter(({ method }) => method === "pool/create");
  assert.deepEqual(
    creations.map(({ parameters }) => (parameters as CreatePoolParameters).instances),
    [100, 50, 25, 12, 6, 3, 1],
  );
});
