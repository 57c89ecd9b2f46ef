import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { directory, file, modulePath, root, wasmburst } from "../support/commandLine.ts";
import { wat } from "../support/wat.ts";

describe("the other commands", { concurrency: 2 }, () => {
  test("compile writes MSL to stdout, the same bytes each time", async () => {
    const command = ["compile", modulePath, "--profile", "cpu"];
    const [first, second] = await Promise.all([wasmburst(command), wasmburst(command)]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /kernel void/);
    assert.equal(first.stdout, second.stdout);
  });

  test("compile writes several kinds into a directory", async () => {
    const output = join(directory, "out");
    const kinds = ["--emit", "msl", "--emit", "ir,metadata,image"];
    const { code, stderr } = await wasmburst([
      "compile",
      modulePath,
      ...kinds,
      "-o",
      output,
      "--profile",
      "cpu",
      "--exports",
      "add",
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(output).sort(), ["module.image", "module.ir", "module.json", "module.metal"]);
    const metadata = JSON.parse(readFileSync(join(output, "module.json"), "utf8"));
    assert.deepEqual(
      metadata.kernels.map(({ exportName }: { exportName: string }) => exportName),
      ["add"],
    );
  });

  test("compile writes the image that goes with the text, byte for byte", async () => {
    const bytes = wat('(module (memory 1) (data (i32.const 0) "\\ff\\00\\80") (func (export "f")))');
    const output = join(directory, "segments.image");
    const { code, stderr } = await wasmburst([
      "compile",
      file("segments.wasm", bytes),
      "--emit",
      "image",
      "-o",
      output,
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual([...readFileSync(output)], [...compileModule(bytes, { profile: profiles.apple }).image]);
    assert.ok(readFileSync(output).includes(Buffer.of(0xff, 0, 0x80)));
  });

  test("inspect shows exports with their types, as text and as JSON", async () => {
    assert.match((await wasmburst(["inspect", modulePath])).stdout, /add: \(i32, i32\) -> \(i32\)/);
    const { exports } = JSON.parse((await wasmburst(["inspect", modulePath, "--json"])).stdout);
    assert.deepEqual(exports[0], {
      name: "add",
      type: { kind: "function", parameters: ["i32", "i32"], results: ["i32"] },
    });
  });

  test("devices lists v8 and says why there is no host", async () => {
    const { code, stdout } = await wasmburst(["devices"]);
    assert.equal(code, 0);
    assert.match(stdout, /^host: not available: WASMBURST_HOST is not an executable file/m);
    assert.match(stdout, /^v8: V8 /m);
  });

  test("help and version go to stdout", async () => {
    assert.match((await wasmburst(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
    for (const args of [["help"], ["--help"], ["help", "run"], ["run", "--help"], ["compile", "-h"]]) {
      const { code, stdout } = await wasmburst(args);
      assert.equal(code, 0);
      assert.match(stdout, /^usage: wasmburst/);
    }
  });

  test("the version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.equal((await wasmburst(["--version"])).stdout, `${version}\n`);
  });
});
