/** `npm run fuzz`: see docs/fuzzing.md. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explainProblems } from "../../bench/main.ts";
import { profiles } from "../../compiler-ts/src/index.ts";
import type { PassOptions } from "../../compiler-ts/src/legalize/passOptions.ts";
import { FuzzDevice } from "./device.ts";
import { regressionText } from "./regressionFile.ts";
import { compare, emptyTally, type Finding, searchOwn, singlePrograms } from "./search.ts";
import { compareSlices, slicedPrograms } from "./slices.ts";
import { searchSmith } from "./smithSource.ts";

const usage = `npm run fuzz -- [--count N] [--seed S] [--profile ${Object.keys(profiles).join("|")}|all] [--device D]
              [--source own|smith] [--slices] [--merged] [--copies N] [--unoptimized] [--shrink-seconds N] [--out DIRECTORY]`;

explainProblems("fuzz");
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    profile: { type: "string", default: "all" },
    device: { type: "string", default: "cpu" },
    source: { type: "string", default: "own" },
    slices: { type: "boolean", default: false },
    merged: { type: "boolean", default: false },
    copies: { type: "string", default: "1" },
    unoptimized: { type: "boolean", default: false },
    "shrink-seconds": { type: "string", default: "60" },
    out: { type: "string", default: "test/regressions" },
  },
});

function number(name: "count" | "seed" | "shrink-seconds" | "copies", least = 0): number {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`--${name} takes a whole number from ${least}\n${usage}`);
  }
  return value;
}

const known = Object.keys(profiles);
const chosen = values.profile === "all" ? known : values.profile.split(",");
if (chosen.some((profile) => !known.includes(profile))) throw new RangeError(usage);
if (values.source !== "own" && values.source !== "smith") throw new RangeError(usage);
const seed = number("seed");
const options = {
  count: number("count"),
  seed,
  shrinkSeconds: number("shrink-seconds"),
  copies: number("copies", 1),
};

const tally = emptyTally();
const findings: string[] = [];

function keep(finding: Finding): void {
  const path = join(values.out, `${values.source}-seed${seed}-${findings.length + 1}.wat`);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(path, regressionText(finding));
  findings.push(path);
  console.error(`${path}: profile ${finding.profile}: ${finding.message}`);
}

if (values.unoptimized) process.env.WASMBURST_CLANG = fileURLToPath(new URL("clang-unoptimized.sh", import.meta.url));
const passes: PassOptions = values.merged ? { mergedLoops: "everywhere" } : {};
const devices = await Promise.all(chosen.map((profile) => FuzzDevice.launch(profile, values.device, passes)));
const started = performance.now();
process.once("SIGINT", () => {
  report();
  process.exit(130);
});
try {
  if (values.source === "smith")
    await searchSmith(options, devices, tally, keep, values.slices ? compareSlices : compare);
  else await searchOwn(options, devices, tally, keep, values.slices ? slicedPrograms : singlePrograms);
} finally {
  await Promise.all(devices.map((device) => device.close()));
}
report();
process.exitCode = findings.length === 0 ? 0 : 1;

function report(): void {
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${tally.programs} programs, ${tally.moduleRuns} module runs (${chosen.join(", ")}; source ${values.source}, seed ${seed}, ${options.copies} of each instance), ${tally.calls} calls, ` +
      `${tally.trapped} of them trapped, ${findings.length} differences, ${seconds} s`,
  );
}
