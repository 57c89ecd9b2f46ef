/** What the tree shaker and Apple's compiler require of the numeric runtime's text. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Profile, profiles } from "../../compiler-ts/src/metadata.ts";
import { numericFiles } from "../../compiler-ts/src/msl/runtimeFiles.ts";
import { lintMsl } from "../support/mslLint.ts";
import { runtimeFolder } from "./build.ts";
import { operations } from "./operations.ts";

const kinds: readonly Profile[] = [true, false].flatMap((f64) =>
  [true, false].map((f32Subnormals) => ({ ...profiles.apple, f64, f32Subnormals })),
);

function chunksOf(file: string): readonly string[] {
  return readFileSync(join(runtimeFolder, file), "utf8").trimEnd().split(/\n\n+/);
}

function withoutComments(chunk: string): string {
  return chunk.replaceAll(/\/\/.*/g, "").trim();
}

/** The one name at the start of a chunk: of a function, a struct or a constant. */
function definedName(chunk: string): string | undefined {
  const code = withoutComments(chunk);
  const definition =
    /^(?:__attribute__\(\(noinline\)\) static|static inline) \w+ (wb_\w+)\([^)]*\) \{\n/.exec(code) ??
    /^struct (wb_\w+) \{\n/.exec(code) ??
    /^volatile constexpr constant uint (wb_\w+) = /.exec(code);
  return definition?.[1];
}

const everyFile = [...new Set(kinds.flatMap(numericFiles))];

test("every chunk defines one function, struct or constant and stands alone", () => {
  for (const file of everyFile) {
    for (const chunk of chunksOf(file)) {
      assert.notEqual(definedName(chunk), undefined, `${file}: no definition is recognised in\n${chunk}`);
      const topLevel = withoutComments(chunk)
        .split("\n")
        .filter((line) => /^\S/.test(line));
      assert.ok(topLevel.length <= 2, `${file}: more than one definition in\n${chunk}`);
    }
  }
});

test("for every kind of hardware each instruction is defined once, and names are defined before their use", () => {
  for (const kind of kinds) {
    const defined = new Set<string>();
    for (const chunk of numericFiles(kind).flatMap(chunksOf)) {
      const name = definedName(chunk) ?? "";
      assert.ok(!defined.has(name), `${name} is defined twice`);
      defined.add(name);
      for (const [used] of withoutComments(chunk).matchAll(/\bwb_\w+/g)) {
        assert.ok(defined.has(used), `${name} uses ${used}, which is not defined before it`);
      }
    }
    for (const { name } of operations) assert.ok(defined.has(`wb_${name}`), `wb_${name} is missing`);
  }
});

test("the whole text passes the lint for emitted text", () => {
  const head = "using namespace metal;\n#pragma METAL fp math_mode(safe)\n#pragma METAL fp contract(off)\n\n";
  for (const kind of kinds) {
    const text = head + numericFiles(kind).flatMap(chunksOf).join("\n\n");
    assert.deepEqual(lintMsl(text, { f64: kind.f64, contiguous: false }), []);
  }
});

test("variable shift counts are masked to the width of what they shift", () => {
  for (const file of everyFile) {
    for (const chunk of chunksOf(file)) {
      for (const [shift, count = ""] of withoutComments(chunk).matchAll(/(?:<<|>>) (.*)/g)) {
        assert.match(count, /^(?:\d+\b|\(.* & (?:31|63)ul?\))/, `${file}: "${shift}" in ${definedName(chunk)}`);
      }
    }
  }
});
