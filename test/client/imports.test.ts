/** Imports in JavaScript, on every device that there is here: the same results and the same traps. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  batched,
  type ImportContext,
  type ImportFunction,
  type Imports,
  type InstantiateOptions,
  type Pool,
  perInstance,
  type Value,
  WasmBurst,
} from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { wat } from "../support/wat.ts";

const instances = 7;
const range = Array.from({ length: instances }, (_, index) => index);

/** `call` passes its parameters on to the import and returns what that returns. */
function forwarding(parameters: string, results: string): string {
  const list = parameters.split(" ").filter((type) => type !== "");
  return `(module (import "env" "f" (func $f (param ${parameters}) (result ${results})))
    (memory (export "memory") 1)
    (func (export "call") (param ${parameters}) (result ${results})
      ${list.map((_, index) => `(local.get ${index})`).join(" ")} (call $f)))`;
}

const failed = (message: string, name = "env.f") => ({ trap: "host function failed", function: name, message });

for (const device of testedDevices) {
  describe(`imported functions on ${device}`, () => {
    let burst: WasmBurst;
    before(async () => {
      burst = await WasmBurst.launch({ device, ...(device === "v8" ? { threads: 3 } : {}) });
    });
    after(() => burst.close());

    async function pool(text: string, imports?: Imports, options: Partial<InstantiateOptions> = {}): Promise<Pool> {
      const module = await burst.compile(wat(text));
      return module.instantiate({ instances, ...(imports === undefined ? {} : { imports }), ...options });
    }

    async function one(parameters: string, results: string, f: ImportFunction, given: Value[] = []) {
      const p = await pool(forwarding(parameters, results), { env: { f } }, { instances: 1 });
      const [result] = await p.invoke("call", given);
      await p.release();
      return result;
    }

    const conversions: readonly (readonly [string, unknown, Value])[] = [
      ["i32", 7, 7],
      ["i32", 2 ** 32 - 1, -1],
      ["i32", 1.9, 1],
      ["i32", "12", 12],
      ["i32", undefined, 0],
      ["i32", true, 1],
      ["i64", 2n ** 64n - 1n, -1n],
      ["i64", "-5", -5n],
      ["f32", 0.1, Math.fround(0.1)],
      ["f64", -0, -0],
      ["f64", null, 0],
      ["externref", null, null],
      ["externref", 5, 5],
    ];
    for (const [type, returned, expected] of conversions) {
      test(`${String(returned)} returned for ${type} is ${String(expected)}`, async () => {
        assert.deepEqual(await one("", type, () => returned), { values: [expected] });
      });
    }

    const wrong: readonly (readonly [string, unknown, string])[] = [
      ["i32", 1n, "env.f returned 1n, which is not an i32"],
      ["i64", 1, "env.f returned 1, which is not an i64 (a BigInt)"],
      ["i64", undefined, "env.f returned undefined, which is not an i64 (a BigInt)"],
      ["f64", Symbol("x"), "env.f returned Symbol(x), which is not an f64"],
      ["externref", "text", 'env.f returned "text", which is not an externref (null or a number)'],
      ["i32 i64", 1, "env.f returned 1, not an array of 2 values (i32, i64)"],
      ["i32 i64", [1], "env.f returned 1 values, not 2 values (i32, i64)"],
      ["i32 i64", [1, 2], "env.f returned 2, which is not an i64 (a BigInt)"],
    ];
    for (const [types, returned, message] of wrong) {
      test(`a wrong type is a trap by name: ${message}`, async () => {
        assert.deepEqual(await one("", types, () => returned), failed(message));
      });
    }

    test("arguments come with their types, several results go back in order, the instance is named", async () => {
      const seen: unknown[] = [];
      const f = ({ instance }: ImportContext, ...values: Value[]) => {
        seen[instance] = values;
        return new Set([instance, BigInt(instance), 0.5, -1]);
      };
      const text = forwarding("i32 i64 f32 f64", "i32 i64 f32 f64");
      const p = await pool(text, { env: { f: f as (context: ImportContext) => unknown } });
      const given = range.map((index): Value[] => [-index, 2n ** 40n * BigInt(index), 0.25, index / 3]);
      assert.deepEqual(
        await p.invoke("call", given),
        range.map((index) => ({ values: [index, BigInt(index), 0.5, -1] })),
      );
      assert.deepEqual(
        seen,
        given.map((values) => values.map((value) => (Object.is(value, -0) ? 0 : value))),
      );
    });

    test("only the instances that are run call", async () => {
      const seen: number[] = [];
      const f = ({ instance }: ImportContext) => seen.push(instance);
      const p = await pool(forwarding("", "i32"), { env: { f } });
      const results = await p.invoke("call", [], { instances: [5, 2] });
      assert.equal(results.length, 2);
      assert.deepEqual(seen.toSorted(), [2, 5]);
    });

    test("async imports are awaited, and each instance gets its own answer", async () => {
      const f = async ({ instance }: ImportContext, value: number) => {
        await new Promise((resolve) => setTimeout(resolve, 10 - instance));
        return value * 2;
      };
      const p = await pool(forwarding("i32", "i32"), { env: { f } });
      assert.deepEqual(
        await p.invoke(
          "call",
          range.map((index) => [index]),
        ),
        range.map((index) => ({ values: [index * 2] })),
      );
    });

    const loop = `(module (import "env" "f" (func $f (param i32) (result i32)))
      (func (export "sum") (param $n i32) (result i32) (local $i i32) (local $s i32)
        (loop $l
          (local.set $s (i32.add (local.get $s) (call $f (local.get $i))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
        (local.get $s)))`;
    test("an import is called again and again, a different number of times by each instance", async () => {
      const p = await pool(loop, { env: { f: (_: ImportContext, value: number) => value * value } });
      const squares = (n: number) => Array.from({ length: n }, (_, i) => i * i).reduce((sum, value) => sum + value, 0);
      assert.deepEqual(
        await p.invoke(
          "sum",
          range.map((index) => [index + 1]),
        ),
        range.map((index) => ({ values: [squares(index + 1)] })),
      );
    });

    test("what an import throws is the trap of its instance, with the text; the others go on, and so does the pool", async () => {
      const f = ({ instance }: ImportContext) => {
        if (instance === 3) throw new RangeError("no disk");
        if (instance === 4) return Promise.reject(new Error("later"));
        if (instance === 5) throw "a string";
        return instance;
      };
      const p = await pool(forwarding("", "i32"), { env: { f } });
      const expected = range.map((index) => ({ values: [index] }) as object);
      expected[3] = failed("no disk");
      expected[4] = failed("later");
      expected[5] = failed("a string");
      assert.deepEqual(await p.invoke("call"), expected);
      assert.deepEqual(await p.invoke("call"), expected, "again");
    });

    test("the memory of the calling instance is read and written, and each has its own", async () => {
      const text = `(module (import "env" "upper" (func $upper (param i32 i32) (result i32)))
        (memory 1) (data (i32.const 16) "instance -")
        (func (export "run") (param i32) (result i32)
          (i32.store8 (i32.const 25) (i32.add (i32.const 48) (local.get 0)))
          (i32.add (call $upper (i32.const 16) (i32.const 10)) (i32.load8_u (i32.const 25)))))`;
      const upper = async ({ memory }: ImportContext, pointer: number, length: number) => {
        const read = Buffer.from(await memory.read(pointer, length)).toString();
        await memory.write(pointer, Buffer.from(read.toUpperCase()));
        return memory.size();
      };
      const p = await pool(text, { env: { upper } });
      assert.deepEqual(
        await p.invoke(
          "run",
          range.map((index) => [index]),
        ),
        range.map((index) => ({ values: [65_536 + 48 + index] })),
      );
      const texts = await p.memory.readAll(range.map((instance) => ({ instance, address: 16, length: 10 })));
      assert.deepEqual(
        texts.map((bytes) => Buffer.from(bytes).toString()),
        range.map((index) => `INSTANCE ${index}`),
      );
    });

    test("a range outside the memory is the trap of that instance alone", async () => {
      const f = async ({ memory }: ImportContext, pointer: number) => (await memory.read(pointer, 4)).length;
      const p = await pool(forwarding("i32", "i32"), { env: { f } });
      const pointers = [0, 65_532, 65_533, -4, 65_536, 4, 8];
      const outside = (address: number, instance: number) =>
        failed(`4 bytes at ${address} are not within the 65536 bytes of instance ${instance}'s memory`);
      const inside = { values: [4] };
      assert.deepEqual(
        await p.invoke(
          "call",
          pointers.map((pointer) => [pointer]),
        ),
        [inside, inside, outside(65_533, 2), outside(2 ** 32 - 4, 3), outside(65_536, 4), inside, inside],
      );
    });

    test("writes and reads of one call keep their order without being awaited", async () => {
      const f = async ({ memory, instance }: ImportContext) => {
        const before = memory.read(0, 1);
        void memory.write(0, Uint8Array.of(instance + 1));
        const between = memory.read(0, 1);
        void memory.write(0, Uint8Array.of(99));
        const last = memory.read(0, 1);
        return (
          ((await before)[0] as number) * 10_000 + ((await between)[0] as number) * 100 + ((await last)[0] as number)
        );
      };
      const p = await pool(forwarding("", "i32"), { env: { f } });
      assert.deepEqual(
        await p.invoke("call"),
        range.map((index) => ({ values: [(index + 1) * 100 + 99] })),
      );
    });

    test("an import that never settles is a trap by name after importTimeout", async () => {
      const f = ({ instance }: ImportContext) => (instance === 2 ? new Promise(() => {}) : 1);
      const p = await pool(forwarding("", "i32"), { env: { f } }, { importTimeout: 30 });
      const expected = range.map((index) =>
        index === 2 ? failed("env.f did not settle within 30 ms") : { values: [1] },
      );
      assert.deepEqual(await p.invoke("call"), expected);
    });

    test("the memory of a call that is over can no longer be used", async () => {
      let late: Promise<unknown> = Promise.resolve();
      const f = ({ memory }: ImportContext) => {
        late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => memory.read(0, 1));
        late.catch(() => {});
      };
      const p = await pool(forwarding("", "").replaceAll("(result )", ""), { env: { f } }, { instances: 1 });
      assert.deepEqual(await p.invoke("call"), [{ values: [] }]);
      await assert.rejects(late, { code: "closed" });
    });

    test("an import that uses its own pool gets a clear error, and nothing waits for ever", async () => {
      const uses: readonly (readonly [string, (own: Pool) => Promise<unknown>])[] = [
        ["invoke", (own) => own.invoke("call")],
        ["reset", (own) => own.reset()],
        ["release", (own) => own.release()],
        ["memory.read", (own) => own.memory.read(0, 0, 1)],
        ["memory.write", (own) => own.memory.write(0, 0, Uint8Array.of(1))],
      ];
      for (const [name, use] of uses) {
        const f = async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          await use(own);
        };
        const own: Pool = await pool(forwarding("", "i32"), { env: { f } }, { instances: 1 });
        const message = `${name} was called from inside an import of the same pool, which waits for that import to return`;
        assert.deepEqual(await own.invoke("call"), [failed(message)]);
      }
    });

    test("an import that uses its own pool by way of another pool's import gets the same error", async () => {
      const text = forwarding("", "i32");
      const inner: Pool = await pool(text, { env: { f: () => outer.invoke("call") } }, { instances: 1 });
      const seen: unknown[] = [];
      const f = async () => {
        seen.push((await inner.invoke("call"))[0]);
        return 7;
      };
      const outer: Pool = await pool(text, { env: { f } }, { instances: 1, importTimeout: 5000 });
      assert.deepEqual(await outer.invoke("call"), [{ values: [7] }]);
      const message = "invoke was called from inside an import of the same pool, which waits for that import to return";
      assert.deepEqual(seen, [failed(message)]);
    });

    test("requests from outside wait for the invocation whose imports are pending", async () => {
      const f = () => new Promise((resolve) => setTimeout(() => resolve(5), 20));
      const text = forwarding("", "i32").replace(
        "(call $f)",
        "(i32.store (i32.const 0) (call $f)) (i32.load (i32.const 0))",
      );
      const p = await pool(text, { env: { f } });
      const running = p.invoke("call");
      const [read, reset, results] = await Promise.all([p.memory.read(6, 0, 1), p.reset(), running]);
      assert.deepEqual([read, reset, results[6]], [Uint8Array.of(5), undefined, { values: [5] }]);
      assert.deepEqual(await p.memory.read(6, 0, 1), Uint8Array.of(0));
    });

    test("a signal that aborts ends the invocation whose imports are pending", async () => {
      const controller = new AbortController();
      const reason = new Error("stop");
      let pending = true;
      const f = () => {
        setTimeout(() => controller.abort(reason), 10);
        return pending ? new Promise(() => {}) : 1;
      };
      const p = await pool(forwarding("", "i32"), { env: { f } });
      await assert.rejects(p.invoke("call", [], { signal: controller.signal }), reason);
      pending = false;
      // On v8 the threads have ended, with all their pools.
      if (device === "v8") await assert.rejects(p.invoke("call"), reason);
      else
        assert.deepEqual(
          await p.invoke("call"),
          range.map(() => ({ values: [1] })),
        );
    });

    test("a signal ends an instance that calls an import for ever", async () => {
      const text = `(module (import "env" "f" (func $f))
        (func (export "ever") (loop $l (call $f) (br $l))) (func (export "one") (result i32) i32.const 1))`;
      for (const f of [() => {}, async () => {}, batched(() => {})]) {
        const p = await pool(text, { env: { f } }, { instances: 2 });
        const timeout = { name: "TimeoutError" };
        await assert.rejects(p.invoke("ever", [], { signal: AbortSignal.timeout(50) }), timeout);
        if (device !== "v8") assert.deepEqual(await p.invoke("one"), [{ values: [1] }, { values: [1] }]);
      }
    });

    test("closing the device ends what waits for an import", async () => {
      const own = await WasmBurst.launch({ device });
      const module = await own.compile(wat(forwarding("", "i32")));
      let called: () => void = () => {};
      const calling = new Promise<void>((resolve) => {
        called = resolve;
      });
      const f = () => {
        called();
        return new Promise(() => {});
      };
      const p = await module.instantiate({ instances: 1, imports: { env: { f } } });
      const invoked = assert.rejects(p.invoke("call"), { code: "closed" });
      await calling;
      await own.close();
      await invoked;
    });

    test("a reset calls the imports of the start function again", async () => {
      let offset = 0;
      const seed = async ({ instance }: ImportContext) => {
        if (offset === 20 && instance === 1) throw new Error("worn out");
        return instance + offset;
      };
      const text = `(module (import "env" "seed" (func $seed (result i32))) (global $g (mut i32) (i32.const 0))
        (func $begin (global.set $g (call $seed))) (start $begin)
        (func (export "get") (result i32) (global.get $g)))`;
      const p = await pool(text, { env: { seed } });
      offset = 10;
      await p.reset([1, 2]);
      const expected = [0, 11, 12, 3, 4, 5, 6].map((value) => ({ values: [value] }));
      assert.deepEqual(await p.invoke("get"), expected);
      offset = 20;
      const trap = {
        name: "InstantiationTrap",
        trap: "host function failed",
        function: "env.seed",
        reason: "worn out",
      };
      await assert.rejects(p.reset([1, 3]), trap);
      offset = 30;
      await p.reset([1]);
      assert.deepEqual(await p.invoke("get", [], { instances: [1, 3] }), [{ values: [31] }, { values: [23] }]);
    });

    test("an import may use another pool", async () => {
      const other = await pool('(module (func (export "one") (result i32) i32.const 1))');
      const f = async () => {
        const [result] = await other.invoke("one", [], { instances: [0] });
        return result !== undefined && "values" in result ? result.values[0] : undefined;
      };
      const p = await pool(forwarding("", "i32"), { env: { f } });
      assert.deepEqual(
        await p.invoke("call"),
        range.map(() => ({ values: [1] })),
      );
    });

    test("a start function may call imports; what they throw rejects instantiate with the text", async () => {
      const text = `(module (import "env" "seed" (func $seed (result i32))) (memory 1)
        (func $begin (i32.store (i32.const 0) (call $seed))) (start $begin)
        (func (export "get") (result i32) (i32.load (i32.const 0))))`;
      const seed = async ({ instance, memory }: ImportContext) => {
        await memory.write(8, Uint8Array.of(1));
        return instance * 3 + ((await memory.read(8, 1))[0] ?? 0);
      };
      const p = await pool(text, { env: { seed } });
      assert.deepEqual(
        await p.invoke("get"),
        range.map((index) => ({ values: [index * 3 + 1] })),
      );
      const refuse = ({ instance }: ImportContext) => {
        if (instance === 4) throw new Error("no seed");
        return 0;
      };
      await assert.rejects(pool(text, { env: { seed: refuse } }), {
        name: "InstantiationTrap",
        trap: "host function failed",
        function: "env.seed",
        reason: "no seed",
      });
    });

    test("an import that is called indirectly or re-exported", async () => {
      const text = `(module (import "env" "f" (func $f (param i32) (result i32))) (table 2 funcref) (elem (i32.const 1) $f)
        (type $t (func (param i32) (result i32))) (export "again" (func $f))
        (func (export "indirect") (param i32) (result i32) (call_indirect (type $t) (local.get 0) (i32.const 1))))`;
      const p = await pool(text, { env: { f: (_: ImportContext, value: number) => value + 1 } }, { instances: 2 });
      assert.deepEqual(await p.invoke("indirect", [4]), [{ values: [5] }, { values: [5] }]);
      assert.deepEqual(await p.invoke("again", [5]), [{ values: [6] }, { values: [6] }]);
    });

    test("recursion across an import is the instance's own stack", async () => {
      const text = `(module (import "env" "f" (func $f (param i32) (result i32)))
        (func $down (export "down") (param i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
            (else (i32.add (call $f (local.get 0)) (call $down (i32.sub (local.get 0) (i32.const 1))))))))`;
      const p = await pool(text, { env: { f: (_: ImportContext, value: number) => value } });
      assert.deepEqual(
        await p.invoke(
          "down",
          range.map((index) => [index * 5]),
        ),
        range.map((index) => ({ values: [(index * 5 * (index * 5 + 1)) / 2] })),
      );
    });

    test("one name imported with two types is one function that gets both", async () => {
      const text = `(module (import "env" "f" (func $a (param i32) (result i32))) (import "env" "f" (func $b (param i64) (result i64)))
        (func (export "a") (result i32) (call $a (i32.const 1))) (func (export "b") (result i64) (call $b (i64.const 2))))`;
      const p = await pool(text, { env: { f: (_: ImportContext, value: Value) => value } }, { instances: 1 });
      assert.deepEqual([await p.invoke("a"), await p.invoke("b")], [[{ values: [1] }], [{ values: [2n] }]]);
    });

    describe("batched", () => {
      test("columns of arguments come in, a column of results goes back", async () => {
        const batches: number[] = [];
        const f = batched(({ instances: calling, columns }) => {
          const [ints, longs, floats, doubles] = columns;
          assert.ok(ints instanceof Int32Array && longs instanceof BigInt64Array);
          assert.ok(floats instanceof Float32Array && doubles instanceof Float64Array);
          batches.push(calling.length);
          return Float64Array.from(
            ints,
            (value, at) => value + Number(longs[at]) + (floats[at] ?? 0) + (doubles[at] ?? 0),
          );
        });
        const p = await pool(forwarding("i32 i64 f32 f64", "f64"), { env: { f } });
        assert.deepEqual(
          await p.invoke(
            "call",
            range.map((index) => [-index, BigInt(index) * 10n, 0.5, index / 4]),
          ),
          range.map((index) => ({ values: [9 * index + 0.5 + index / 4] })),
        );
        assert.equal(
          batches.reduce((sum, size) => sum + size, 0),
          instances,
        );
        if (device !== "v8") assert.deepEqual(batches, [instances]);
      });

      test("several results, plain arrays, and a promise", async () => {
        const f = batched(async ({ instances: calling }) => [[...calling], BigInt64Array.from(calling, BigInt)]);
        const p = await pool(forwarding("", "i32 i64"), { env: { f } });
        assert.deepEqual(
          await p.invoke("call"),
          range.map((index) => ({ values: [index, BigInt(index)] })),
        );
      });

      test("memory is read and written a range a call, and one out of range fails by itself", async () => {
        const f = batched(async ({ columns: [pointers], memory }) => {
          const read = await memory.read(pointers as Int32Array, 2);
          await memory.write(
            pointers as Int32Array,
            read.map((bytes) => bytes.map((byte) => byte + 1)),
          );
          return read.map((bytes) => bytes[0] ?? 0);
        });
        const p = await pool(forwarding("i32", "i32"), { env: { f } });
        await p.memory.writeAll(
          range.map((instance) => ({ instance, address: 100, bytes: Uint8Array.of(instance, 7) })),
        );
        const expected = range.map((index) => ({ values: [index] }) as object);
        expected[2] = failed("2 bytes at 65535 are not within the 65536 bytes of instance 2's memory");
        assert.deepEqual(
          await p.invoke(
            "call",
            range.map((index) => [index === 2 ? 65_535 : 100]),
          ),
          expected,
        );
        assert.deepEqual(await p.memory.read(6, 100, 2), Uint8Array.of(7, 8));
      });

      test("a single call can fail; a throw, or a column that is too short, fails all", async () => {
        const some = batched(({ instances: calling, fail }) => {
          // On v8 batches come as they come.
          if (calling.includes(1)) fail(calling.indexOf(1), new Error("not you"));
          return Int32Array.from(calling);
        });
        const p = await pool(forwarding("", "i32"), { env: { f: some } });
        const expected = range.map((index) => (index === 1 ? failed("not you") : { values: [index] }));
        assert.deepEqual(await p.invoke("call"), expected);
        const throwing = batched(() => {
          throw new Error("none of you");
        });
        const all = await pool(forwarding("", "i32"), { env: { f: throwing } });
        assert.deepEqual(
          await all.invoke("call"),
          range.map(() => failed("none of you")),
        );
        const short = await pool(forwarding("", "i32"), { env: { f: batched(() => []) } }, { instances: 1 });
        const message = "env.f (batched) returned 0 values of type i32 for 1 calls";
        assert.deepEqual(await short.invoke("call"), [failed(message)]);
      });

      test("a value of a wrong type fails its own call", async () => {
        const f = batched(({ instances: calling }) => [...calling].map((instance) => (instance === 3 ? 3 : 3n)));
        const p = await pool(forwarding("", "i64"), { env: { f } });
        const message = "env.f (batched) returned 3, which is not an i64 (a BigInt)";
        assert.deepEqual(
          await p.invoke("call"),
          range.map((index) => (index === 3 ? failed(message) : { values: [3n] })),
        );
      });

      test("one that never settles is a trap of all its calls", async () => {
        const f = batched(() => new Promise(() => {}));
        const p = await pool(forwarding("", "i32"), { env: { f } }, { importTimeout: 20, instances: 2 });
        assert.deepEqual(
          await p.invoke("call"),
          range.slice(0, 2).map(() => failed("env.f did not settle within 20 ms")),
        );
      });
    });

    describe("what is refused before anything runs", () => {
      const text = `(module (import "env" "log" (func (param i32))) (import "env" "memory" (memory 1 2))
        (import "env" "seed" (global i64)) (import "other" "table" (table 3 externref))
        (func (export "run")))`;
      const complete = {
        env: { log: () => {}, memory: { pages: 1 }, seed: 1n },
        other: { table: { size: 3 } },
      } satisfies Imports;

      test("all imports that are missing, with module, name and type", async () => {
        await assert.rejects(pool(text, { env: { seed: 1n } }), (error: Error & { diagnostic?: { kind: string } }) => {
          assert.equal(error.diagnostic?.kind, "missing-import");
          assert.match(
            error.message,
            /env\.log: \(i32\) -> \(\); env\.memory: memory, 1 to 2 pages; other\.table: table of externref, 3 elements or more$/,
          );
          return true;
        });
        await assert.rejects(pool(text), /env\.log.*env\.memory.*env\.seed: global i64; other\.table/);
      });

      const refusals: readonly (readonly [string, Imports, RegExp])[] = [
        [
          "no function",
          { ...complete, env: { ...complete.env, log: 5 } },
          /import env\.log is a function \(i32\) -> \(\) and was given 5/,
        ],
        ["no BigInt", { ...complete, env: { ...complete.env, seed: 1 } }, /import env\.seed: 1 is not an i64/],
        [
          "no memory",
          { ...complete, env: { ...complete.env, memory: 1 } },
          /import env\.memory is a memory, an object with pages, and was given 1/,
        ],
        [
          "too many pages",
          { ...complete, env: { ...complete.env, memory: { pages: 3 } } },
          /env\.memory: a memory of 3 pages was given, and the module needs at least 1 and at most 2/,
        ],
        [
          "too much",
          { ...complete, env: { ...complete.env, memory: { pages: 1, contents: new Uint8Array(65_537) } } },
          /65537 bytes of contents in a memory of 1 pages/,
        ],
        [
          "a small table",
          { ...complete, other: { table: { size: 2 } } },
          /other\.table: a table of 2 elements was given, and the module needs at least 3/,
        ],
        [
          "a text",
          { ...complete, other: { table: { size: 3, elements: ["x" as never] } } },
          /other\.table, element 0: "x" is not an externref/,
        ],
        [
          "one too few",
          { ...complete, env: { ...complete.env, seed: perInstance([1n]) } },
          /env\.seed: 1 items for 7 instances/,
        ],
      ];
      for (const [name, imports, message] of refusals) {
        test(`${name}: ${message.source}`, async () => {
          await assert.rejects(pool(text, imports), (error: Error) => {
            assert.match(error.message, message);
            return error.name === "CompileError";
          });
        });
      }

      test("names that every object inherits are missing all the same", async () => {
        const inherited = '(module (import "env" "toString" (func)) (import "constructor" "name" (func)))';
        await assert.rejects(pool(inherited, { env: {} }), /env\.toString: .*constructor\.name/);
      });

      test("an impossible importTimeout", async () => {
        for (const importTimeout of [0, -1, Number.NaN, 2 ** 31]) {
          await assert.rejects(pool(text, complete, { importTimeout }), /importTimeout .*: expected milliseconds/);
        }
      });
    });

    describe("imported globals, memories and tables", () => {
      const text = `(module (import "env" "seed" (global $seed i64)) (import "env" "count" (global $count (mut i32)))
        (import "env" "memory" (memory 1 4)) (import "env" "table" (table $t 2 externref))
        (global $twice i64 (global.get $seed)) (data (i32.const 4) "data") (export "count" (global $count))
        (func (export "seed") (result i64) (i64.add (global.get $seed) (global.get $twice)))
        (func (export "next") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "pages") (result i32) (memory.size))
        (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
        (func (export "size") (result i32) (table.size $t)))`;

      test("one value for all", async () => {
        const env = {
          seed: 21n,
          count: 5,
          memory: { pages: 2, contents: Uint8Array.from([9, 8, 7, 6, 5]) },
          table: { size: 3, elements: [4, null, 6] },
        };
        const p = await pool(text, { env });
        const all = (value: Value) => range.map(() => ({ values: [value] }));
        assert.deepEqual(await p.invoke("seed"), all(42n));
        assert.deepEqual(await p.invoke("next"), all(6));
        assert.deepEqual(await p.invoke("next", [], { instances: [1] }), [{ values: [7] }]);
        assert.equal(await p.globals.get(1, "count"), 7);
        assert.deepEqual(await p.invoke("byte", [0]), all(9));
        assert.deepEqual(await p.invoke("byte", [4]), all("d".charCodeAt(0)), "a segment is written over it");
        assert.deepEqual(await p.invoke("pages"), all(2));
        assert.deepEqual(await p.invoke("get", [2]), all(6));
        assert.deepEqual(await p.invoke("get", [1]), all(null));
        assert.deepEqual(await p.invoke("size"), all(3));
        await p.memory.write(1, 0, Uint8Array.of(77));
        await p.reset([1]);
        assert.deepEqual(await p.invoke("next", [], { instances: [1] }), [{ values: [6] }]);
        assert.deepEqual(await p.invoke("byte", [0], { instances: [1] }), [{ values: [9] }]);
      });

      test("one value an instance", async () => {
        const env = {
          seed: perInstance((instance) => BigInt(instance)),
          count: perInstance(range.map((index) => -index)),
          memory: perInstance((instance) => ({
            pages: 1 + (instance % 3),
            contents: new Uint8Array(instance).fill(instance),
          })),
          table: perInstance((instance) => ({ size: 2 + (instance % 2), elements: [instance + 1] })),
        };
        const p = await pool(text, { env });
        const each = (value: (instance: number) => Value) => range.map((index) => ({ values: [value(index)] }));
        assert.deepEqual(
          await p.invoke("seed"),
          each((index) => BigInt(index) * 2n),
        );
        assert.deepEqual(
          await p.invoke("next"),
          each((index) => 1 - index),
        );
        assert.deepEqual(
          await p.invoke("byte", [2]),
          each((index) => (index > 2 ? index : 0)),
        );
        assert.deepEqual(
          await p.invoke("pages"),
          each((index) => 1 + (index % 3)),
        );
        assert.deepEqual(
          await p.invoke("get", [0]),
          each((index) => index + 1),
        );
        assert.deepEqual(
          await p.invoke("size"),
          each((index) => 2 + (index % 2)),
        );
      });
    });
  });
}
