/** What is known of addresses changes nothing: accesses at the edges of memory, sums that wrap around, stack pointers that are not what they seem. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { onDevice, onV8 } from "../support/memoryOutcomes.ts";
import { wat } from "../support/wat.ts";

const pageBytes = 65_536;
const edges = [0, pageBytes / 2, pageBytes, 2 ** 32].flatMap((edge) =>
  Array.from({ length: 72 }, (_, i) => (edge - 68 + i) >>> 0),
);

const programs: Readonly<Record<string, { text: string; calls: readonly (readonly number[])[] }>> = {
  "loads at constants from a base, in the module's own code and as offsets, and a store behind them": {
    text: `(func (export "run") (param $p i32) (result i32) (local $sum i32)
      (local.set $sum (i32.load (i32.add (local.get $p) (i32.const 4))))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=12 (local.get $p))))
      (local.set $sum (i32.add (local.get $sum) (i32.load16_u (i32.add (local.get $p) (i32.const 36)))))
      (local.set $sum (i32.xor (local.get $sum) (i32.load offset=2 align=1 (i32.add (local.get $p) (i32.const 56)))))
      (i32.store (i32.add (local.get $p) (i32.const 64)) (local.get $sum))
      (i64.store offset=8 (local.get $p) (i64.extend_i32_u (local.get $sum)))
      (local.get $sum))`,
    calls: edges.map((edge) => [edge]),
  },
  "sums alone, which come round to the start of memory": {
    text: `(func (export "run") (param $p i32) (result i32)
      (i32.add (i32.load (i32.add (local.get $p) (i32.const 8))) (i32.load (i32.add (local.get $p) (i32.const 24)))))`,
    calls: edges.map((edge) => [edge]),
  },
  "stores one after the other, of which those before the trap are done": {
    text: `(func (export "run") (param $p i32) (result i32)
      (i32.store (local.get $p) (i32.const 0x01020304))
      (i32.store offset=4 (local.get $p) (i32.const 0x05060708))
      (i64.store offset=8 align=1 (local.get $p) (i64.const 0x1122334455667788))
      (i32.store16 (i32.add (local.get $p) (i32.const 16)) (i32.const 0x99aa))
      (i32.load offset=6 (local.get $p)))`,
    calls: edges.map((edge) => [edge]),
  },
  "a parameter that most calls give aligned": {
    text: `(func $sum (param $p i32) (result i32) (i32.add (i32.load (local.get $p)) (i32.load offset=8 (local.get $p))))
      (func (export "run") (param $p i32) (result i32)
        (i32.add (call $sum (i32.const 4096)) (i32.add (call $sum (i32.const 4112)) (call $sum (local.get $p)))))`,
    calls: edges.map((edge) => [edge]),
  },
  "a parameter that comes through a table as well": {
    text: `(type $t (func (param i32) (result i32))) (table funcref (elem $f)) (func $f (type $t) (i32.load offset=4 (local.get 0)))
      (func (export "run") (param $p i32) (result i32)
        (i32.add (call $f (i32.const 4096)) (call_indirect (type $t) (local.get $p) (i32.const 0))))`,
    calls: edges.map((edge) => [edge]),
  },
  "a pointer that a loop leaves aligned only until its last step": {
    text: `(func (export "run") (param $n i32) (result i32) (local $p i32) (local $i i32) (local $sum i32)
      (local.set $p (i32.const 4096))
      (loop $next
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load (local.get $p))))
        (i32.store offset=16 (local.get $p) (local.get $sum))
        (local.set $p (i32.add (local.get $p) (i32.const 8)))
        (if (i32.eq (local.get $i) (i32.const 3)) (then (local.set $p (i32.sub (local.get $p) (local.get $n)))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
      (local.get $sum))`,
    calls: Array.from({ length: 40 }, (_, n) => [n]),
  },
  "fills of few bytes": {
    text: `(func (export "run") (param $p i32) (result i32) (local $q i32)
      (local.set $q (i32.and (local.get $p) (i32.const -4)))
      (memory.fill (i32.add (local.get $q) (i32.const 8)) (i32.const 0x5a5) (i32.const 31))
      (i32.load (local.get $q)))`,
    calls: edges.map((edge) => [edge]),
  },
  "copies of few bytes, over themselves too": {
    text: `(func (export "run") (param $p i32) (result i32) (local $q i32)
      (local.set $q (i32.and (local.get $p) (i32.const -4)))
      (memory.copy (i32.add (local.get $q) (i32.const 8)) (local.get $q) (i32.const 23))
      (memory.copy (i32.sub (local.get $q) (i32.const 12)) (local.get $q) (i32.const 64))
      (memory.copy (i32.const 512) (local.get $q) (i32.const 4))
      (i32.load (local.get $q)))`,
    calls: edges.map((edge) => [edge]),
  },
  "a stack pointer that one function moves by an odd number": {
    text: `(global $sp (mut i32) (i32.const 8192))
      (func $odd (param $n i32) (global.set $sp (i32.sub (global.get $sp) (local.get $n))))
      (func (export "run") (param $n i32) (result i32) (local $frame i32)
        (call $odd (local.get $n))
        (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 32))))
        (i64.store offset=8 (local.get $frame) (i64.const 0x1122334455667788))
        (i32.store offset=20 (local.get $frame) (local.get $n))
        (i32.add (i32.load offset=12 (local.get $frame)) (i32.load offset=18 (local.get $frame))))`,
    calls: Array.from({ length: 40 }, (_, n) => [n]),
  },
};

const data = Array.from({ length: 256 }, (_, i) => `\\${((i * 7 + 1) & 255).toString(16).padStart(2, "0")}`).join("");

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const profile of ["native", "apple", "cpu"]) {
    test(`edges on ${device}, profile ${profile}`, async () => {
      await using burst = await WasmBurst.launch({ device, profile });
      for (const [name, { text, calls }] of Object.entries(programs)) {
        const bytes = wat(
          `(module (memory (export "memory") 1 1) (data (i32.const 0) "${data}") (data (i32.const 4000) "${data}") (data (i32.const 65280) "${data}") ${text})`,
        );
        const expected = onV8(bytes, calls);
        for (const memoryFacts of [true, false]) {
          await using module = await burst.compile(bytes, { passes: { memoryFacts } });
          await using pool = await module.instantiate({ instances: calls.length });
          assert.deepEqual(await onDevice(pool, calls), expected, `${name}, memoryFacts: ${memoryFacts}`);
        }
      }
    });
  }

  test(`a stack pointer that the client moves on ${device}`, async () => {
    await using burst = await WasmBurst.launch({ device, profile: "native" });
    const bytes =
      wat(`(module (memory 1) (global $sp (export "sp") (mut i32) (i32.const 64)) (data (i32.const 0) "${data}")
      (func (export "run") (result i32) (i32.load offset=4 (global.get $sp))))`);
    await using module = await burst.compile(bytes);
    await using pool = await module.instantiate({ instances: 40 });
    for (let instance = 0; instance < 40; instance++) await pool.globals.set(instance, "sp", 64 + instance);
    const byteAt = (address: number): number => (address * 7 + 1) & 255;
    assert.deepEqual(
      (await pool.invoke("run")).map((result) => ("values" in result ? result.values[0] : result.trap)),
      Array.from({ length: 40 }, (_, i) =>
        [3, 2, 1, 0].reduce((word, place) => (word << 8) | byteAt(68 + i + place), 0),
      ),
    );
  });
}
