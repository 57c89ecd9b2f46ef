import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Value, WasmBurst } from "../../compiler-ts/src/index.ts";
import { wat } from "../support/wat.ts";

const instances = 7;
const range = Array.from({ length: instances }, (_, index) => index);

let burst: WasmBurst;
before(async () => {
  burst = await WasmBurst.launch({ device: "v8", threads: 3 });
});
after(() => burst.close());

async function pool(text: string, count = instances) {
  return (await burst.compile(wat(text))).instantiate({ instances: count });
}

const identity = (type: string) => `(module (func (export "f") (param ${type}) (result ${type}) (local.get 0)))`;

describe("values", () => {
  const cases: readonly (readonly [string, Value, Value?])[] = [
    ["i32", -1],
    ["i32", 2 ** 32 - 1, -1],
    ["i64", -(2n ** 63n)],
    ["i64", 2n ** 64n - 1n, -1n],
    ["f32", 0.1, Math.fround(0.1)],
    ["f32", -0],
    ["f64", Number.MIN_VALUE],
    ["f64", Number.NaN],
    ["externref", null],
    ["externref", 17],
    ["funcref", null],
  ];
  for (const [type, given, expected = given] of cases) {
    test(`${type} ${String(given)} passes through`, async () => {
      const results = await (await pool(identity(type), 1)).invoke("f", [given]);
      assert.deepEqual(results, [{ values: [expected] }]);
    });
  }

  test("raw records keep a float's bits and an i64's halves", async () => {
    const p = await pool(identity("i64"), 2);
    const records = new Uint32Array([1, 0xffffffff, 2, 0x80000000]);
    assert.deepEqual((await p.invokeRecords("f", records)).results, records);
  });

  test("a v128 is refused by name: JavaScript has no way to pass it", async () => {
    const p = await pool(`(module (global (export "g") (mut v128) (v128.const i32x4 1 2 3 4))
      (func (export "f") (result v128) (global.get 0)) (func (export "lane") (result i32) (i32x4.extract_lane 2 (global.get 0))))`);
    await assert.rejects(p.invoke("f"), /JavaScript cannot pass the v128 values of f/);
    await assert.rejects(p.globals.get(0, "g"), /JavaScript cannot pass the v128 value of g/);
    assert.deepEqual((await p.invoke("lane"))[0], { values: [3] });
  });

  test("several results come in their order", async () => {
    const p = await pool('(module (func (export "f") (result i32 i64 f32) i32.const 1 i64.const 2 f32.const 3))', 1);
    assert.deepEqual(await p.invoke("f"), [{ values: [1, 2n, 3] }]);
  });

  const wrong: readonly (readonly [string, readonly Value[], RegExp])[] = [
    ["i32", [], /takes 1 argument \(i32\), not 0/],
    ["i32", [1, 2], /not 2/],
    ["i32", [1.5], /argument 1 of f: 1\.5 is not an i32/],
    ["i32", [2 ** 32], /i32/],
    ["i32", [1n], /1n is not an i32/],
    ["i64", [1], /i64.*BigInt/],
    ["f64", [1n], /f64/],
    ["externref", [0], /externref/],
  ];
  for (const [type, given, message] of wrong) {
    test(`the arguments [${given.map(String)}] are refused where ${type} is expected`, async () => {
      await assert.rejects((await pool(identity(type), 1)).invoke("f", given), (error: Error) => {
        assert.match(error.message, message);
        return error.name === "CompileError";
      });
    });
  }
});

describe("instances", () => {
  const counter = `(module (memory 1) (global $n (export "n") (mut i32) (i32.const 10))
    (func (export "add") (param i32) (result i32)
      (global.set $n (i32.add (global.get $n) (local.get 0)))
      (i32.store (i32.const 0) (global.get $n))
      (global.get $n)))`;

  test("each gets its own arguments and answers in order", async () => {
    const results = await (await pool(counter)).invoke(
      "add",
      range.map((index) => [index]),
    );
    assert.deepEqual(
      results,
      range.map((index) => ({ values: [10 + index] })),
    );
  });

  test("state stays from one invoke to the next, in each alone, until reset", async () => {
    const p = await pool(counter);
    await p.invoke("add", [5]);
    assert.deepEqual(await p.invoke("add", [1], { instances: [6, 2] }), [{ values: [16] }, { values: [16] }]);
    assert.deepEqual(await p.invoke("add", [0], { instances: [0] }), [{ values: [15] }]);
    await p.reset([6]);
    assert.deepEqual(await p.invoke("add", [0], { instances: [6, 2] }), [{ values: [10] }, { values: [16] }]);
    await p.reset();
    assert.deepEqual(await p.invoke("add", [0], { instances: [2] }), [{ values: [10] }]);
  });

  test("a memory that is not exported can be written and read", async () => {
    const p = await pool(counter);
    await p.memory.writeAll(range.map((instance) => ({ instance, address: 65_535, bytes: Uint8Array.of(instance) })));
    const read = await p.memory.readAll(
      range.toReversed().map((instance) => ({ instance, address: 65_535, length: 1 })),
    );
    assert.deepEqual(
      read.map(([byte]) => byte),
      range.toReversed(),
    );
  });

  test("a write out of range is refused, and none of its batch is done", async () => {
    const p = await pool(counter);
    const writes = [
      { instance: 0, address: 0, bytes: Uint8Array.of(9) },
      { instance: 4, address: 65_535, bytes: Uint8Array.of(1, 2) },
    ];
    await assert.rejects(p.memory.writeAll(writes), (error: Error & { code?: string }) => {
      assert.match(error.message, /instance 4/);
      return error.code === "memoryOutOfBounds";
    });
    assert.deepEqual(await p.memory.read(0, 0, 1), Uint8Array.of(0));
  });

  test("globals are read and written by name", async () => {
    const p = await pool(counter);
    await p.globals.set(3, "n", -7);
    assert.equal(await p.globals.get(3, "n"), -7);
    assert.equal(await p.globals.get(4, "n"), 10);
    await assert.rejects(p.globals.get(0, "m"), /no exported global "m"; the module exports n/);
  });

  test("memory.grow succeeds up to the pool's limit, then is -1", async () => {
    const text = '(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))';
    const p = await (await burst.compile(wat(text))).instantiate({ instances: 1, memoryPages: 2 });
    assert.equal(p.memoryPages, 2);
    assert.deepEqual(await p.invoke("grow"), [{ values: [1] }]);
    assert.deepEqual(await p.invoke("grow"), [{ values: [-1] }]);
  });

  test("unknown instances, and one named twice, are refused", async () => {
    const p = await pool(counter);
    await assert.rejects(p.invoke("add", [0], { instances: [instances] }), /no instance 7: the pool has 7/);
    await assert.rejects(p.invoke("add", [0], { instances: [1, 1] }), /twice/);
    await assert.rejects(p.invoke("add", [[0]]), /1 argument lists for 7 instances/);
  });

  test("a pool of no or of impossibly many instances is refused", async () => {
    const module = await burst.compile(wat(counter));
    for (const count of [0, -1, 1.5]) await assert.rejects(module.instantiate({ instances: count }), /positive/);
    await assert.rejects(module.instantiate({ instances: 10 ** 9 }), { code: "poolTooLarge" });
  });
});

describe("traps", () => {
  const text = `(module (memory 1) (table 4 funcref) (table $e 2 externref) (elem (i32.const 0) $void)
    (type $void (func)) (type $unary (func (param i32) (result i32)))
    (func $void)
    (func $div (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "rem64") (param i64) (result i64) (i64.rem_u (i64.const 1) (local.get 0)))
    (func (export "inner") (param i32) (result i32) (call $div (i32.const 1) (local.get 0)))
    (func (export "unreachable") unreachable)
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "trunc") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
    (func (export "indirect") (param i32) (call_indirect (type $void) (local.get 0)))
    (func (export "mistyped") (param i32) (result i32) (call_indirect (type $unary) (i32.const 1) (local.get 0)))
    (func (export "get") (param i32) (result externref) (table.get $e (local.get 0)))
    (func (export "copy") (table.copy 0 0 (i32.const 0) (i32.const 3) (i32.const 4)))
    (func (export "fill") (memory.fill (i32.const 65535) (i32.const 0) (i32.const 9)))
    (func $recurse (export "recurse") (param i32) (result i32) (i32.add (i32.const 1) (call $recurse (local.get 0)))))`;

  const cases: readonly (readonly [string, readonly Value[], string, string?])[] = [
    ["div", [1, 0], "integer divide by zero"],
    ["div", [-(2 ** 31), -1], "integer overflow"],
    ["rem64", [0n], "integer divide by zero"],
    ["inner", [0], "integer divide by zero", "div"],
    ["unreachable", [], "unreachable"],
    ["load", [65_533], "out of bounds memory access"],
    ["trunc", [1e30], "integer overflow"],
    ["indirect", [9], "undefined element"],
    ["mistyped", [0], "indirect call type mismatch"],
    ["get", [5], "out of bounds table access"],
    ["copy", [], "out of bounds table access"],
    ["fill", [], "out of bounds memory access"],
    ["recurse", [1], "call stack exhausted"],
  ];
  for (const [name, given, trap, where = name] of cases) {
    test(`${name}(${given}) traps with "${trap}" in ${where}`, async () => {
      assert.deepEqual(await (await pool(text, 1)).invoke(name, given), [{ trap, function: where }]);
    });
  }

  test("a trap is one instance's own: the others go on", async () => {
    const results = await (await pool(text)).invoke(
      "div",
      range.map((index) => [12, index - 3]),
    );
    assert.deepEqual(
      results,
      range.map((index) =>
        index === 3 ? { trap: "integer divide by zero", function: "div" } : { values: [Math.trunc(12 / (index - 3))] },
      ),
    );
  });

  test("a trap of the start function or of a segment rejects instantiate", async () => {
    await assert.rejects(pool("(module (func $begin unreachable) (start $begin))"), {
      name: "InstantiationTrap",
      trap: "unreachable",
      function: "begin",
    });
    await assert.rejects(pool('(module (memory 1) (data (i32.const 65536) "a"))'), {
      trap: "out of bounds memory access",
    });
  });
});

describe("modules", () => {
  test("exports and imports have names, kinds and types", async () => {
    const module = await burst.compile(
      wat(
        '(module (memory (export "m") 1 4) (func (export "f") (param i32) (result f64) f64.const 0) (global (export "g") i64 (i64.const 1)))',
      ),
    );
    assert.deepEqual(module.exports(), [
      { name: "m", kind: "memory", limits: { minimum: 1, maximum: 4 } },
      { name: "f", kind: "function", parameters: ["i32"], results: ["f64"] },
      { name: "g", kind: "global", value: "i64", mutable: false },
    ]);
    assert.deepEqual(module.imports(), []);
  });

  test("an invalid module is refused with the offset", async () => {
    await assert.rejects(burst.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 99, 0)), (error: Error) => {
      assert.match(error.message, /offset 0x/);
      return error.name === "CompileError";
    });
  });

  test("an unknown export is refused at compile and at invoke, with those that exist", async () => {
    const bytes = wat(identity("i32"));
    await assert.rejects(burst.compile(bytes, { exports: ["g"] }), /no exported function "g"; the module exports f/);
    await assert.rejects((await pool(identity("i32"))).invoke("g"), /no exported function "g"/);
  });
});

describe("ends", () => {
  const endless = '(module (func (export "spin") (loop $l (br $l))) (func (export "one") (result i32) i32.const 1))';

  test("a signal stops an endless loop, and the device goes on with new pools", async () => {
    const p = await pool(endless, 2);
    const reason = new Error("stop");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(p.invoke("spin", [], { signal: controller.signal }), reason);
    await assert.rejects(p.invoke("one"), reason);
    assert.deepEqual(await (await pool(endless, 1)).invoke("one"), [{ values: [1] }]);
  });

  test("fuel is refused, because V8 has none", async () => {
    await assert.rejects((await pool(endless, 1)).invoke("one", [], { fuel: 5 }), /no fuel/);
  });

  test("close rejects what is in flight", async () => {
    const own = await WasmBurst.launch({ device: "v8", threads: 1 });
    const p = await (await own.compile(wat(endless))).instantiate({ instances: 1 });
    const spinning = assert.rejects(p.invoke("spin"), { code: "closed" });
    await own.close();
    await spinning;
  });
});
