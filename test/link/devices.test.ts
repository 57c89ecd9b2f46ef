/** Linked programs on the host's devices and in every profile, against V8, which links instances itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImportContext, type Pool, profiles, type Value, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { wat } from "../support/wat.ts";

interface Program {
  readonly main: string;
  /** In the order of instantiation. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** A counter, a memory and a table in one library; a second memory, with growth and bulk instructions, in another. */
const program: Program = {
  libraries: {
    store: `(module
      (memory (export "memory") 1 3)
      (table (export "table") 4 funcref)
      (global $calls (export "calls") (mut i64) (i64.const 0))
      (elem (i32.const 0) $first)
      (data (i32.const 0) "\\01\\02\\03\\04\\05\\06\\07\\08")
      (func $first (param i32) (result i32) (i32.add (local.get 0) (i32.const 100)))
      (func $start (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1))))
      (start $start)
      (func (export "count") (result i64)
        (global.set $calls (i64.add (global.get $calls) (i64.const 1))) (global.get $calls)))`,
    scratch: `(module
      (import "store" "count" (func $count (result i64)))
      (memory 1 2)
      (data $text "scratch")
      (data (i32.const 65529) "fixed")
      (func (export "mix") (param $at i32) (param $value i64) (result i64)
        (drop (call $count))
        (memory.fill (i32.const 16) (i32.const 0xa5) (i32.const 21))
        (memory.init $text (i32.const 40) (i32.const 0) (i32.const 7))
        (memory.copy (i32.const 3) (i32.const 18) (i32.const 27))
        (i64.store (local.get $at) (local.get $value))
        (i32.store16 (i32.add (local.get $at) (i32.const 5)) (i32.wrap_i64 (local.get $value)))
        (i64.add
          (i64.xor (i64.load (i32.const 5)) (i64.load32_u (i32.const 39)))
          (i64.add (i64.load (i32.const 65528)) (i64.load8_s offset=6 (local.get $at)))))
      (func (export "grow") (result i32)
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.const 131068) (i32.const 9))
        (i32.add (i32.load (i32.const 131068)) (i32.mul (memory.size) (memory.grow (i32.const 1)))))
      (func (export "beyond") (param i32) (result i32) (i32.load (local.get 0))))`,
  },
  main: `(module
    (type $unary (func (param i32) (result i32)))
    (import "store" "memory" (memory 1))
    (import "store" "table" (table 4 funcref))
    (import "store" "calls" (global $calls (mut i64)))
    (import "scratch" "mix" (func $mix (param i32 i64) (result i64)))
    (import "scratch" "grow" (func $grow (result i32)))
    (import "scratch" "beyond" (func $beyond (param i32) (result i32)))
    (elem (i32.const 1) $second)
    (data (i32.const 4) "mine")
    (func $second (param i32) (result i32) (i32.mul (local.get 0) (i32.load (i32.const 4))))
    (func (export "indirect") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 1) (local.get 0)))
    (func (export "mix") (param i32 i64) (result i64)
      (i64.store (i32.const 16) (i64.const -1))
      (i64.add (call $mix (local.get 0) (local.get 1)) (i64.add (global.get $calls) (i64.load (i32.const 0)))))
    (export "grow" (func $grow))
    (export "beyond" (func $beyond)))`,
};

type Calls = readonly (readonly [name: string, argumentsOf: (instance: number) => readonly (number | bigint)[]])[];

const calls: Calls = [
  ["mix", (instance) => [instance * 3, BigInt(instance) * 0x0123_4567_89abn]],
  ["indirect", (instance) => [instance % 5, instance]],
  ["grow", () => []],
  ["beyond", (instance) => [65_536 * (instance % 3) + 65_530]],
  ["mix", (instance) => [instance % 2 === 0 ? 65_600 : 131_072 + instance, -1n]],
  ["mix", (instance) => [instance, 7n]],
];

type Outcome = { readonly value: Value } | { readonly trap: true };

/** One instance after the other, on V8. */
function expected({ main, libraries }: Program, instances: number): readonly Outcome[][] {
  const modules = Object.entries(libraries).map(([name, text]) => [name, new WebAssembly.Module(wat(text))] as const);
  const mainModule = new WebAssembly.Module(wat(main));
  return Array.from({ length: instances }, (_, index) => {
    const imports: Record<string, WebAssembly.Instance["exports"]> = {};
    for (const [name, module] of modules) imports[name] = new WebAssembly.Instance(module, imports).exports;
    const { exports } = new WebAssembly.Instance(mainModule, imports);
    return calls.map(([name, argumentsOf]): Outcome => {
      try {
        return { value: (exports[name] as (...values: unknown[]) => Value)(...argumentsOf(index)) };
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) return { trap: true };
        throw error;
      }
    });
  });
}

async function outcomes(pool: Pool, instances: number): Promise<readonly Outcome[][]> {
  const all: Outcome[][] = Array.from({ length: instances }, () => []);
  for (const [name, argumentsOf] of calls) {
    const results = await pool.invoke(
      name,
      Array.from({ length: instances }, (_, index) => argumentsOf(index)),
    );
    results.forEach((result, index) => {
      all[index]?.push("trap" in result ? { trap: true } : { value: result.values[0] as Value });
    });
  }
  return all;
}

const instances = 67;

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const profile of device === "cpu" ? Object.keys(profiles) : [undefined]) {
    const where = profile === undefined ? device : `${device}, profile ${profile}`;
    test(`linked instances on ${where} share what they share, each its own, as on V8; a reset starts them again`, async () => {
      await using burst = await WasmBurst.launch({ device, profile });
      const link = Object.fromEntries(Object.entries(program.libraries).map(([name, text]) => [name, wat(text)]));
      await using module = await burst.compile(wat(program.main), { link });
      assert.deepEqual(module.imports(), []);
      await using pool = await module.instantiate({ instances });
      const reference = expected(program, instances);
      assert.deepEqual(await outcomes(pool, instances), reference);
      await pool.reset();
      assert.deepEqual(await outcomes(pool, instances), reference);
    });
  }
}

const hosted: Program = {
  libraries: {
    log: `(module
      (import "env" "note" (func $note (param i32) (result i32)))
      (import "env" "memory" (memory 1))
      (import "env" "seed" (global $seed i32))
      (func (export "twice") (param i32) (result i32)
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 4)) (global.get $seed)))
        (i32.add (call $note (local.get 0)) (call $note (i32.const 1000)))))`,
  },
  main: `(module
    (import "env" "memory" (memory 1 2))
    (import "log" "twice" (func $twice (param i32) (result i32)))
    (import "env" "note" (func $note (param i32) (result i32)))
    (table 2 funcref) (elem (i32.const 0) $twice $note)
    (func (export "run") (param i32) (result i32)
      (i32.store (i32.const 4) (i32.const 5))
      (i32.add
        (call_indirect (param i32) (result i32) (i32.const 7) (local.get 0))
        (i32.load (i32.const 8)))))`,
};

for (const device of testedDevices) {
  test(`on ${device} the host gives what no library does, once for all modules`, async () => {
    await using burst = await WasmBurst.launch({ device });
    const link = { log: wat(hosted.libraries.log ?? "") };
    await using module = await burst.compile(wat(hosted.main), { link });
    assert.deepEqual(
      module.imports().map((item) => `${item.module}.${item.name}`),
      ["env.memory", "env.note", "env.seed"],
    );
    const noted: number[][] = [[], []];
    await using pool = await module.instantiate({
      instances: 2,
      imports: {
        env: {
          memory: { pages: 1 },
          seed: 30,
          note: (context: ImportContext, value: number) => {
            noted[context.instance]?.push(value);
            return value * 2;
          },
        },
      },
    });
    // Through the library, 2 * (7 + 1000) and 5 + 30 in memory; directly, 2 * 7 and nothing.
    assert.deepEqual(await pool.invoke("run", [[0], [1]]), [{ values: [2049] }, { values: [14] }]);
    assert.deepEqual(noted, [[7, 1000], [7]]);
  });
}

/** A memory that no host reaches: `fill` writes 256 bytes of it for `rounds` rounds, `sum` adds them up. */
const hidden: Program = {
  libraries: {
    store: `(module (memory 1)
      (func (export "put") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
      (func (export "get") (param i32) (result i64) (i64.load (local.get 0))))`,
  },
  main: `(module
    (import "store" "put" (func $put (param i32 i64))) (import "store" "get" (func $get (param i32) (result i64)))
    (memory 1)
    (func $sum (export "sum") (result i64) (local $at i32) (local $sum i64)
      (loop $next
        (local.set $sum (i64.add (local.get $sum) (call $get (local.get $at))))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 256))))
      (local.get $sum))
    (func (export "fill") (param $rounds i32) (result i64) (local $at i32)
      (loop $again
        (local.set $at (i32.const 0))
        (loop $next
          (call $put (local.get $at) (i64.add (call $get (local.get $at)) (i64.const 0x1_0000_0001)))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 256))))
        (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
      (call $sum)))`,
};

const filled = (rounds: number) => ({ values: [0x20_0000_0020n * BigInt(rounds)] });

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const profile of device === "cpu" ? Object.keys(profiles) : [undefined]) {
    const where = profile === undefined ? device : `${device}, profile ${profile}`;
    test(`a library's memory on ${where} is the instance's own: others are reset, take the next job, or are restored beside it`, async () => {
      const link = { store: wat(hidden.libraries.store ?? "") };
      const bytes = wat(hidden.main);
      const rounds = Array.from({ length: instances }, (_, instance) => instance + 1);
      await using burst = await WasmBurst.launch({ device, profile });
      await using module = await burst.compile(bytes, { link });
      await using pool = await module.instantiate({ instances });
      await pool.invoke(
        "fill",
        rounds.map((count) => [count]),
      );
      await pool.reset([3, 17, 40]);
      const left = rounds.map((count, instance) => filled([3, 17, 40].includes(instance) ? 0 : count));
      assert.deepEqual(await pool.invoke("sum"), left);

      await using elsewhere = await WasmBurst.launch({ device, profile: profile === "cpu" ? "native" : undefined });
      await using sameModule = await elsewhere.compile(bytes, { link });
      await using restored = await sameModule.restore(await pool.snapshot());
      assert.deepEqual(await restored.invoke("sum"), left);

      // Short jobs end, and others begin in their places, while long ones run.
      const lengths = Array.from({ length: 300 }, (_, job) => (job % 7 === 0 ? 400 : 1 + (job % 5)));
      const jobs = await pool.runJobs(
        "fill",
        lengths.map((length) => ({ values: [length] })),
        { sliceFuel: 5000 },
      );
      assert.deepEqual(
        jobs.outcomes.map((outcome) => ("values" in outcome ? { values: outcome.values } : outcome)),
        lengths.map(filled),
      );
    });
  }
}

/** Segments that overlap, start functions that see what is there by then, and a function that only its export declares. */
const ordered: Program = {
  libraries: {
    first: `(module
      (memory (export "memory") 1) (table (export "table") 3 funcref) (global (export "base") i32 (i32.const 16))
      (global (export "trace") (mut i32) (i32.const 0))
      (data (i32.const 16) "aaaa") (elem (i32.const 0) $a $a)
      (func $a (export "a") (result i32) (i32.const 1))
      (func (export "reference") (result funcref) (ref.func $a))
      (func $start (i32.store (i32.const 32) (i32.load (i32.const 16))))
      (start $start))`,
    second: `(module
      (import "first" "memory" (memory 1)) (import "first" "table" (table 3 funcref)) (import "first" "base" (global $base i32))
      (global $own i32 (global.get $base))
      (data (global.get $base) "bb") (elem (i32.const 1) $b)
      (func $b (result i32) (global.get $own))
      (func $start (i32.store (i32.const 36) (i32.load (i32.const 16))))
      (start $start))`,
  },
  main: `(module
    (import "first" "memory" (memory 1)) (import "first" "table" (table 3 funcref))
    (import "first" "reference" (func $reference (result funcref)))
    (data (i32.const 16) "c")
    (func (export "bytes") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "call") (param i32) (result i32)
      (table.set (i32.const 2) (call $reference)) (call_indirect (result i32) (local.get 0))))`,
};

for (const device of testedDevices) {
  test(`on ${device} each module finds what was there when it was instantiated`, async () => {
    await using burst = await WasmBurst.launch({ device });
    const link = Object.fromEntries(Object.entries(ordered.libraries).map(([name, text]) => [name, wat(text)]));
    await using module = await burst.compile(wat(ordered.main), { link });
    await using pool = await module.instantiate({ instances: 3 });
    const text = (bytes: string) => ({ values: [Buffer.from(bytes).readInt32LE()] });
    assert.deepEqual(await pool.invoke("bytes", [[16], [32], [36]]), [text("cbaa"), text("aaaa"), text("bbaa")]);
    assert.deepEqual(await pool.invoke("call", [[0], [1], [2]]), [{ values: [1] }, { values: [16] }, { values: [1] }]);
  });
}

test("a start function's trap is named by its library", async () => {
  for (const device of testedDevices) {
    await using burst = await WasmBurst.launch({ device });
    const link = { lib: wat(`(module (func $boom unreachable) (func $start (call $boom)) (start $start))`) };
    await using module = await burst.compile(wat(`(module (func $boom (export "f")))`), { link });
    await assert.rejects(module.instantiate({ instances: 1 }), /unreachable in lib\.boom/, device);
  }
});

test("a segment that does not fit traps in no function, linked or not", async () => {
  const bytes = wat(`(module (memory 1) (data (i32.const 65535) "ab") (func (export "f")))`);
  for (const device of testedDevices) {
    for (const link of [{}, { lib: wat("(module)") }]) {
      await using burst = await WasmBurst.launch({ device });
      await using module = await burst.compile(bytes, { link });
      await assert.rejects(
        module.instantiate({ instances: 2 }),
        /out of bounds memory access in \(instantiation\)/,
        device,
      );
    }
  }
});

test("the device v8 says that it takes one memory", async () => {
  await using burst = await WasmBurst.launch({ device: "v8" });
  const link = { lib: wat(`(module (memory 1))`) };
  await assert.rejects(
    burst.compile(wat("(module (memory 1))"), { link }),
    /have 2 memories, which the device v8 does/,
  );
});
