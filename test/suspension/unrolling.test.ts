/** Loops that are unrolled give V8's results, however often, wherever they are suspended and whichever of the copies they leave by. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { compileOnV8 } from "../support/v8.ts";
import { wat } from "../support/wat.ts";

const bytes = wat(`(module (memory 1)
  ;; Left at the top, by a break.
  (func (export "chain") (param $start i32) (result i64) (local $n i64) (local $length i64)
    (local.set $n (i64.extend_i32_u (local.get $start)))
    (block $done
      (loop $next
        (br_if $done (i64.le_u (local.get $n) (i64.const 1)))
        (if (i64.eqz (i64.and (local.get $n) (i64.const 1)))
          (then (local.set $n (i64.shr_u (local.get $n) (i64.const 1))))
          (else (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))))
        (local.set $length (i64.add (local.get $length) (i64.const 1)))
        (br $next)))
    (local.get $length))
  ;; Left at the end, by a return in the middle, and by a trap where the address is beyond the memory. A value lives across a block.
  (func (export "walk") (param $p i32) (result i64) (local $sum i32)
    (loop $next
      (block $odd
        (local.set $sum (i32.add (i32.load (local.get $p)) (i32.mul (local.get $sum) (i32.const 31))))
        (br_if $odd (i32.and (local.get $sum) (i32.const 1)))
        (i32.store (i32.sub (local.get $p) (i32.const 4)) (i32.xor (local.get $sum) (local.get $p))))
      (if (i32.eq (i32.and (local.get $sum) (i32.const 1023)) (i32.const 77)) (then (return (i64.const -1))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $next (i32.ne (local.get $p) (i32.const 4000))))
    (i64.extend_i32_u (local.get $sum)))
  ;; Within another loop, with its way back in an arm.
  (func (export "nested") (param $n i32) (result i64) (local $i i32) (local $j i32) (local $sum i64)
    (loop $outer
      (local.set $j (local.get $i))
      (loop $inner
        (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 5)) (i64.extend_i32_u (local.get $j))))
        (if (i32.lt_u (local.get $j) (local.get $n))
          (then (local.set $j (i32.add (local.get $j) (i32.const 3))) (br $inner))
          (else (local.set $sum (i64.xor (local.get $sum) (i64.const 99))))))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum)))`);

const calls = {
  chain: [0, 1, 2, 3, 5, 6, 7, 27, 97],
  walk: [4, 3996, 3992, 3984, 8, 1000, 2001, 65528],
  nested: [0, 1, 2, 3, 4, 5, 17],
} as const;

/** What V8 has, as this device would say it. */
function onV8(name: string, argument: number): unknown {
  try {
    return { values: [compileOnV8(bytes)().exportedFunction(name)(argument)] };
  } catch {
    return "trap";
  }
}

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const unrolling of [1, 2, 3, 4, 8]) {
    test(`${unrolling} bodies on ${device}`, async () => {
      await using burst = await WasmBurst.launch({ device });
      await using module = await burst.compile(bytes, { passes: { unrolling } });
      for (const [name, given] of Object.entries(calls)) {
        await using pool = await module.instantiate({ instances: given.length });
        for (const sliceFuel of [1, 3, 40, 100, undefined]) {
          await pool.reset();
          const options = sliceFuel === undefined ? {} : { sliceFuel };
          const results = await pool.invoke(
            name,
            given.map((argument) => [argument]),
            options,
          );
          assert.deepEqual(
            results.map((result) => ("trap" in result ? "trap" : result)),
            given.map((argument) => onV8(name, argument)),
            `${name}, ${sliceFuel ?? "any"} units a launch`,
          );
        }
        // How much it takes to the end does not depend on the launches.
        const ended = async (sliceFuel: number, fuel: number) =>
          (
            await pool.invoke(
              name,
              given.map((argument) => [argument]),
              { sliceFuel, fuel },
            )
          ).map((result) => ("trap" in result ? result.trap : "ended"));
        for (const fuel of [20, 150, 1000]) {
          await pool.reset();
          const first = await ended(1, fuel);
          await pool.reset();
          assert.deepEqual(await ended(1 << 20, fuel), first, `${name}, at most ${fuel} units`);
        }
      }
    });
  }
}
