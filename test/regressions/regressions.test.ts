/** What fuzzing found once, or somebody who read, on V8 and on every profile, in one launch and in many. */
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import { listDevices } from "../../compiler-ts/src/index.ts";
import { FuzzDevice } from "../fuzz/device.ts";
import { readRegression } from "../fuzz/regressionFile.ts";
import { compareSlices } from "../fuzz/slices.ts";

const { hostProblem } = await listDevices();
const directory = new URL("./", import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith(".wat"));
const profiles = ["cpu", "native", "apple"];
const devices =
  hostProblem === undefined
    ? await Promise.all([
        ...profiles.map((profile) => FuzzDevice.launch(profile)),
        FuzzDevice.launch("native", "cpu", { mergedLoops: "everywhere" }),
      ])
    : [];

after(() => Promise.all(devices.map((device) => device.close())));

for (const file of files) {
  test(`${file} runs as on V8 with every profile, and with merged loops`, { skip: hostProblem ?? false }, () =>
    compareSlices(readRegression(new URL(file, directory)), devices),
  );
}
