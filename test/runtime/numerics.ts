/**
 * Long checks and measurements of the numeric runtime, by hand:
 *
 *     node --import tsx test/runtime/numerics.ts apple --count 10000000 --only f64
 *     node --import tsx test/runtime/numerics.ts apple --measure
 *
 * The first argument names a profile; numerics.cpp documents the others.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { buildNumerics } from "./build.ts";

const [name, ...options] = process.argv.slice(2);
const profile = Object.values(profiles).find((candidate) => candidate.name === name);
if (profile === undefined) {
  console.error(`usage: numerics.ts ${Object.keys(profiles).join("|")} [options of numerics.cpp]`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), "wasmburst-numerics-"));
try {
  const program = await buildNumerics(profile, folder);
  process.exitCode = spawnSync(program, options, { stdio: "inherit" }).status ?? 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
