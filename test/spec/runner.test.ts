/** The runner itself: what it must notice, shown on small files made here and on engines that go wrong on purpose. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble } from "../wasm/support.ts";
import { type Command, type JsonValue, modulePlans, type SpecFile } from "./commands.ts";
import { CompileAhead } from "./compileAhead.ts";
import { Refusal, type SpecEngine, type SpecInstance, type SpecModule } from "./engine.ts";
import { Exceptions } from "./exceptions.ts";
import { runFile } from "./runner.ts";
import { v8Engine } from "./v8Engine.ts";
import { encodeArguments, matches } from "./values.ts";

const counter = `(module
  (global $count (mut i32) (i32.const 0))
  (export "count" (global $count))
  (func (export "next") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "swap") (param i64 v128 f32) (result f32 v128 i64) (local.get 2) (local.get 1) (local.get 0)))`;

function fileOf(commands: readonly Command[], modules: Readonly<Record<string, Uint8Array>>): SpecFile {
  return {
    name: "made",
    commands,
    read: (filename) => modules[filename] ?? assert.fail(`no module ${filename}`),
  };
}

const i32 = (value: number): JsonValue => ({ type: "i32", value: String(value) });

function returns(line: number, field: string, args: readonly JsonValue[], expected: readonly JsonValue[]): Command {
  return { line, type: "assert_return", action: { type: "invoke", field, args }, expected };
}

const commands: Command[] = [
  { line: 1, type: "module", filename: "counter.wasm" },
  returns(2, "next", [], [i32(1)]),
  returns(3, "next", [], [i32(2)]),
  { line: 4, type: "assert_return", action: { type: "get", field: "count" }, expected: [i32(2)] },
  returns(5, "divide", [i32(7), i32(2)], [i32(3)]),
  {
    line: 6,
    type: "assert_trap",
    action: { type: "invoke", field: "divide", args: [i32(1), i32(0)] },
    text: "integer divide by zero",
  },
  {
    line: 7,
    type: "assert_return",
    action: {
      type: "invoke",
      field: "swap",
      args: [
        { type: "i64", value: "18446744073709551615" },
        { type: "v128", lane_type: "i64", value: ["1", "9223372036854775808"] },
        { type: "f32", value: "2141192193" },
      ],
    },
    expected: [
      { type: "f32", value: "2141192193" },
      { type: "v128", lane_type: "i64", value: ["1", "9223372036854775808"] },
      { type: "i64", value: "18446744073709551615" },
    ],
  },
  { line: 8, type: "assert_invalid", filename: "invalid.wasm", module_type: "binary", text: "type mismatch" },
  { line: 9, type: "assert_malformed", filename: "malformed.wat", module_type: "text", text: "unknown operator" },
];

const modules = { "counter.wasm": assemble(counter), "invalid.wasm": Uint8Array.of(0, 0x61) };

function run(engine: SpecEngine, file = fileOf(commands, modules)) {
  return runFile(file, modulePlans(file), (plan) => engine.compile(file.read(plan.filename), plan.exports), engine);
}

/** V8 with its instances changed. */
function changed(change: (instance: SpecInstance) => Partial<SpecInstance>): SpecEngine {
  return {
    ...v8Engine,
    async compile(bytes, exports): Promise<SpecModule> {
      const module = await v8Engine.compile(bytes, exports);
      return {
        release: () => module.release(),
        async instantiate(registered) {
          const instance = await module.instantiate(registered);
          const bound: SpecInstance = {
            invoke: (calls) => instance.invoke(calls),
            readGlobal: (name) => instance.readGlobal(name),
            release: () => instance.release(),
          };
          return { ...bound, ...change(instance) };
        },
      };
    },
  };
}

const statuses = async (engine: SpecEngine, file?: SpecFile) =>
  (await run(engine, file)).map((verdict) => verdict.reason ?? verdict.status);

test("a right engine passes; state persists and bits arrive unchanged", async () => {
  assert.deepEqual(await statuses(v8Engine), [...new Array(8).fill("passed"), "skipped"]);
});

test("a wrong bit, a missing trap, a wrong trap, a trap where a value is due and a wrong global are failures", async () => {
  const wrongBit = changed((instance) => ({
    async invoke(calls) {
      const outcomes = await instance.invoke(calls);
      return outcomes.map((outcome) =>
        outcome.kind === "values"
          ? { ...outcome, words: outcome.words.map((word, index) => word ^ +(index === 0)) }
          : outcome,
      );
    },
  }));
  const wrong = await statuses(wrongBit);
  assert.deepEqual([wrong[1], wrong[4], wrong[6]], ["wrong result", "wrong result", "wrong result"]);
  const noTrap = changed(() => ({
    invoke: async (calls) => calls.map(() => ({ kind: "values" as const, words: Uint32Array.of(1) })),
  }));
  assert.equal((await statuses(noTrap))[5], "no trap");
  const alwaysTraps = changed(() => ({
    invoke: async (calls) => calls.map(() => ({ kind: "trap" as const, messages: ["unreachable"] })),
  }));
  const trapped = await statuses(alwaysTraps);
  assert.deepEqual([trapped[1], trapped[5]], ["trap", "wrong trap"]);
  const wrongGlobal = changed(() => ({ readGlobal: async () => ({ kind: "values", words: Uint32Array.of(3) }) }));
  assert.equal((await statuses(wrongGlobal))[3], "wrong result");
  const noGlobal = changed(() => ({ readGlobal: async () => ({ kind: "failure", reason: "out of order" }) }));
  assert.equal((await statuses(noGlobal))[3], "out of order");
});

test("an engine that accepts an invalid module fails that assertion", async () => {
  const credulous: SpecEngine = {
    ...v8Engine,
    compile: (bytes, exports) => v8Engine.compile(bytes.length < 8 ? modules["counter.wasm"] : bytes, exports),
  };
  assert.equal((await statuses(credulous))[7], "accepted");
});

test("what follows a module that failed is blocked, until the next module", async () => {
  const refusing: SpecEngine = {
    ...v8Engine,
    async compile(bytes, exports) {
      if (bytes === modules["counter.wasm"]) throw new Refusal("unsupported", "unsupported feature: counting");
      return v8Engine.compile(bytes, exports);
    },
  };
  const other = assemble(`(module (func (export "one") (result i32) (i32.const 1)))`);
  const more: Command[] = [
    { line: 10, type: "register", as: "counter" },
    { line: 11, type: "module", filename: "other.wasm" },
    returns(12, "one", [], [i32(1)]),
  ];
  const file = fileOf([...commands, ...more], { ...modules, "other.wasm": other });
  assert.deepEqual(await statuses(refusing, file), [
    "unsupported feature: counting",
    ...new Array(6).fill("blocked"),
    "passed",
    "skipped",
    "blocked",
    "passed",
    "passed",
  ]);
});

test("a failure of a registered instance after a failed module is blamed on that module", async () => {
  const failing = returns(12, "next", [], [i32(9)]);
  const more: Command[] = [
    { line: 10, type: "module", filename: "counter.wasm", name: "$shared" },
    { ...failing, line: 11 },
    { line: 12, type: "register", as: "shared", name: "$shared" },
    { ...failing, line: 13 },
    { line: 14, type: "module", filename: "empty.wasm" },
    {
      line: 15,
      type: "assert_return",
      action: { type: "invoke", module: "$shared", field: "next", args: [] },
      expected: [i32(9)],
    },
  ];
  assert.deepEqual(await statuses(v8Engine, fileOf(more, { ...modules, "empty.wasm": Uint8Array.of() })), [
    "passed",
    "wrong result",
    "passed",
    "wrong result",
    "unexpected end",
    "shares state with a module that failed",
  ]);
});

test("an instance that nothing can name any more is released before the next module is instantiated, others at the end", async () => {
  const events: string[] = [];
  let made = 0;
  const recording = changed((instance) => {
    const number = ++made;
    events.push(`${number} made`);
    return {
      async release() {
        events.push(`${number} released`);
        await instance.release();
      },
    };
  });
  const module = (line: number, name?: string): Command => ({
    line,
    type: "module",
    filename: "counter.wasm",
    ...(name === undefined ? {} : { name }),
  });
  const file = fileOf(
    [module(1), module(2), { line: 3, type: "register", as: "it" }, module(4, "$it"), module(5)],
    modules,
  );
  await run(recording, file);
  assert.deepEqual(events, [
    "1 made",
    "1 released",
    "2 made",
    "3 made",
    "4 made",
    "4 released",
    "3 released",
    "2 released",
  ]);
});

test("calls with nothing in between reach the engine as one batch, in order", async () => {
  const batches: string[][] = [];
  const recording = changed((instance) => ({
    invoke(calls) {
      batches.push(calls.map((call) => call.name));
      return instance.invoke(calls);
    },
  }));
  await run(recording);
  assert.deepEqual(batches, [
    ["next", "next"],
    ["divide", "divide", "swap"],
  ]);
});

test("floats match by bits, or by the NaN class that the suite allows", () => {
  const f32 = (value: string, word: number) => matches([{ type: "f32", value }], Uint32Array.of(word));
  assert.ok(f32("nan:canonical", 0x7fc00000) && f32("nan:canonical", 0xffc00000));
  assert.ok(!f32("nan:canonical", 0x7fc00001) && !f32("nan:canonical", 0x7fa00000));
  assert.ok(
    f32("nan:arithmetic", 0xffc12345) && !f32("nan:arithmetic", 0x7fa00000) && !f32("nan:arithmetic", 0x7f800000),
  );
  assert.ok(f32("2147483648", 0x80000000) && !f32("0", 0x80000000));
  const f64 = (value: string, low: number, high: number) =>
    matches([{ type: "f64", value }], Uint32Array.of(low, high));
  assert.ok(f64("nan:canonical", 0, 0xfff80000) && !f64("nan:canonical", 1, 0x7ff80000));
  assert.ok(f64("nan:arithmetic", 1, 0x7ff80000) && !f64("nan:arithmetic", 1, 0x7ff00000));
  const lanes: JsonValue = { type: "v128", lane_type: "f64", value: ["nan:arithmetic", "4607182418800017408"] };
  assert.ok(matches([lanes], Uint32Array.of(5, 0x7ff80000, 0, 0x3ff00000)));
  assert.ok(!matches([lanes], Uint32Array.of(5, 0x7ff80000, 0, 0x3ff00001)));
});

test("references match null, a host object, or anything but null; a record of another length never matches", () => {
  const reference = (value: string | undefined, word: number) =>
    matches([{ type: "externref", ...(value === undefined ? {} : { value }) }], Uint32Array.of(word));
  assert.ok(reference("null", 0) && !reference("null", 1));
  assert.ok(reference("0", 1) && !reference("0", 0));
  assert.ok(reference(undefined, 9) && !reference(undefined, 0));
  assert.ok(!matches([i32(1)], Uint32Array.of(1, 0)));
  assert.ok(!matches([i32(1)], Uint32Array.of()));
});

test("narrow lanes are packed from the low end", () => {
  const bytes = Array.from({ length: 16 }, (_, index) => String(index));
  assert.deepEqual(
    [...encodeArguments([{ type: "v128", lane_type: "i8", value: bytes }])],
    [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c],
  );
});

test("the exception list is exact: unlisted failures, listed passes and changed reasons all differ", () => {
  const exceptions = new Exceptions({ SIMD: { made: [1, 3] }, recursion: { other: [4] } });
  const verdict = (line: number, reason?: string) =>
    reason === undefined
      ? ({ line, command: "module", status: "passed" } as const)
      : ({ line, command: "module", status: "failed", reason, detail: reason } as const);
  assert.deepEqual(exceptions.differences("made", [verdict(1, "SIMD"), verdict(2), verdict(3, "SIMD")]), []);
  assert.deepEqual(exceptions.differences("made", [verdict(1, "SIMD"), verdict(2, "trap"), verdict(3)]), [
    "made:2 module failed: trap (trap)",
    'made:3 is listed for "SIMD", but did not fail so',
  ]);
  assert.equal(exceptions.differences("made", [verdict(1, "SIMD"), verdict(3, "trap")]).length, 2);
});

test("modules compile ahead of their use, no more at once than the engine allows, each once", async () => {
  const file = fileOf(
    Array.from({ length: 8 }, (_, index) => ({ line: index, type: "module" as const, filename: `${index}.wasm` })),
    Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`${index}.wasm`, Uint8Array.of(index)])),
  );
  const compiled: number[] = [];
  let running = 0;
  let most = 0;
  const engine: SpecEngine = {
    ...v8Engine,
    compileAhead: 2,
    async compile(bytes) {
      compiled.push(bytes[0] as number);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (bytes[0] === 3) throw new Refusal("invalid", "three");
      return { instantiate: () => assert.fail(), release: async () => {} };
    },
  };
  const plans = [...modulePlans(file).values()];
  const ahead = new CompileAhead(engine, plans);
  for (const [index, plan] of plans.entries()) {
    const module = ahead.compile(plan);
    assert.deepEqual(compiled, [0, 1, 2, 3, 4, 5, 6, 7].slice(0, index + 3));
    if (index === 3) await assert.rejects(module, /three/);
    else await module;
  }
  await ahead.close();
  assert.ok(most <= 3, `${most} at once`);
});

test("a plan lists the functions that later commands invoke in its module, by name or as the current one", () => {
  const invoke = (line: number, field: string, module?: string): Command => ({
    line,
    type: "action",
    action: { type: "invoke", field, args: [], ...(module === undefined ? {} : { module }) },
  });
  const file = fileOf(
    [
      { line: 1, type: "module", filename: "a.wasm", name: "$a" },
      invoke(2, "f"),
      { line: 3, type: "module", filename: "b.wasm" },
      invoke(4, "g"),
      invoke(5, "h", "$a"),
      invoke(6, "g"),
    ],
    {},
  );
  assert.deepEqual(
    [...modulePlans(file).values()].map((plan) => [plan.filename, plan.exports]),
    [
      ["a.wasm", ["f", "h"]],
      ["b.wasm", ["g"]],
    ],
  );
});
