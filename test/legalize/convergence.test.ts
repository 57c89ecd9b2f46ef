/** Lanes that wait for one another behind a loop would wait for ever for one that has left it by another way. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { without } from "../../compiler-ts/src/legalize/passOptions.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";

const lz4 = readFileSync(new URL("../../examples/wasm/lz4.wasm", import.meta.url));

/** Ends of loops, and ends of functions within them, with the waiting that ends there; `undefined` for a loop without any. */
function waysOut(text: string): { readonly loops: (string | undefined)[]; readonly problems: string[] } {
  const lines = text.split("\n").map((line) => line.trim());
  const loops: (string | undefined)[] = [];
  const problems: string[] = [];
  // Of each open brace: a loop's waiting, "" for a loop without, `undefined` for what is no loop.
  const open: (string | undefined)[] = [];
  lines.forEach((line, at) => {
    const waits = (name: string): boolean => line.includes(`wb_lanes_together(${name});`);
    if (/\breturn\b/.test(line)) {
      for (const name of open) if (name && !waits(name)) problems.push(`line ${at}: ends the function, not ${name}`);
    }
    if (line.startsWith("}")) {
      const name = open.pop();
      if (name !== undefined) loops.push(name || undefined);
      if (name && lines[at + 1] !== `wb_lanes_together(${name});`) problems.push(`line ${at}: ends ${name}'s loop`);
    }
    if (!line.endsWith("{") && !/\{ \/\/ /.test(line)) return;
    const isLoop = line.startsWith("while (true)");
    open.push(isLoop ? (/^uint (lanes\d+) = wb_lanes\(\);$/.exec(lines[at - 1] ?? "")?.[1] ?? "") : undefined);
  });
  return { loops, problems };
}

describe("lanes come together", () => {
  for (const profile of [profiles.native, profiles.apple]) {
    it(`by every way out of the loops of a module with a table, profile ${profile.name}`, () => {
      const { text } = compileModule(lz4, { profile });
      const { loops, problems } = waysOut(text);
      assert.deepEqual(problems, []);
      assert.ok(loops.length >= 25 && !loops.includes(undefined), `loops: ${loops.join(", ")}`);
    });
  }

  it("and the test sees one that is missing", () => {
    const { text } = compileModule(lz4, { profile: profiles.native });
    const ends = [...text.matchAll(/wb_lanes_together\(lanes\d+\);/g)];
    assert.ok(ends.length > 50);
    for (const { index, 0: end } of ends)
      assert.notDeepEqual(waysOut(text.slice(0, index) + text.slice(index + end.length)).problems, []);
  });

  it("not where there is no table, where it is switched off, or where instances run one by one", () => {
    const quicksort = readFileSync(new URL("../../examples/wasm/quicksort.wasm", import.meta.url));
    const texts = [
      compileModule(quicksort, { profile: profiles.native }),
      compileModule(lz4, { profile: profiles.native, passes: without(["convergence"]) }),
      compileModule(lz4, { profile: profiles.cpu }),
    ];
    for (const { text } of texts) assert.doesNotMatch(text, /wb_lanes/);
  });

  it("threads of such a module ask for cache of their own", () => {
    const cacheBytes = (name: string): number => {
      const bytes = readFileSync(new URL(`../../examples/wasm/${name}.wasm`, import.meta.url));
      return compileModule(bytes, { profile: profiles.native }).metadata.layout.cacheBytes;
    };
    assert.equal(cacheBytes("lz4"), 448);
    assert.equal(cacheBytes("quicksort"), 0);
  });
});
