/** Recursions whose results are summed (legalize/recursion/accumulators.ts), on tiles and without, with launches of little fuel: always V8's results. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type BurstModule, type ImportContext, type Value, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { compileOnV8 } from "../support/v8.ts";
import { wat } from "../support/wat.ts";

const bytes = wat(`(module
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2)) (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $fib64 (export "fib64") (param $n i64) (result i64)
    (if (result i64) (i64.lt_s (local.get $n) (i64.const 2)) (then (i64.sub (i64.const 0x123456789) (local.get $n)))
      (else (i64.add (call $fib64 (i64.sub (local.get $n) (i64.const 1))) (call $fib64 (i64.sub (local.get $n) (i64.const 2)))))))
  (func $three (export "three") (param $n i32) (param $x i32) (result i32) (local $sum i32)
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (local.get $x))))
    (local.set $sum (i32.add (call $three (i32.sub (local.get $n) (i32.const 1)) (i32.mul (local.get $x) (i32.const 3))) (local.get $x)))
    (local.set $sum (i32.add (local.get $sum) (call $three (i32.sub (local.get $n) (i32.const 2)) (i32.add (local.get $x) (local.get $n)))))
    (local.set $x (i32.rotl (local.get $x) (i32.const 5)))
    (i32.add (i32.add (local.get $sum) (local.get $x)) (call $three (i32.sub (local.get $n) (i32.const 3)) (local.get $x))))
  ;; The loop carries a sum; its last iteration is a jump. An inner loop before the call, and a local that begins with zero.
  (func $search (export "search") (param $mask i32) (param $taken i32) (param $depth i32) (result i32)
    (local $free i32) (local $sum i32) (local $bit i32) (local $odd i32)
    (if (i32.eq (local.get $taken) (local.get $mask)) (then (return (local.get $depth))))
    (local.set $free (i32.and (local.get $mask) (i32.xor (local.get $taken) (i32.const -1))))
    (loop $next
      (local.set $bit (i32.and (local.get $free) (i32.sub (i32.const 0) (local.get $free))))
      (local.set $free (i32.xor (local.get $free) (local.get $bit)))
      (local.set $odd (i32.xor (local.get $odd) (i32.const 1)))
      (if (local.get $odd) (then (local.set $sum (i32.add (local.get $sum) (i32.const 1)))))
      (local.set $sum (i32.add (local.get $sum)
        (call $search (local.get $mask) (i32.or (local.get $taken) (local.get $bit)) (i32.add (local.get $depth) (local.get $odd)))))
      (br_if $next (local.get $free)))
    (local.get $sum))
  (func $factorial (export "factorial") (param $n i64) (result i64)
    (if (result i64) (i64.eqz (local.get $n)) (then (i64.const 1))
      (else (i64.mul (local.get $n) (call $factorial (i64.sub (local.get $n) (i64.const 1)))))))
  (func $bits (export "bits") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 5))))
    (i32.xor (i32.xor (call $bits (i32.shr_u (local.get $n) (i32.const 1))) (local.get $n)) (call $bits (i32.shr_u (local.get $n) (i32.const 2)))))
  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    (if (result i32) (i32.eqz (local.get $b)) (then (local.get $a))
      (else (call $gcd (local.get $b) (i32.rem_u (local.get $a) (local.get $b))))))
  ;; Each activation stores where it begins, between its calls and at its end, which is behind its last call; what it adds is read from there.
  (func $trace (export "trace") (param $n i32) (param $at i32) (result i32) (local $sum i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store (i32.and (i32.mul (global.get $count) (i32.const 4)) (i32.const 1023)) (i32.add (local.get $at) (i32.load (local.get $at))))
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.load (local.get $at)))))
    (local.set $sum (call $trace (i32.sub (local.get $n) (i32.const 1)) (i32.add (local.get $at) (i32.const 4))))
    (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
    (i32.store8 (local.get $at) (i32.add (global.get $count) (local.get $n)))
    (local.set $sum (i32.add (local.get $sum) (call $trace (i32.sub (local.get $n) (i32.const 2)) (i32.add (local.get $at) (i32.const 8)))))
    (i32.store offset=64 (local.get $at) (i32.add (i32.load offset=64 (local.get $at)) (global.get $count)))
    (i32.add (local.get $sum) (global.get $count)))
  (func (export "traces") (param $n i32) (result i32 i32) (i32.store (i32.const 12) (i32.const 77))
    (call $trace (local.get $n) (i32.const 0)) (i32.add (i32.load (i32.const 64)) (i32.load (i32.const 20))))
  ;; Traps in the middle, behind other calls and before them.
  (func $divides (export "divides") (param $n i32) (param $d i32) (result i32)
    (if (i32.lt_s (local.get $n) (i32.const 1)) (then (return (i32.div_u (i32.const 100) (local.get $d)))))
    (i32.add (i32.add (call $divides (i32.sub (local.get $n) (i32.const 1)) (local.get $d)) (i32.div_u (local.get $n) (i32.sub (local.get $d) (i32.const 3))))
      (call $divides (i32.sub (local.get $n) (i32.const 2)) (i32.sub (local.get $d) (i32.const 1)))))
  ;; Sums that are none for all ways, or are used otherwise.
  (func $left_out (export "left_out") (param $n i32) (result i32) (local $t i32)
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.const 3))))
    (local.set $t (i32.add (call $left_out (i32.sub (local.get $n) (i32.const 1))) (call $left_out (i32.sub (local.get $n) (i32.const 2)))))
    (if (i32.eq (i32.rem_u (local.get $n) (i32.const 5)) (i32.const 2)) (then (return (local.get $n))))
    (i32.add (local.get $t) (local.get $n)))
  (func $judged (export "judged") (param $n i32) (result i32) (local $t i32)
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.const 3))))
    (local.set $t (call $judged (i32.sub (local.get $n) (i32.const 1))))
    (if (i32.and (local.get $t) (i32.const 2)) (then (local.set $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.add (local.get $t) (call $judged (i32.sub (local.get $n) (i32.const 2)))))
  (func $twice (export "twice") (param $n i32) (result i32) (local $t i32)
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.const 3))))
    (i32.add (i32.add (local.tee $t (call $twice (i32.sub (local.get $n) (i32.const 1)))) (local.get $t)) (call $twice (i32.sub (local.get $n) (i32.const 3)))))
  (func $even (export "even") (param $n i32) (result i32)
    (if (result i32) (local.get $n) (then (i32.add (local.get $n) (call $odd (i32.sub (local.get $n) (i32.const 1))))) (else (i32.const 1))))
  (func $odd (param $n i32) (result i32)
    (if (result i32) (local.get $n) (then (i32.add (call $even (i32.sub (local.get $n) (i32.const 1))) (i32.const 3))) (else (i32.const 0))))
  ;; Recursions that never end: by calls, by jumps alone, by jumps between which other calls return.
  (func $calls (export "calls") (param $n i32) (result i32)
    (i32.add (call $calls (i32.add (local.get $n) (i32.const 1))) (call $calls (local.get $n))))
  (func $jumps (export "jumps") (param $n i32) (result i32) (i32.add (local.get $n) (call $jumps (i32.add (local.get $n) (i32.const 1)))))
  (func $mixed (export "mixed") (param $n i32) (result i32)
    (if (i32.eqz (i32.and (local.get $n) (i32.const 3))) (then (return (i32.const 1))))
    (i32.add (call $mixed (i32.sub (local.get $n) (i32.const 1))) (call $mixed (i32.add (local.get $n) (i32.const 4))))))`);

type Values = readonly (number | bigint)[];

const runs: readonly { readonly name: string; readonly arguments: readonly Values[] }[] = [
  { name: "fib", arguments: [[11], [3], [0], [-7]] },
  { name: "fib64", arguments: [[12n], [-1n], [5n], [2n]] },
  {
    name: "three",
    arguments: [
      [8, 1],
      [1, -5],
      [6, 77],
      [0, 9],
    ],
  },
  {
    name: "search",
    arguments: [
      [31, 0, 0],
      [7, 2, 5],
      [63, 20, 1],
      [0, 0, 4],
    ],
  },
  { name: "factorial", arguments: [[20n], [0n], [70n], [1n]] },
  { name: "bits", arguments: [[0x1234], [300], [0], [6]] },
  {
    name: "gcd",
    arguments: [
      [1071, 462],
      [1_000_003, 7919],
      [5, 0],
      [-4, 6],
    ],
  },
  { name: "traces", arguments: [[9], [2], [0], [7]] },
  {
    name: "divides",
    arguments: [
      [5, 20],
      [0, 1],
      [3, 9],
      [4, 12],
    ],
  },
  { name: "left_out", arguments: [[12], [2], [7], [0]] },
  { name: "judged", arguments: [[12], [1], [9], [4]] },
  { name: "twice", arguments: [[11], [1], [5], [0]] },
  { name: "even", arguments: [[60], [1], [7], [0]] },
];

const targets = testedDevices
  .filter((id) => id !== "v8")
  .flatMap((device) =>
    device === "cpu" ? ["cpu", "native", "apple"].map((profile) => ({ device, profile })) : [{ device }],
  );

for (const target of targets) {
  describe(`sums over recursions on ${Object.values(target).join(" with the profile ")}`, () => {
    let burst: WasmBurst;
    let module: BurstModule;
    before(async () => {
      burst = await WasmBurst.launch(target);
      module = await burst.compile(bytes);
    });
    after(() => burst.close());

    for (const { name, arguments: given } of runs)
      test(`${name}, with any launches`, async () => {
        const expected = given.map((list) => {
          const outcome = compileOnV8(bytes)().exportedFunction(name)(...list);
          return { values: Array.isArray(outcome) ? outcome : [outcome] };
        });
        for (const sliceFuel of [undefined, 3, 101]) {
          // Globals and memory stay from one invocation to the next.
          await using pool = await module.instantiate({ instances: given.length });
          const results = await pool.invoke(name, given, sliceFuel === undefined ? {} : { sliceFuel });
          assert.deepEqual(results, expected, `${sliceFuel} units`);
        }
      });

    test("a trap in the middle is the program's first one", async () => {
      await using pool = await module.instantiate({ instances: 4 });
      const calls = [
        [3, 3],
        [2, 0],
        [4, 4],
        [1, 1],
      ];
      for (const sliceFuel of [undefined, 3]) {
        const results = await pool.invoke("divides", calls, sliceFuel === undefined ? {} : { sliceFuel });
        const traps = results.map((result) => "trap" in result && result.trap);
        assert.deepEqual(
          traps,
          calls.map(() => "integer divide by zero"),
        );
      }
    });

    for (const name of ["calls", "jumps", "mixed"])
      test(`a recursion that never ends is exhausted: ${name}`, async () => {
        await using pool = await module.instantiate({ instances: 3 });
        for (const sliceFuel of [undefined, 50]) {
          const results = await pool.invoke(name, [[1], [2], [1]], sliceFuel === undefined ? {} : { sliceFuel });
          for (const result of results) assert.deepEqual("trap" in result && result.trap, "call stack exhausted");
        }
      });

    test("how deep an instance gets does not depend on the launches", async () => {
      await using pool = await module.instantiate({ instances: 40 });
      const calls = Array.from({ length: 40 }, (_, i) => [BigInt(492 + i)]);
      const expected = await pool.invoke("factorial", calls);
      assert.equal(new Set(expected.map((result) => "trap" in result)).size, 2);
      for (const sliceFuel of [1, 100])
        assert.deepEqual(await pool.invoke("factorial", calls, { sliceFuel }), expected);
    });

    test("imports are called in the program's order", async () => {
      const text = wat(`(module (import "env" "note" (func $note (param i32) (result i32)))
        (func $walk (export "walk") (param $n i32) (result i32)
          (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (call $note (local.get $n)))))
          (i32.add (i32.add (call $walk (i32.sub (local.get $n) (i32.const 1))) (call $note (local.get $n))) (call $walk (i32.sub (local.get $n) (i32.const 3))))))`);
      const reference: number[] = [];
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(text), {
        env: { note: (n: number) => reference.push(n) * n },
      });
      const expected = (exports.walk as unknown as (n: number) => number)(6);
      const noted: number[] = [];
      await using importer = await burst.compile(text);
      await using pool = await importer.instantiate({
        instances: 1,
        imports: { env: { note: (_: ImportContext, n: number): Value => noted.push(n) * n } },
      });
      assert.deepEqual(await pool.invoke("walk", [[6]], { sliceFuel: 5 }), [{ values: [expected] }]);
      assert.deepEqual(noted, reference);
    });
  });
}
