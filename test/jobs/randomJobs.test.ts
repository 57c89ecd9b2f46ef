/**
 * Jobs over few instances against an invocation of as many instances as jobs: everything that a job can do between its beginning and its
 * end, in numbers from a fixed seed. WASMBURST_JOB_ROUNDS=100 takes as many rounds (default 6).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImportContext, type Imports, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { randomFrom } from "../support/random.ts";
import { wat } from "../support/wat.ts";

const rounds = Number(process.env.WASMBURST_JOB_ROUNDS ?? 6);

/** Each of `parts` is work of `length` and then a call, of the client or of the host, a growth of memory, or a trap, as the work falls out. */
const bytes = wat(`(module
  (import "env" "next" (func $next (param i32 i64) (result i64)))
  (import "env" "halve" (func $halve (param f32) (result f32 i32)))
  (import "env" "begin" (func $begin (result i32)))
  (import "wasmburst" "instance_index" (func $index (result i32)))
  (memory 1 3) (global $begun (mut i32) (i32.const 0))
  (func $start (local i32)
    (local.set 0 (i32.const 40))
    (global.set $begun (call $begin))
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (start $start)
  (func $bits (param $x i64) (param $at i64) (param $mask i64) (result i32)
    (i64.eqz (i64.and (i64.shr_u (local.get $x) (local.get $at)) (local.get $mask))))
  (func (export "run") (param $parts i32) (param $length i32) (param $x i64) (result i64 f32 i32)
    (local $left i32) (local $f f32) (local $sum i32)
    (loop $again
      (local.set $left (local.get $length))
      (loop $work
        (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
        (br_if $work (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 1))) (i32.const 0))))
      (i64.store (i32.const 16) (i64.add (i64.load (i32.const 16)) (local.get $x)))
      (if (i64.eqz (i64.rem_u (i64.shr_u (local.get $x) (i64.const 33)) (i64.const 150))) (then unreachable))
      (if (call $bits (local.get $x) (i64.const 40) (i64.const 3))
        (then (call $halve (local.get $f)) (local.set $sum) (local.set $f))
        (else (if (call $bits (local.get $x) (i64.const 45) (i64.const 3))
          (then (local.set $sum (i32.add (local.get $sum) (call $index))))
          (else (local.set $x (call $next (local.get $parts) (local.get $x)))))))
      (if (call $bits (local.get $x) (i64.const 50) (i64.const 31)) (then (drop (memory.grow (i32.const 1)))))
      (br_if $again (i32.gt_s (local.tee $parts (i32.sub (local.get $parts) (i32.const 1))) (i32.const 0))))
    (i64.add (local.get $x) (i64.load (i32.const 16)))
    (local.get $f)
    (i32.add (i32.add (global.get $begun) (local.get $sum)) (memory.size))))`);

const imports: Imports = {
  env: {
    next(_: ImportContext, parts: number, x: bigint) {
      if (BigInt.asUintN(20, x >> 7n) % 101n === 3n) throw new Error(`nothing follows ${x}`);
      return BigInt.asIntN(64, x ^ BigInt(parts * 77));
    },
    async halve({ memory }: ImportContext, value: number) {
      const [first = 0, second = 0] = await memory.read(16, 4);
      await memory.write(20, Uint8Array.of(first ^ 1));
      return [value / 2 + second, first];
    },
    begin: ({ instance }: ImportContext) => instance * 3 + 1,
  },
};

for (const device of testedDevices.filter((id) => id !== "v8")) {
  // The second profile has a GPU's tiles.
  for (const profile of device === "cpu" ? ["cpu", "native"] : [undefined]) {
    test(`jobs over few instances end as in an instance each, on ${device} (${profile ?? "its profile"})`, async () => {
      await using burst = await WasmBurst.launch({ device, profile });
      await using module = await burst.compile(bytes);
      const execution = { values: 1024, callStack: 1024, scratch: 256 };
      const random = randomFrom(20_261_123);
      for (let round = 0; round < rounds; round++) {
        const jobs = Array.from({ length: 1 + Math.floor(random() * 80) }, () => ({
          values: [1 + Math.floor(random() * 12), Math.floor(1000 ** random()), BigInt(Math.floor(random() * 2 ** 40))],
        }));
        const limit = random() < 0.3 ? { fuel: 2000 } : {};
        await using each = await module.instantiate({ instances: jobs.length, imports, execution });
        const expected = await each.invoke(
          "run",
          jobs.map(({ values }) => values),
          limit,
        );
        const instances = 1 + Math.floor(random() * jobs.length);
        await using pool = await module.instantiate({ instances, imports, execution });
        for (const sliceFuel of [undefined, 1 + Math.floor(random() * 300)]) {
          const { outcomes } = await pool.runJobs("run", jobs, {
            ...limit,
            ...(sliceFuel === undefined ? {} : { sliceFuel }),
          });
          assert.deepEqual(
            outcomes.map((outcome) => ("reads" in outcome ? { values: outcome.values } : outcome)),
            expected,
            `round ${round}: ${jobs.length} jobs over ${instances} instances, slices of ${sliceFuel ?? "any"} fuel`,
          );
        }
      }
    });
  }
}
