/**
 * The suite on a device of WasmBurst: `WASMBURST_SPEC_DEVICE`, else `cpu`. `WASMBURST_SPEC_PROFILE=apple` compiles as
 * for Apple's GPUs: software f64, integer paths around flushed subnormals, tiles of 32 instances.
 */
import { test } from "node:test";
import { HostError, type Profile, profiles } from "../../compiler-ts/src/index.ts";
import { burstEngine } from "./burstEngine.ts";
import type { SpecEngine } from "./engine.ts";
import { testSuite } from "./suiteTests.ts";

const device = process.env.WASMBURST_SPEC_DEVICE ?? "cpu";
const profileName = process.env.WASMBURST_SPEC_PROFILE;

function profileNamed(name: string): Profile {
  const found = Object.values(profiles).find((profile) => profile.name === name);
  if (found === undefined) throw new Error(`WASMBURST_SPEC_PROFILE: no profile "${name}"`);
  return found;
}

/** One failure that says why, in place of one for every file. */
async function launch(): Promise<SpecEngine | undefined> {
  try {
    return await burstEngine({ device, profile: profileName === undefined ? undefined : profileNamed(profileName) });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    test(`the device ${device} can be used`, () => {
      throw error;
    });
    return undefined;
  }
}

const engine = await launch();
if (engine !== undefined) testSuite(engine.name, async () => engine);
