/** What `npm pack` would publish, unpacked where there is no checkout: the commands run, and the library's entries are there. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const isBuilt = existsSync(join(root, "dist/compiler-ts/src/cli.js"));
const fib = join(root, "examples/wasm/fib.wasm");

describe("the npm package", { skip: isBuilt ? false : "dist/ is not built: npm run build" }, () => {
  let folder = "";
  const installed = (): string => join(folder, "package");

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "wasmburst-package-"));
    // Other tests run from dist/: it is not to be built anew here.
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
    const [archive] = readdirSync(folder) as [string];
    execFileSync("tar", ["-xzf", archive], { cwd: folder });
    symlinkSync(join(root, "node_modules"), join(installed(), "node_modules"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const wasmburst = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [join(installed(), "bin/wasmburst.js"), ...args], { encoding: "utf8" });

  it("has a command that runs and compiles", () => {
    assert.match(wasmburst("run", fib, "--invoke", "fib", "10", "--instances", "2", "--device", "v8"), /55/);
    assert.match(wasmburst("compile", fib, "--profile", "apple"), /kernel void wb_invoke_fib/);
  });

  it("has the library and the protocol under their names", () => {
    const code = `
      const { WasmBurst } = await import("wasmburst");
      const { invoke } = await import("wasmburst/protocol");
      console.log(typeof WasmBurst.launch, invoke.method);`;
    // A package finds itself by its own name.
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: installed(),
      encoding: "utf8",
    });
    assert.equal(output, "function pool/invoke\n");
  });

  it("has the types that the README's programs need", () => {
    const readme = readFileSync(join(installed(), "README.md"), "utf8");
    const programs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program);
    assert.ok(programs.length >= 2);
    const files = programs.map((program, index) => {
      const path = join(installed(), `readme-${index}.mts`);
      // What the text has above the program.
      const given = program?.includes("const burst =") ? "" : "declare const burst: WasmBurst, bytes: Uint8Array;";
      writeFileSync(path, `${program}\n${given}`);
      return path;
    });
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"];
    const { status, stdout } = spawnSync(process.execPath, [compiler, ...options, ...files], {
      cwd: installed(),
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
  });

  it("has the files that the README's commands name", () => {
    const readme = readFileSync(join(installed(), "README.md"), "utf8");
    const named = new Set(readme.match(/\bexamples\/[\w./]+\.(?:wasm|ndjson)\b/g));
    assert.ok(named.size >= 3);
    for (const path of named) assert.ok(existsSync(join(installed(), path)), path);
  });

  it("has the host's sources, and nothing of the tests and benches", () => {
    assert.ok(existsSync(join(installed(), "host-swift/Package.swift")));
    // A map that names a source which is not there is a warning of every bundler.
    assert.deepEqual(
      readdirSync(join(installed(), "dist"), { recursive: true }).filter((name) => String(name).endsWith(".map")),
      [],
    );
    assert.deepEqual(
      readdirSync(installed()).filter((name) => ["test", "bench", "compiler-ts", ".cache"].includes(name)),
      [],
    );
  });
});
