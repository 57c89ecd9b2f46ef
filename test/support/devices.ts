/** The devices that tests run on here: the host's usable ones, and V8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listDevices, type Pool, type Value, WasmBurst } from "../../compiler-ts/src/index.ts";

const { devices, hostProblem } = await listDevices();
const usable = devices.filter((device) => device.usable).map((device) => device.id);

export const testedDevices: readonly string[] = [...usable, "v8"];

// Where there is no host, its devices would go missing without a word.
test("the host has a usable device to test", { skip: hostProblem ?? false }, () => {
  assert.notDeepEqual(usable, []);
});

/** Compiles, makes a pool, and closes everything after `use`. */
export async function withPool(
  { device, bytes, instances }: { readonly device: string; readonly bytes: Uint8Array; readonly instances: number },
  use: (pool: Pool) => Promise<void>,
): Promise<void> {
  await using burst = await WasmBurst.launch({ device });
  await using module = await burst.compile(bytes);
  await using pool = await module.instantiate({ instances });
  await use(pool);
}

/** The results of every instance; a trap fails the test. */
export async function invokeAll(
  pool: Pool,
  name: string,
  argumentsOfEach: readonly (readonly Value[])[],
): Promise<readonly (readonly Value[])[]> {
  const results = await pool.invoke(name, argumentsOfEach);
  return results.map((result, instance) => {
    if ("trap" in result) assert.fail(`instance ${instance}: ${result.trap} in ${result.function}`);
    return result.values;
  });
}
