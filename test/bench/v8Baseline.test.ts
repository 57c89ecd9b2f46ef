import assert from "node:assert/strict";
import { test } from "node:test";
import { programs } from "../../bench/programs.ts";
import { startV8Baseline } from "../../bench/v8Baseline.ts";
import { exampleBytes, instantiateExample } from "../examples/example.ts";

test("the baseline's threads together give every instance's result in order", async () => {
  for (const { name, exportName, argumentsOf } of programs.filter(({ name }) =>
    ["sha256", "montecarlo"].includes(name),
  )) {
    const argumentsOfEach = Array.from({ length: 10 }, (_, instance) => argumentsOf(instance));
    const run = instantiateExample(name).exportedFunction(exportName);
    await using baseline = await startV8Baseline(3, {
      bytes: exampleBytes(name),
      exportName,
      arguments: argumentsOfEach,
    });
    const expected = argumentsOfEach.map((values) => run(...values));
    assert.deepEqual(await baseline.run(), expected);
    assert.deepEqual(await baseline.run(), expected, "a second, warm round");
  }
});
