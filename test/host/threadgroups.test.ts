/** However few threads a threadgroup has, and however the last one is filled, results, jobs and snapshots are the same. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { exampleBytes } from "../examples/example.ts";
import { invokeAll, testedDevices } from "../support/devices.ts";
import { compileOnV8 } from "../support/v8.ts";

/** nqueens has frames in threadgroup memory, and fib levels; sha256 works in linear memory. */
const programs = [
  { name: "nqueens", exportName: "solve_from", argumentsOf: (n: number) => [5 + (n % 3), n % 5] },
  { name: "fib", exportName: "fib", argumentsOf: (n: number) => [n % 13] },
  { name: "sha256", exportName: "search", argumentsOf: (n: number) => [n, 2] },
];

/** No multiple of any width. */
const instances = 37;

const before = process.env.WASMBURST_THREADGROUP;
after(() => {
  if (before === undefined) delete process.env.WASMBURST_THREADGROUP;
  else process.env.WASMBURST_THREADGROUP = before;
});

for (const device of testedDevices.filter((id) => id !== "v8")) {
  for (const width of [1, 2, 5, 32, 64]) {
    test(`threadgroups of ${width} threads on ${device}`, async () => {
      process.env.WASMBURST_THREADGROUP = String(width);
      await using burst = await WasmBurst.launch({ device, profile: "native" });
      for (const { name, exportName, argumentsOf } of programs) {
        const bytes = exampleBytes(name);
        const calls = Array.from({ length: instances * 3 }, (_, n) => argumentsOf(n));
        const onV8 = compileOnV8(bytes);
        const expected = calls.map((call) => [onV8().exportedFunction(exportName)(...call)]);
        await using module = await burst.compile(bytes, { exports: [exportName] });
        await using pool = await module.instantiate({ instances });
        const first = calls.slice(0, instances);
        assert.deepEqual(await invokeAll(pool, exportName, first), expected.slice(0, instances), name);
        await pool.reset();
        const sliced = await pool.invoke(exportName, first, { sliceFuel: 100 });
        assert.deepEqual(
          sliced.map((result) => ("trap" in result ? result.trap : result.values)),
          expected.slice(0, instances),
          `${name} in slices`,
        );
        await using restored = await module.restore(await pool.snapshot());
        await restored.reset();
        assert.deepEqual(
          await invokeAll(restored, exportName, first),
          expected.slice(0, instances),
          `${name} restored`,
        );
        // Three jobs an instance.
        const { outcomes } = await pool.runJobs(
          exportName,
          calls.map((values) => ({ values })),
          { sliceFuel: 500 },
        );
        assert.deepEqual(
          outcomes.map((outcome) => ("values" in outcome ? outcome.values : outcome)),
          expected,
          `${name} as jobs`,
        );
      }
    });
  }
}
