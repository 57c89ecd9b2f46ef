import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const sources = new URL("../../host-swift/Sources/", import.meta.url);

test("the host's sources import Metal without an alternative, so that they compile unchanged on a Mac", () => {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".swift") && !name.startsWith("Metal/"),
  );
  const texts = files.map((name) => ({ name, text: readFileSync(new URL(name, sources), "utf8") }));
  assert.ok(texts.some(({ text }) => /^import Metal$/m.test(text)));
  const alternatives = texts.filter(({ text }) =>
    /canImport\(Metal\)|#(?:if|else)[^\n]*\n\s*(?:@\w+ )*import /.test(text),
  );
  assert.deepEqual(
    alternatives.map(({ name }) => name),
    [],
  );
});
