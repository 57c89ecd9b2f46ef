/** Random recursions that sum, on tiles of the cpu device, against V8: results, traps and memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { testedDevices } from "../support/devices.ts";
import { compileOnV8 } from "../support/v8.ts";
import { wat } from "../support/wat.ts";
import { sumsModule } from "./sums.ts";

const functions = 24;
const seeds = (process.env.WASMBURST_SUM_SEEDS ?? "1,2").split(",").map(Number);
const calls = [
  [4, 5],
  [3, -9],
  [1, 64],
  [0, 2],
];
const messages: Readonly<Record<string, string>> = { "divide by zero": "integer divide by zero" };

for (const seed of seeds)
  test(`${functions} functions of seed ${seed}`, { skip: !testedDevices.includes("cpu") }, async () => {
    const bytes = wat(sumsModule(seed, functions));
    await using burst = await WasmBurst.launch({ device: "cpu", profile: "native" });
    await using module = await burst.compile(bytes);
    for (let index = 0; index < functions; index++) {
      const name = `f${index}`;
      const expected = calls.map((list) => {
        const instance = compileOnV8(bytes)();
        const outcome = (() => {
          try {
            return instance.exportedFunction(name)(...list);
          } catch (error) {
            return messages[(error as Error).message] ?? (error as Error).message;
          }
        })();
        return { outcome, memory: [...instance.memory().subarray(0, 64)] };
      });
      for (const sliceFuel of [undefined, 40]) {
        await using pool = await module.instantiate({ instances: calls.length });
        const results = await pool.invoke(name, calls, sliceFuel === undefined ? {} : { sliceFuel });
        const found = await Promise.all(
          results.map(async (result, instance) => ({
            outcome: "trap" in result ? result.trap : result.values[0],
            memory: [...(await pool.memory.read(instance, 0, 64))],
          })),
        );
        assert.deepEqual(found, expected, `${name}, ${sliceFuel ?? "any"} units a launch`);
      }
    }
  });
