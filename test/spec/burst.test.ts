/**
 * The suite on a device of WasmBurst: the one that WASMBURST_SPEC_DEVICE names, else `cpu`. The cpu device can run what is
 * emitted for the other profiles too: tiles of 32 instances, software f64, f32 for hardware that flushes subnormals.
 */
import { test } from "node:test";
import { HostError } from "../../compiler-ts/src/index.ts";
import { burstEngine } from "./burstEngine.ts";
import type { SpecEngine } from "./engine.ts";
import { testSuite } from "./suiteTests.ts";

const device = process.env.WASMBURST_SPEC_DEVICE ?? "cpu";
const profiles =
  process.env.WASMBURST_SPEC_PROFILE?.split(",") ?? (device === "cpu" ? ["cpu", "native", "apple"] : [undefined]);

/** Of every pool: more than one must agree. */
const instances = Number(process.env.WASMBURST_SPEC_INSTANCES ?? 1);
if (!Number.isSafeInteger(instances) || instances < 1) {
  throw new Error(
    `WASMBURST_SPEC_INSTANCES=${process.env.WASMBURST_SPEC_INSTANCES}: expected a positive whole number of instances`,
  );
}

/** One failure that says why, in place of one for every file. */
async function launch(profile: string | undefined): Promise<SpecEngine | undefined> {
  try {
    return await burstEngine(device, profile, instances);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    test(`the device ${device} can be used`, () => {
      throw error;
    });
    return undefined;
  }
}

for (const profile of profiles) {
  const engine = await launch(profile);
  if (engine !== undefined)
    testSuite(profile === undefined ? device : `${device}, profile ${profile}`, async () => engine);
}
