/** Functions that the host offers serve imports that are not given: the same on every device that there is here. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ImportContext, type Imports, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { wat } from "../support/wat.ts";

const instances = 9;
const range = Array.from({ length: instances }, (_, index) => index);
const imported = {
  index: '(import "wasmburst" "instance_index" (func $index (result i32)))',
  clock: '(import "wasmburst" "clock_nanoseconds" (func $clock (result i64)))',
  log: '(import "wasmburst" "log" (func $log (param i32 i32)))',
  mine: '(import "env" "mine" (func $mine (param i32) (result i32)))',
} as const;

/** `sum(n)` is n + (n - 1) + … + 1, and n times the instance's index. */
const sumText = `(module ${imported.index}
  (func $sum (export "sum") (param i32) (result i64)
    (if (result i64) (i32.eqz (local.get 0)) (then (i64.const 0))
      (else (i64.add (i64.extend_i32_s (i32.add (local.get 0) (call $index)))
        (call $sum (i32.sub (local.get 0) (i32.const 1))))))))`;
const sums = (n: number) => range.map((index) => ({ values: [BigInt((n * (n + 1)) / 2 + n * index)] }));

/** The message is "item " and a digit, 6 bytes at 8. */
const logText = `(module ${imported.log} (memory (export "memory") 1) (data (i32.const 8) "item -")
  (func (export "say") (param i32)
    (i32.store8 (i32.const 13) (i32.add (i32.const 48) (local.get 0))) (call $log (i32.const 8) (i32.const 6)))
  (func (export "log") (param i32 i32) (call $log (local.get 0) (local.get 1))))`;

const failed = (message: string, name = "wasmburst.log") => ({
  trap: "host function failed",
  function: name,
  message,
});

for (const device of testedDevices) {
  describe(`host functions on ${device}`, () => {
    let burst: WasmBurst;
    let output = "";
    before(async () => {
      burst = await WasmBurst.launch({
        device,
        onOutput: (text) => {
          output += text;
        },
        ...(device === "v8" ? { threads: 2 } : {}),
      });
    });
    after(() => burst.close());

    async function pool(text: string, imports?: Imports): Promise<Pool> {
      const module = await burst.compile(wat(text));
      return module.instantiate({ instances, ...(imports === undefined ? {} : { imports }) });
    }

    test("the device says what it offers", () => {
      assert.deepEqual(burst.hostFunctions, [
        { module: "wasmburst", name: "clock_nanoseconds", parameters: [], results: ["i64"] },
        { module: "wasmburst", name: "instance_index", parameters: [], results: ["i32"] },
        { module: "wasmburst", name: "log", parameters: ["i32", "i32"], results: [] },
      ]);
    });

    for (const sliceFuel of device === "v8" ? [undefined] : [undefined, 1, 50]) {
      test(`each instance learns its number, again and again, with slices of ${sliceFuel ?? "any"} fuel`, async () => {
        const p = await pool(sumText);
        assert.deepEqual(await p.invoke("sum", [20], sliceFuel === undefined ? {} : { sliceFuel }), sums(20));
        const some = await p.invoke("sum", [3], { instances: [8, 2] });
        assert.deepEqual(some, [sums(3)[8], sums(3)[2]]);
      });
    }

    test("the clock goes forward by what the host's does", async () => {
      const p = await pool(`(module ${imported.clock} (func (export "now") (result i64) (call $clock)))`);
      const start = process.hrtime.bigint();
      const [first] = await p.invoke("now");
      await new Promise((resolve) => setTimeout(resolve, 20));
      const [second] = await p.invoke("now");
      const took = process.hrtime.bigint() - start;
      assert.ok(first !== undefined && second !== undefined && "values" in first && "values" in second);
      const passed = BigInt(second.values[0] as bigint) - BigInt(first.values[0] as bigint);
      assert.ok(passed >= 20_000_000n && passed <= took, `${passed} of ${took} ns`);
    });

    test("what instances log comes with their numbers, before the results", async () => {
      const p = await pool(logText);
      output = "";
      assert.deepEqual(
        await p.invoke(
          "say",
          range.map((index) => [index]),
        ),
        range.map(() => ({ values: [] })),
      );
      assert.deepEqual(
        output.split("\n").toSorted(),
        ["", ...range.map((index) => `instance ${index}: item ${index}`)].toSorted(),
      );
    });

    test("a text that is not in memory, or too long, is the trap of its instance alone", async () => {
      const p = await pool(logText);
      const given = range.map((): [number, number] => [8, 4]);
      given[1] = [65_530, 7];
      given[2] = [-1, 2];
      given[3] = [0, 65_537];
      given[4] = [65_536, 0];
      const expected: object[] = range.map(() => ({ values: [] }));
      expected[1] = failed("7 bytes at 65530 are not within the 65536 bytes of instance 1's memory");
      expected[2] = failed("2 bytes at 4294967295 are not within the 65536 bytes of instance 2's memory");
      expected[3] = failed("a text of 65537 bytes is too long to log: at most 65536");
      assert.deepEqual(await p.invoke("log", given), expected);
      assert.deepEqual(await p.invoke("log", given), expected, "again");
    });

    test("a function of the client and one of the host take turns within one instance", async () => {
      const text = `(module ${imported.index} ${imported.mine}
        (func (export "run") (param i32) (result i32) (local i32)
          (loop $l
            (local.set 1 (i32.add (local.get 1) (call $mine (call $index))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 1)))`;
      const mine = (_: ImportContext, value: number) => value * 10 + 1;
      const p = await pool(text, { env: { mine } });
      assert.deepEqual(
        await p.invoke(
          "run",
          range.map((index) => [1 + (index % 3)]),
        ),
        range.map((index) => ({ values: [(1 + (index % 3)) * (index * 10 + 1)] })),
      );
    });

    test("a function that the client gives takes the place of the host's", async () => {
      const p = await pool(sumText, { wasmburst: { instance_index: ({ instance }: ImportContext) => -instance } });
      assert.deepEqual(
        await p.invoke("sum", [1]),
        range.map((index) => ({ values: [BigInt(1 - index)] })),
      );
    });

    test("start functions call them too, and a reset calls them again", async () => {
      const text = `(module ${imported.index} (global $g (export "g") (mut i32) (i32.const 0))
        (func $begin (global.set $g (i32.add (global.get $g) (i32.add (call $index) (i32.const 100))))) (start $begin)
        (func (export "get") (result i32) (global.get $g)))`;
      const p = await pool(text);
      const expected = range.map((index) => ({ values: [100 + index] }));
      assert.deepEqual(await p.invoke("get"), expected);
      await p.reset([3]);
      assert.deepEqual(await p.invoke("get"), expected);
    });

    test("a start function whose call fails is an instantiation trap with the text", async () => {
      const text = `(module ${imported.log} (func $begin (call $log (i32.const 0) (i32.const 5))) (start $begin))`;
      await assert.rejects(pool(text), (error: Error) => {
        assert.match(error.message, /host function failed in wasmburst\.log: 5 bytes at 0 are not within the 0 bytes/);
        return error.name === "InstantiationTrap";
      });
    });

    test("another signature, and another name, are missing imports by name", async () => {
      const text = `(module (import "wasmburst" "log" (func (param i32))) (import "wasmburst" "sing" (func))
        ${imported.index} (import "wasmburst" "clock_nanoseconds" (global i64)))`;
      await assert.rejects(pool(text), (error: Error & { diagnostic?: { kind: string } }) => {
        assert.equal(error.diagnostic?.kind, "missing-import");
        assert.match(error.message, /wasmburst\.log: \(i32\) -> \(\) \(the host's own is \(i32, i32\) -> \(\)\);/);
        assert.match(error.message, /wasmburst\.sing: \(\) -> \(\);/);
        assert.match(error.message, /wasmburst\.clock_nanoseconds: global i64/);
        assert.doesNotMatch(error.message, /instance_index/);
        return true;
      });
    });

    test("a signal ends instances that call one for ever", { timeout: 20_000 }, async () => {
      const p = await pool(`(module ${imported.index} (func (export "ever") (loop $l (drop (call $index)) (br $l)))
        (func (export "one") (result i32) i32.const 1))`);
      await assert.rejects(p.invoke("ever", [], { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
      if (device !== "v8") assert.deepEqual((await p.invoke("one"))[0], { values: [1] });
    });

    if (device !== "v8") {
      test("fuel and time limits hold across their calls", { timeout: 20_000 }, async () => {
        const p = await pool(
          `(module ${imported.index} (func (export "ever") (loop $l (drop (call $index)) (br $l))))`,
        );
        const traps = (trap: string) => range.map(() => trap);
        const names = (results: readonly object[]) => results.map((result) => ("trap" in result ? result.trap : ""));
        assert.deepEqual(names(await p.invoke("ever", [], { fuel: 500 })), traps("fuel exhausted"));
        assert.deepEqual(names(await p.invoke("ever", [], { timeLimit: 0.002 })), traps("time limit exceeded"));
      });
    }
  });
}
