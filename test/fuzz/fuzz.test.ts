/** A short run of `npm run fuzz` (docs/fuzzing.md) with a fixed seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listDevices } from "../../compiler-ts/src/index.ts";
import { FuzzDevice } from "./device.ts";
import { regressionText } from "./regressionFile.ts";
import { emptyTally, searchOwn } from "./search.ts";
import { slicedPrograms } from "./slices.ts";

const { hostProblem } = await listDevices();

test("40 generated modules run as on V8 with the profiles cpu and apple", { skip: hostProblem ?? false }, async () => {
  const devices = await Promise.all(["cpu", "apple"].map((profile) => FuzzDevice.launch(profile)));
  const tally = emptyTally();
  try {
    await searchOwn({ count: 40, seed: 1, shrinkSeconds: 30 }, devices, tally, (finding) => {
      assert.fail(regressionText(finding));
    });
  } finally {
    await Promise.all(devices.map((device) => device.close()));
  }
  // Programs that mostly trap would test little.
  assert.ok(tally.moduleRuns === 80 && tally.trapped < tally.calls / 2, JSON.stringify(tally));
});

test("20 generated modules whose loops are merged run as on V8", { skip: hostProblem ?? false }, async () => {
  const device = await FuzzDevice.launch("native", "cpu", { mergedLoops: "everywhere" });
  const tally = emptyTally();
  try {
    await searchOwn({ count: 20, seed: 9, shrinkSeconds: 30 }, [device], tally, (finding) => {
      assert.fail(regressionText(finding));
    });
  } finally {
    await device.close();
  }
  assert.ok(tally.moduleRuns === 20 && tally.trapped < tally.calls / 2, JSON.stringify(tally));
});

test("512 instances of 8 modules, 64 copies of each, run as on V8", { skip: hostProblem ?? false }, async () => {
  const device = await FuzzDevice.launch("native");
  const tally = emptyTally();
  try {
    await searchOwn({ count: 8, seed: 5, shrinkSeconds: 30, copies: 64 }, [device], tally, (finding) => {
      assert.fail(regressionText(finding));
    });
  } finally {
    await device.close();
  }
  assert.ok(tally.calls >= 8 * 512 && tally.trapped < tally.calls / 2, JSON.stringify(tally));
});

test("what 20 programs do does not depend on where they are suspended", { skip: hostProblem ?? false }, async () => {
  const devices = await Promise.all(["cpu", "apple"].map((profile) => FuzzDevice.launch(profile)));
  const tally = emptyTally();
  try {
    const options = { count: 20, seed: 32, shrinkSeconds: 30 };
    await searchOwn(
      options,
      devices,
      tally,
      (finding) => {
        assert.fail(regressionText(finding));
      },
      slicedPrograms,
    );
  } finally {
    await Promise.all(devices.map((device) => device.close()));
  }
  assert.ok(tally.trapped < tally.calls / 2, JSON.stringify(tally));
});
