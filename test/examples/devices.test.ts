/** The examples on every device of this machine: many instances with different arguments, bit for bit as V8 has it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProgramGroup, programs } from "../../bench/programs.ts";
import { invokeAll, testedDevices, withPool } from "../support/devices.ts";
import { exampleBytes, instantiateExample } from "./example.ts";

// The programs of the other groups take longer, and their memories differ as soon as two instances do.
const instancesOf = (group: ProgramGroup): number => (group === "compute" ? 1024 : 48);

for (const device of testedDevices) {
  for (const { name, group, example, exportName, argumentsOf } of programs) {
    test(`${name} on ${device} gives V8's results`, async () => {
      const calls = Array.from({ length: instancesOf(group) }, (_, instance) => argumentsOf(instance));
      const reference = instantiateExample(example).exportedFunction(exportName);
      await withPool({ device, bytes: exampleBytes(example), instances: calls.length }, async (pool) => {
        assert.deepEqual(
          await invokeAll(pool, exportName, calls),
          calls.map((call) => [reference(...call)]),
        );
      });
    });
  }

  test(`a trap on ${device} names its function and ends its own instance only`, async () => {
    await withPool({ device, bytes: exampleBytes("nqueens"), instances: 4 }, async (pool) => {
      assert.deepEqual(await pool.invoke("solve", [[6], [32], [8], [-1]]), [
        { values: [4] },
        { trap: "unreachable", function: "solve" },
        { values: [92] },
        { trap: "unreachable", function: "solve" },
      ]);
    });
  });
}
