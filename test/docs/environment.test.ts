/** docs/environment.md lists exactly the variables that the sources name. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const variable = /\bWASMBURST_[A-Z_]*[A-Z]\b/g;
/** Macros of the cpu device's headers. */
const macros = new Set(["WASMBURST_CHECKED", "WASMBURST_FLUSHES_SUBNORMALS"]);

test("every environment variable that is read is documented, once, and no other", () => {
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
  const sources = files.filter((path) => path !== "" && !path.endsWith(".md") && !path.startsWith("bench/results/"));
  const read = new Set<string>();
  for (const path of sources) {
    for (const [name] of readFileSync(join(root, path), "latin1").matchAll(variable)) {
      if (!macros.has(name)) read.add(name);
    }
  }
  const documented = readFileSync(join(root, "docs/environment.md"), "utf8").matchAll(/^\| `(WASMBURST_[A-Z_]+)` \|/gm);
  assert.deepEqual([...documented].map(([, name]) => name).sort(), [...read].sort());
});
