/** Imports that throw, never settle, or use what they must not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { batched, type ImportContext, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import { wat } from "../support/wat.ts";
import { describeOnEveryDevice, failed, forwarding, range } from "./support.ts";

describeOnEveryDevice("faults of imports", ({ device, pool }) => {
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

  test("an import that never settles is a trap by name after importTimeout", async () => {
    const f = ({ instance }: ImportContext) => (instance === 2 ? new Promise(() => {}) : 1);
    const p = await pool(forwarding("", "i32"), { env: { f } }, { importTimeout: 30 });
    const expected = range.map((index) =>
      index === 2 ? failed("env.f did not settle within 30 ms") : { values: [1] },
    );
    assert.deepEqual(await p.invoke("call"), expected);
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
});
