import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { buildNumerics, checkSyntax } from "./build.ts";
import { operations } from "./operations.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "wasmburst-numerics-"));
});

after(() => rm(folder, { recursive: true, force: true }));

function assertEveryOperationRight(program: string, ...options: readonly string[]): void {
  const report = execFileSync(program, ["--count", "60000", ...options], { encoding: "utf8" });
  assert.match(report, new RegExp(`\n${operations.length} operations, 0 failed\n$`));
}

test("with IEEE floats and hardware f64 every operation agrees with C++", async () => {
  assertEveryOperationRight(await buildNumerics(profiles.cpu, folder));
});

test("with flushing floats and software f64 every operation agrees with C++, also where nothing is flushed after all", async () => {
  const program = await buildNumerics(profiles.apple, folder);
  assertEveryOperationRight(program);
  assertEveryOperationRight(program, "--keep-subnormals");
});

test("the two mixed kinds of hardware have a runtime that compiles", async () => {
  await checkSyntax({ ...profiles.cpu, name: "ieee-without-f64", f64: false }, folder);
  await checkSyntax({ ...profiles.cpu, name: "flushing-with-f64", f32Subnormals: false }, folder);
});
