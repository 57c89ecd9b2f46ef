import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { directory, file, wasmburst } from "../support/commandLine.ts";
import { wat } from "../support/wat.ts";

describe("--link", { concurrency: 2 }, () => {
  const main = file(
    "main.wasm",
    wat(`(module (import "math" "square" (func $square (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (i32.add (call $square (local.get 0)) (i32.const 1))))`),
  );
  const one = file(
    "one.wasm",
    wat(`(module (func (export "multiply") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1))))`),
  );
  const math = file(
    "math.wasm",
    wat(`(module (import "one" "multiply" (func $multiply (param i32 i32) (result i32)))
      (func (export "square") (param i32) (result i32) (call $multiply (local.get 0) (local.get 0))))`),
  );
  const linked = ["--link", `one=${one}`, "--link", `math=${math}`];

  test("run calls from module to module", async () => {
    const { code, stdout, stderr } = await wasmburst(["run", main, "--device", "v8", ...linked, "--invoke", "f", "7"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "50  (1 instance)\n" }, stderr);
    const job = await wasmburst(
      ["run", main, "--device", "v8", ...linked, "--jobs", "-"],
      '{"invoke": "f", "args": [3]}',
    );
    assert.equal(job.stdout, '{"instance":0,"values":[10]}\n', job.stderr);
  });

  test("compile and inspect show the program", async () => {
    const compiled = await wasmburst(["compile", main, ...linked, "--emit", "metadata"]);
    assert.deepEqual(JSON.parse(compiled.stdout).functionNames, ["f", "one.multiply", "math.square"], compiled.stderr);
    const inspected = await wasmburst(["inspect", main, ...linked]);
    assert.match(inspected.stdout, /imports:\n {2}none/);
    assert.match((await wasmburst(["inspect", main])).stdout, /math\.square: \(i32\) -> \(i32\)/);
  });

  const refused: readonly (readonly [readonly string[], number, RegExp])[] = [
    [
      ["--link", `math=${math}`, "--link", `one=${main}`],
      65,
      /library "math" imports from "one", which has to come before it/,
    ],
    [["--link", `math=${one}`], 65, /unknown import: the module imports "math"\."square"/],
    [["--link", math], 2, /expected NAME=LIBRARY\.wasm/],
    [["--link", `a=${math}`, "--link", `a=${math}`], 2, /two libraries are named a/],
    [["--link", `a=${join(directory, "absent")}`], 66, /no such file/],
    [["--link", `a=${file("text.wasm", "no module")}`], 65, /text\.wasm is not a WebAssembly module/],
  ];
  for (const [flags, expectedCode, message] of refused) {
    test(`${flags.join(" ").replaceAll(`${directory}/`, "")}: ${expectedCode}`, async () => {
      const { code, stdout, stderr } = await wasmburst(["compile", main, ...flags]);
      assert.deepEqual({ code, stdout }, { code: expectedCode, stdout: "" }, stderr);
      assert.match(stderr, message);
    });
  }
});
