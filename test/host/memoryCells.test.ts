/** Whatever the cell of interleaved memory is, loads and stores of every width at every alignment give what V8 has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryCells, WasmBurst } from "../../compiler-ts/src/index.ts";
import { exampleBytes } from "../examples/example.ts";
import { invokeAll, testedDevices } from "../support/devices.ts";
import { compileOnV8 } from "../support/v8.ts";
import { wat } from "../support/wat.ts";

const i32Loads = ["i32.load8_u", "i32.load8_s", "i32.load16_u", "i32.load16_s", "i32.load"];
const i64Loads = ["i64.load8_s", "i64.load16_u", "i64.load32_s", "i64.load32_u", "i64.load"];
const i32Stores = ["i32.store8", "i32.store16", "i32.store"];
const i64Stores = ["i64.store8", "i64.store16", "i64.store32", "i64.store"];

/** Stores numbers that differ by instance with every width to each address in turn, and sums up what every width loads from around it. */
const everyWidth = wat(`(module (memory 1)
  (func (export "run") (param $seed i32) (result i64) (local $at i32) (local $x i64) (local $sum i64)
    (loop $next
      (local.set $x (i64.mul
        (i64.extend_i32_u (i32.add (local.get $seed) (i32.mul (local.get $at) (i32.const 77777))))
        (i64.const 0x9e3779b97f4a7c15)))
      ${[
        ...i32Stores.map((store, i) => `(${store} offset=${i * 3} (local.get $at) (i32.wrap_i64 (local.get $x)))`),
        ...i64Stores.map((store, i) => `(${store} offset=${i * 5} (local.get $at) (local.get $x))`),
        `(v128.store offset=21 (local.get $at) (i64x2.splat (local.get $x)))`,
        `(memory.copy (i32.add (local.get $at) (i32.const 60)) (local.get $at) (i32.const 37))`,
        `(memory.fill (i32.add (local.get $at) (i32.const 90)) (i32.wrap_i64 (local.get $x)) (i32.const 19))`,
        ...[...i32Loads, ...i64Loads, "v128.load"].map((load, i) => {
          const value = `(${load} offset=${i * 7} (local.get $at))`;
          const wide = load.startsWith("i32")
            ? `(i64.extend_i32_u ${value})`
            : load.startsWith("v128")
              ? `(i64.add (i64x2.extract_lane 0 ${value}) (i64x2.extract_lane 1 ${value}))`
              : value;
          return `(local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) ${wide}))`;
        }),
      ].join("\n      ")}
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 200))))
    (local.get $sum)))`);

const programs: readonly { name: string; bytes: Uint8Array; argumentsOf: (instance: number) => readonly number[] }[] = [
  { name: "every width", bytes: everyWidth, argumentsOf: (instance) => [instance * 1000] },
  { name: "lz4", bytes: exampleBytes("lz4"), argumentsOf: (instance) => [instance, 2000] },
  { name: "quicksort", bytes: exampleBytes("quicksort"), argumentsOf: (instance) => [instance, 300] },
];

const instances = 70;

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const profile of ["native", "apple"]) {
    test(`all cells on ${device}, profile ${profile}`, async () => {
      await using burst = await WasmBurst.launch({ device, profile });
      for (const { name, bytes, argumentsOf } of programs) {
        const calls = Array.from({ length: instances }, (_, instance) => argumentsOf(instance));
        const fresh = compileOnV8(bytes);
        const expected = calls.map((call) => [fresh().exportedFunction("run")(...call)]);
        for (const memoryCell of memoryCells) {
          await using module = await burst.compile(bytes, { exports: ["run"], memoryCell });
          await using pool = await module.instantiate({ instances });
          assert.deepEqual(await invokeAll(pool, "run", calls), expected, `${name}, cells of ${memoryCell} bytes`);
          // What a reset brings back is the same.
          await pool.reset();
          assert.deepEqual(
            await invokeAll(pool, "run", calls),
            expected,
            `${name}, reset, cells of ${memoryCell} bytes`,
          );
        }
      }
    });
  }
}
