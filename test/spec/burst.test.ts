/** The suite on a device of WasmBurst: the one that WASMBURST_SPEC_DEVICE names, else `cpu`. */
import { test } from "node:test";
import { HostError } from "../../compiler-ts/src/index.ts";
import { burstEngine } from "./burstEngine.ts";
import type { SpecEngine } from "./engine.ts";
import { testSuite } from "./suiteTests.ts";

const device = process.env.WASMBURST_SPEC_DEVICE ?? "cpu";

/** One failure that says why, in place of one for every file. */
async function launch(): Promise<SpecEngine | undefined> {
  try {
    return await burstEngine(device);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    test(`the device ${device} can be used`, () => {
      throw error;
    });
    return undefined;
  }
}

const engine = await launch();
if (engine !== undefined) testSuite(device, async () => engine);
