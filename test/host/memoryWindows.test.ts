/** Arrays in registers change nothing: memory at the end of each call, traps on the way, other pointers to the same words, frames that lie at the edges of memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { testedDevices } from "../support/devices.ts";
import { onDevice, onV8 } from "../support/memoryOutcomes.ts";
import { wat } from "../support/wat.ts";

const pageBytes = 65_536;
/** Around the start of memory, around a table in it, around its end, and unaligned ones. */
const places = [0, 1024, pageBytes, 2 ** 32].flatMap((edge) =>
  Array.from({ length: 60 }, (_, i) => (edge - 236 + 8 * i + (i % 5 === 4 ? 1 + (i % 3) : 0)) >>> 0),
);

/** A run of words, each made of those before it, which lies at `$p`; then all of them folded into one. */
const schedule = (middle = "", inside = ""): string => `
  (local.set $i (i32.const 0))
  (loop $fill
    (local.set $q (i32.add (local.get $p) (local.get $i)))
    (i32.store offset=16 (local.get $q)
      (i32.add (i32.rotl (i32.load (local.get $q)) (i32.const 7)) (i32.xor (i32.load offset=4 (local.get $q)) (local.get $i))))
    ${inside}
    (br_if $fill (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 96))))
  ${middle}
  (local.set $i (i32.const 0))
  (loop $fold
    (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 5)) (i32.load (i32.add (local.get $p) (local.get $i)))))
    (br_if $fold (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 112))))`;
const locals = "(local $i i32) (local $q i32) (local $sum i32)";
const run = (body: string): string =>
  `(func (export "run") (param $p i32) (param $a i32) (result i32) ${locals} ${body} (local.get $sum))`;

interface Program {
  readonly text: string;
  readonly calls: readonly (readonly number[])[];
  readonly windowed?: false;
}

const at = places.map((place) => [place, 0]);
/** A frame in the middle of memory, and a pointer to each byte around it. */
const aliased = Array.from({ length: 140 }, (_, i) => [2048, 2048 - 8 + i]);

const programs: Readonly<Record<string, Program>> = {
  "an array anywhere": { text: run(schedule()), calls: at },
  "a store between the loops through another pointer": {
    text: run(schedule("(i32.store (local.get $a) (i32.const 0x01020304))")),
    calls: aliased,
  },
  "a store of a byte in the loop through another pointer, which the loop moves": {
    text: run(schedule("", "(i32.store8 offset=1 (i32.add (local.get $a) (local.get $i)) (local.get $i))")),
    calls: aliased,
  },
  "stores of bytes into the array itself, before it is read: no window": {
    text: run(
      schedule(
        "(i32.store8 offset=21 (local.get $p) (i32.const 0x5a)) (i64.store offset=62 align=1 (local.get $p) (i64.const -3))",
      ),
    ),
    calls: at,
    windowed: false,
  },
  "stores of bytes beside the array": {
    text: run(
      schedule(
        "(i32.store8 offset=125 (local.get $p) (i32.const 0x5a)) (i64.store offset=112 align=1 (local.get $p) (i64.const -3))",
      ),
    ),
    calls: at,
  },
  "a load through another pointer": {
    text: run(
      schedule("", "(local.set $sum (i32.xor (local.get $sum) (i32.load (i32.add (local.get $a) (local.get $i)))))"),
    ),
    calls: [...aliased, ...places.map((place) => [2048, place])],
  },
  "a trap half way, with what was stored until then": {
    text: run(schedule("", "(if (i32.eq (local.get $i) (local.get $a)) (then unreachable))")),
    calls: Array.from({ length: 30 }, (_, i) => [4096, 4 * i]),
  },
  "a division that traps, and a return": {
    text: run(
      schedule(
        "",
        `(local.set $sum (i32.div_u (i32.const 1000) (i32.sub (local.get $i) (local.get $a))))
         (if (i32.eq (local.get $i) (i32.sub (local.get $a) (i32.const 101))) (then (return (local.get $sum))))`,
      ),
    ),
    calls: Array.from({ length: 200 }, (_, i) => [4096, i]),
  },
  "stores that do not happen each time": {
    text: run(
      schedule(
        "",
        "(if (i32.and (local.get $i) (local.get $a)) (then (i32.store offset=8 (local.get $q) (local.get $i))))",
      ),
    ),
    calls: Array.from({ length: 128 }, (_, i) => [4096 + 4 * (i & 3), i]),
  },
  "a jump out of both loops": {
    text: run(`(block $out ${schedule("", "(br_if $out (i32.ge_u (local.get $i) (local.get $a)))")})
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=20 (local.get $p))))`),
    calls: Array.from({ length: 30 }, (_, i) => [4096, 4 * i]),
  },
  "a block that is left early, with another address behind it": {
    text: run(
      schedule(
        `(local.set $q (local.get $p))
         (block $skip (br_if $skip (local.get $a)) (local.set $q (i32.add (local.get $p) (i32.const 64))))
         (i32.store (local.get $q) (i32.const 77))`,
      ),
    ),
    calls: [
      [4096, 0],
      [4096, 1],
    ],
  },
  "two arrays, apart and not": {
    text: run(
      schedule(
        "",
        "(i32.store (i32.add (local.get $a) (local.get $i)) (i32.add (local.get $sum) (i32.load offset=4 (i32.add (local.get $a) (local.get $i)))))",
      ) +
        schedule(
          "",
          "(local.set $sum (i32.add (local.get $sum) (i32.load offset=8 (i32.add (local.get $a) (local.get $i)))))",
        ),
    ),
    calls: [
      ...Array.from({ length: 70 }, (_, i) => [2048, 2048 - 140 + 4 * i]),
      ...places.map((place) => [4096, place]),
    ],
  },
  "offsets that lead out of 32 bits": {
    text: run(
      schedule()
        .replaceAll(/offset=(\d+)/g, (_, offset) => `offset=${Number(offset) + 64}`)
        .replaceAll("i32.load (", "i32.load offset=64 ("),
    ),
    calls: at,
  },
  "sums that come round to the start of memory": {
    text: run(`(local.set $p (i32.add (local.get $p) (i32.const 32))) ${schedule()}`),
    calls: at,
  },
  "words of 64 bits, floats, and halves of them": {
    text: `(func (export "run") (param $p i32) (param $a i32) (result i64) (local $i i32) (local $q i32) (local $sum i64)
      (loop $next
        (local.set $q (i32.add (local.get $p) (local.get $i)))
        (i64.store offset=16 (local.get $q) (i64.add (i64.load (local.get $q)) (i64.rotl (i64.load offset=8 (local.get $q)) (i64.const 9))))
        (f64.store offset=24 (local.get $q) (f64.load offset=8 (local.get $q)))
        (f32.store offset=28 (local.get $q) (f32.load offset=12 (local.get $q)))
        (i64.store32 offset=32 (local.get $q) (i64.load32_s offset=4 (local.get $q)))
        (local.set $sum (i64.xor (i64.load32_u offset=24 (local.get $q)) (i64.rotl (i64.load offset=16 (local.get $q)) (i64.const 3))))
        (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 160))))
      (local.get $sum))`,
    calls: at,
  },
  "bits of floats, NaNs among them": {
    text: `(func (export "run") (param $p i32) (param $a i32) (result i32) (local $i i32) (local $q i32) (local $sum f32)
      (loop $next
        (local.set $q (i32.add (local.get $p) (local.get $i)))
        (f32.store offset=8 (local.get $q) (f32.copysign (f32.load (local.get $q)) (f32.neg (f32.load offset=4 (local.get $q)))))
        (local.set $sum (f32.copysign (f32.load offset=8 (local.get $q)) (local.get $sum)))
        (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 160))))
      (i32.reinterpret_f32 (local.get $sum)))`,
    calls: at,
  },
  "a frame of the stack pointer's, the same words in a callee": {
    text: `(global $sp (mut i32) (i32.const 8192))
      (func $fill (param $p i32) (result i32) ${locals} ${schedule()} (local.get $sum))
      (func (export "run") (param $p i32) (param $a i32) (result i32) (local $frame i32) (local $sum i32)
        (global.set $sp (local.tee $frame (i32.sub (local.get $p) (i32.const 128))))
        (i64.store offset=8 (local.get $frame) (i64.const 0x1122334455667788))
        (local.set $sum (call $fill (local.get $frame)))
        (local.set $sum (i32.add (local.get $sum) (call $fill (i32.add (local.get $frame) (i32.const 8)))))
        (global.set $sp (i32.add (local.get $frame) (i32.const 128)))
        (i32.add (local.get $sum) (i32.load offset=40 (local.get $frame))))`,
    calls: at,
  },
  "bytes of the array, read while it is written": {
    text: run(
      schedule(
        "(local.set $sum (i32.load8_u offset=21 (local.get $p)))",
        "(local.set $sum (i32.add (local.get $sum) (i32.load8_u offset=14 (local.get $q))))",
      ),
    ),
    calls: at,
  },
  "words that are stored at times, and never read": {
    text: run(
      schedule(
        "",
        "(if (i32.and (local.get $i) (local.get $a)) (then (i32.store offset=100 (local.get $q) (local.get $i))))",
      ),
    ),
    calls: Array.from({ length: 128 }, (_, i) => [4096 + 4 * (i & 3), i]),
  },
  "loads beside the array, of which some are outside of memory": {
    text: run(
      schedule(
        "",
        "(local.set $sum (i32.add (local.get $sum) (i32.load offset=1 (i32.add (local.get $a) (local.get $i)))))",
      ),
    ),
    calls: [...aliased, ...places.map((place) => [2048, place])],
  },
  "offsets close to 32 bits, in the array and beside it": {
    text: run(
      schedule(
        "",
        `(if (i32.eq (local.get $a) (local.get $i)) (then
           (i32.store offset=0xfffffffc (local.get $p) (i32.load offset=0xffffffff (local.get $q)))))`,
      ),
    ),
    calls: [
      [4096, 1],
      [4096, 40],
      [0xfffffff0, 0],
      [4, 0],
    ],
    windowed: false,
  },
  "an array behind any memory": {
    text: run(
      schedule()
        .replaceAll(/offset=(\d+)/g, (_, offset) => `offset=${Number(offset) + 0xffff_ffc0}`)
        .replaceAll("i32.load (", `i32.load offset=${0xffff_ffc0} (`),
    ),
    calls: at,
    windowed: false,
  },
  "offsets close to 32 bits through another pointer": {
    text: run(
      schedule(
        "",
        "(if (i32.eq (local.get $a) (i32.const 9)) (then (i32.store offset=0xfffffffc (local.get $a) (local.get $i)) (i32.store (local.get $a) (local.get $i))))",
      ),
    ),
    calls: Array.from({ length: 20 }, (_, i) => [8 * (i & 7), i]),
    windowed: false,
  },
  "several locals that point into one array, one of them moved by the loop around": {
    text: `(func (export "run") (param $p i32) (param $a i32) (result i32) ${locals} (local $second i32) (local $n i32)
      (local.set $second (i32.add (local.get $p) (i32.const 48)))
      (loop $again
        (local.set $i (i32.const 0))
        (loop $mix
          (local.set $q (i32.add (local.get $second) (local.get $i)))
          (i32.store (local.get $q) (i32.add (i32.load offset=8 (i32.add (local.get $p) (local.get $i))) (i32.load offset=4 (local.get $q))))
          (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 3)) (i32.load (i32.add (local.get $p) (local.get $i)))))
          (br_if $mix (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 64))))
        (local.set $second (i32.add (local.get $second) (local.get $a)))
        (br_if $again (i32.ne (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
      (local.get $sum))`,
    calls: [...at, ...Array.from({ length: 60 }, (_, i) => [2048, i - 30])],
  },
  "counters that index words, rings, and arrays at constants": {
    text: `(func (export "run") (param $p i32) (param $a i32) (result i32) ${locals}
      (loop $next
        (local.set $q (i32.add (local.get $p) (i32.shl (i32.and (i32.add (local.get $i) (i32.const 9)) (i32.const 15)) (i32.const 2))))
        (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $q))))
        (i32.store (i32.add (local.get $p) (i32.shl (i32.and (local.get $i) (i32.const 15)) (i32.const 2)))
          (i32.add (local.get $sum) (i32.load offset=3000 (i32.shl (i32.and (local.get $i) (i32.const 7)) (i32.const 2)))))
        (i32.store offset=3000 (i32.mul (i32.and (local.get $i) (i32.const 7)) (i32.const 4)) (local.get $sum))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
      (local.get $sum))`,
    calls: [...at, ...Array.from({ length: 60 }, (_, i) => [2900 + 4 * i, 0])],
  },
};

const data = Array.from({ length: 256 }, (_, i) => `\\${((i * 37 + 11) & 255).toString(16).padStart(2, "0")}`).join("");
const moduleOf = (text: string) =>
  wat(
    `(module (memory (export "memory") 1 1)
      ${[0, 1000, 2000, 2900, 4000, 65280].map((address) => `(data (i32.const ${address}) "${data}")`).join(" ")} ${text})`,
  );

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const profile of ["native", "apple"] as const) {
    test(`windows on ${device}, profile ${profile}`, async (context) => {
      await using burst = await WasmBurst.launch({ device, profile });
      for (const [name, { text, calls, windowed = true }] of Object.entries(programs)) {
        await context.test(name, async () => {
          const bytes = moduleOf(text);
          const { text: emitted } = compileModule(bytes, { profile: profiles[profile] });
          assert.equal(/uint window0\[\d+\];/.test(emitted), windowed);
          const expected = onV8(bytes, calls);
          await using module = await burst.compile(bytes);
          await using pool = await module.instantiate({ instances: calls.length });
          assert.deepEqual(await onDevice(pool, calls), expected);
        });
      }
    });
  }
}
