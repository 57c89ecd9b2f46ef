/** Programs that recurse, on every device of this machine, with launches of odd and small fuel: always V8's results. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type BurstModule, type ImportContext, type Pool, type Value, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { compileOnV8 } from "../support/v8.ts";
import { wat } from "../support/wat.ts";

const bytes = wat(`(module
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $down $half))
  (func $ack (export "ack") (param $m i32) (param $n i32) (result i32)
    (if (i32.eqz (local.get $m)) (then (return (i32.add (local.get $n) (i32.const 1)))))
    (if (i32.eqz (local.get $n)) (then (return (call $ack (i32.sub (local.get $m) (i32.const 1)) (i32.const 1)))))
    (call $ack (i32.sub (local.get $m) (i32.const 1)) (call $ack (local.get $m) (i32.sub (local.get $n) (i32.const 1)))))
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2)) (then (local.get $n))
      (else (i32.add (call $fib (i32.sub (local.get $n) (i32.const 1))) (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func $tak (export "tak") (param $x i32) (param $y i32) (param $z i32) (result i32)
    (if (result i32) (i32.ge_s (local.get $y) (local.get $x)) (then (local.get $z))
      (else (call $tak
        (call $tak (i32.sub (local.get $x) (i32.const 1)) (local.get $y) (local.get $z))
        (call $tak (i32.sub (local.get $y) (i32.const 1)) (local.get $z) (local.get $x))
        (call $tak (i32.sub (local.get $z) (i32.const 1)) (local.get $x) (local.get $y))))))
  (func $even (export "even") (param $n i32) (result i32)
    (if (result i32) (local.get $n) (then (call $odd (i32.sub (local.get $n) (i32.const 1)))) (else (i32.const 1))))
  (func $odd (export "odd") (param $n i32) (result i32)
    (if (result i32) (local.get $n) (then (call $even (i32.sub (local.get $n) (i32.const 1)))) (else (i32.const 0))))
  ;; Which of two functions goes on the argument decides.
  (func $down (type $unary)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0)
        (call_indirect (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.and (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func $half (type $unary)
    (i32.xor (local.get 0)
      (call_indirect (type $unary) (i32.shr_u (local.get 0) (i32.const 1)) (i32.const 0))))
  (func (export "indirect") (param i32) (result i32) (call_indirect (type $unary) (local.get 0) (i32.const 0)))
  ;; Calls in a loop, behind each other locals: on tiles a loop with a stack, of which deep calls lie beyond the threadgroup's memory.
  (func $spread (export "spread") (param $n i32) (param $f f64) (result f64) (local $i i32) (local $l i64) (local $v v128)
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (local.get $f))))
    (loop $next
      (local.set $l (i64.add (i64.mul (local.get $l) (i64.const 31)) (i64.extend_i32_u (local.get $n))))
      (local.set $v (i32x4.replace_lane 1 (f64x2.splat (local.get $f)) (local.get $i)))
      (local.set $f (f64.add (f64.mul (local.get $f) (f64.const 0.5)) (call $spread (i32.sub (local.get $n) (i32.const 2)) (f64.add (local.get $f) (f64.const 1)))))
      (if (i32.and (i32.add (local.get $n) (local.get $i)) (i32.const 1))
        (then (local.set $l (i64.xor (local.get $l)
          (i64.trunc_sat_f64_s (call $spread (i32.sub (local.get $n) (i32.const 3)) (f64.convert_i64_s (local.get $l))))))))
      (local.set $f (f64.add (local.get $f) (f64.convert_i32_u (i32x4.extract_lane 1 (local.get $v)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
    (f64.add (local.get $f) (f64.convert_i64_s (i64.and (local.get $l) (i64.const 0xffff)))))
  ;; One call a level, each level deeper than the last has room near: an inner loop of its own between.
  (func $deep (export "deep") (param $n i32) (param $x i64) (result i64) (local $i i32) (local $j i32)
    (if (i32.eqz (local.get $n)) (then (return (local.get $x))))
    (loop $next
      (local.set $j (i32.and (local.get $n) (i32.const 3)))
      (loop $inner
        (local.set $x (i64.add (i64.rotl (local.get $x) (i64.const 7)) (i64.extend_i32_u (local.get $j))))
        (br_if $inner (i32.ge_s (local.tee $j (i32.sub (local.get $j) (i32.const 1))) (i32.const 0))))
      (local.set $x (i64.xor (i64.rotl (local.get $x) (i64.const 9)) (call $deep
        (select (i32.const 0) (i32.sub (local.get $n) (i32.const 1)) (local.get $i)) (i64.add (local.get $x) (i64.const 0x9e3779b9)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2))))
    (local.get $x))
  ;; Values of all types live across both calls of a level.
  (func $mixed (export "mixed") (param $n i32) (param $f f64) (result f64) (local $l i64) (local $s f32) (local $v v128)
    (if (i32.eqz (local.get $n)) (then (return (local.get $f))))
    (local.set $l (i64.mul (i64.extend_i32_u (local.get $n)) (i64.const 0x100000001)))
    (local.set $s (f32.convert_i32_u (local.get $n)))
    (local.set $v (i32x4.replace_lane 2 (f64x2.splat (local.get $f)) (local.get $n)))
    (local.set $f (f64.add
      (call $mixed (i32.sub (local.get $n) (i32.const 1)) (f64.add (local.get $f) (f64.const 0.25)))
      (call $mixed (i32.shr_u (local.get $n) (i32.const 1)) (f64.mul (local.get $f) (f64.const 0.5)))))
    (f64.add (f64.add (local.get $f) (f64.convert_i64_u (local.get $l)))
      (f64.add (f64.promote_f32 (local.get $s)) (f64.convert_i32_u (i32x4.extract_lane 2 (local.get $v)))))))`);

interface Run {
  readonly name: string;
  /** One list an instance. */
  readonly arguments: readonly (readonly (number | bigint)[])[];
  readonly slices: readonly (number | undefined)[];
}

const everyFew = [1, 7, 100, 9973, undefined];
const runs: readonly Run[] = [
  {
    name: "ack",
    arguments: [
      [2, 9],
      [1, 20],
      [2, 3],
      [0, 5],
    ],
    slices: [13, 1009, undefined],
  },
  {
    name: "ack",
    arguments: [
      [2, 3],
      [1, 5],
    ],
    slices: everyFew,
  },
  { name: "fib", arguments: [[30], [11], [0]], slices: [9973, undefined] },
  { name: "fib", arguments: [[14], [3], [11], [1]], slices: everyFew },
  {
    name: "tak",
    arguments: [
      [12, 8, 4],
      [6, 4, 2],
      [3, 4, 5],
    ],
    slices: [17, 1009, undefined],
  },
  {
    name: "tak",
    arguments: [
      [6, 4, 2],
      [5, 3, 1],
    ],
    slices: everyFew,
  },
  {
    name: "spread",
    arguments: [
      [9, 0.25],
      [6, -3],
      [1, 8],
      [0, 1],
    ],
    slices: [1009, 100_003, undefined],
  },
  {
    name: "spread",
    arguments: [
      [4, 1.5],
      [3, -7],
    ],
    slices: everyFew,
  },
  {
    name: "deep",
    arguments: [
      [300, 5n],
      [290, 3n],
      [11, 4n],
      [0, 9n],
    ],
    slices: [7, 1009, undefined],
  },
  { name: "even", arguments: [[200], [199], [0]], slices: everyFew },
  { name: "indirect", arguments: [[200], [77], [1], [0]], slices: everyFew },
  {
    name: "mixed",
    arguments: [
      [20, 0.1],
      [9, -3],
      [0, 1],
    ],
    slices: everyFew,
  },
];

const importing = wat(`(module
  (import "env" "step" (func $step (param i32 i64) (result i32)))
  (func $walk (export "walk") (param $n i32) (param $sum i64) (result i64)
    (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
    (call $walk
      (i32.sub (call $step (local.get $n) (local.get $sum)) (i32.const 1))
      (i64.add (local.get $sum) (call $walk (i32.shr_u (local.get $n) (i32.const 2)) (i64.const 1))))))`);

/** Calls of the host within a recursion that is a loop. */
const importingInLoop = wat(`(module
  (import "env" "step" (func $step (param i32 i64) (result i32)))
  (func $walk (export "walk") (param $n i32) (param $sum i64) (result i64) (local $i i32)
    (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
    (loop $next
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 3))
        (call $walk (i32.shr_u (call $step (local.get $n) (local.get $sum)) (i32.const 1)) (i64.extend_i32_u (local.get $i)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2))))
    (local.get $sum)))`);

const step = (n: number, sum: bigint): number => n - Number(sum & 1n && n > 1 ? 1 : 0);

/** Instances at different depths, of which only some trap. */
const depths = [[100_000], [200], [99_999], [3]];

const targets = testedDevices
  .filter((id) => id !== "v8")
  .flatMap((device) => [{ device }, ...(device === "cpu" ? [{ device, profile: "apple" }] : [])]);

for (const target of targets) {
  describe(`recursion on ${Object.values(target).join(" with the profile ")}`, () => {
    let burst: WasmBurst;
    let module: BurstModule;
    before(async () => {
      burst = await WasmBurst.launch(target);
      module = await burst.compile(bytes);
    });
    after(() => burst.close());

    const outcomes = async (pool: Pool, { name, arguments: given }: Omit<Run, "slices">, sliceFuel?: number) =>
      pool.invoke(name, given, sliceFuel === undefined ? {} : { sliceFuel });

    for (const run of runs) {
      const shown = run.arguments.map((list) => `(${list})`).join(" ");
      test(`${run.name} of ${shown} with ${run.slices.map((fuel) => fuel ?? "any")} units a launch`, async () => {
        const target = compileOnV8(bytes)().exportedFunction(run.name);
        const expected = run.arguments.map((list) => ({ values: [target(...list)] }));
        await using pool = await module.instantiate({
          instances: run.arguments.length,
          // ack(2, 9) is 1,500 calls deep in places.
          execution: { values: 1 << 16, callStack: 1 << 17 },
        });
        for (const fuel of run.slices) assert.deepEqual(await outcomes(pool, run, fuel), expected, `${fuel} units`);
      });
    }

    test("100,000 calls of two functions in turn end in a trap, 200 in a result", async () => {
      await using pool = await module.instantiate({ instances: depths.length });
      for (const fuel of [undefined, 101]) {
        const results = await outcomes(pool, { name: "even", arguments: depths }, fuel);
        assert.deepEqual(
          results.map((result) => ("trap" in result ? result.trap : result.values)),
          ["call stack exhausted", [1], "call stack exhausted", [0]],
        );
      }
    });

    test("a call in a loop that goes on for ever ends in a trap, whatever the slices", async () => {
      await using pool = await module.instantiate({ instances: 3 });
      const calls = [
        [100_000, 1n],
        [400, 1n],
        [100_000, 2n],
      ];
      for (const fuel of [undefined, 211]) {
        const results = await outcomes(pool, { name: "deep", arguments: calls }, fuel);
        assert.deepEqual(
          results.map((result) => "trap" in result && result.trap),
          ["call stack exhausted", false, "call stack exhausted"],
        );
      }
    });

    test("with a larger call stack more calls fit", async () => {
      const deep = { name: "odd", arguments: [[5000], [4999]] };
      await using small = await module.instantiate({ instances: 2 });
      for (const result of await outcomes(small, deep)) {
        assert.equal("trap" in result && result.trap, "call stack exhausted");
      }
      await using large = await module.instantiate({
        instances: 2,
        execution: { values: 1 << 17, callStack: 1 << 18 },
      });
      const expected = [{ values: [0] }, { values: [1] }];
      for (const fuel of [undefined, 997]) assert.deepEqual(await outcomes(large, deep, fuel), expected);
    });

    test("how deep an instance gets does not depend on the launches, to the call", async () => {
      const instances = 40;
      const cases = [
        { name: "even", given: (index: number) => [490 + index], outcomes: ["call stack exhausted", "values"] },
        {
          name: "mixed",
          given: (index: number) => [150 + 10 * index, 0],
          // Its calls are too many to end.
          limit: { fuel: 40_000 },
          outcomes: ["call stack exhausted", "fuel exhausted"],
        },
      ];
      const execution = { values: 1 << 14, callStack: 1 << 14 };
      await using pool = await module.instantiate({ instances, execution });
      for (const { name, given, limit = {}, outcomes } of cases) {
        const lists = Array.from({ length: instances }, (_, index) => given(index));
        const expected = await pool.invoke(name, lists, limit);
        const seen = new Set(expected.map((result) => ("trap" in result ? result.trap : "values")));
        assert.deepEqual([...seen].sort(), outcomes, name);
        for (const sliceFuel of [1, 7, 100]) {
          assert.deepEqual(await pool.invoke(name, lists, { ...limit, sliceFuel }), expected, `${name}, ${sliceFuel}`);
        }
      }
    });

    for (const [kind, text] of [
      ["a recursion", importing],
      ["a recursion in a loop", importingInLoop],
    ] as const)
      test(`an import is called at every level of ${kind}`, async () => {
        const given: readonly Value[][] = [
          [9, 1n],
          [30, 2n],
          [0, 7n],
        ];
        const target = compileOnV8Importing(text);
        const expected = given.map((list) => ({ values: [target(...list)] }));
        const imports = { env: { step: (_: ImportContext, n: number, sum: bigint) => step(n, sum) } };
        await using importer = await burst.compile(text);
        await using pool = await importer.instantiate({ instances: given.length, imports });
        for (const sliceFuel of [1, 3, 100]) {
          assert.deepEqual(await pool.invoke("walk", given, { sliceFuel }), expected, `${sliceFuel} units`);
        }
      });
  });
}

function compileOnV8Importing(text: Uint8Array): (...values: readonly Value[]) => Value {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(text), { env: { step } });
  // An exported function has whatever parameters its module gives it: the declared type is `Function`.
  return exports.walk as unknown as (...values: readonly Value[]) => Value;
}
