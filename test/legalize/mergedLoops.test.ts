/** Where lanes part in loops within loops, these are steps of one loop; elsewhere each stays one of its own. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { type PassOptions, without } from "../../compiler-ts/src/legalize/passOptions.ts";
import { type Profile, profiles } from "../../compiler-ts/src/metadata.ts";
import { wat } from "../support/wat.ts";

/** Loops of the function whose name has `part`. */
function loopsOf(
  bytes: Uint8Array,
  part: string,
  profile: Profile = profiles.native,
  passes: PassOptions = {},
): number {
  const { text } = compileModule(bytes, { profile, passes });
  const [, body = ""] = new RegExp(`\\bf\\d+_${part}\\([^;\\n]*\\) \\{\\n([^]*?)\\n\\}`).exec(text) ?? [];
  assert.notEqual(body, "", `no function ${part}`);
  return body.match(/while \(true\)/g)?.length ?? 0;
}

const quicksort = readFileSync(new URL("../../examples/wasm/quicksort.wasm", import.meta.url));

/** A loop in a loop; `condition` lets the inner one go on. */
const nested = (condition: string) =>
  wat(`(module (memory 1) (func (export "run") (param $p i32) (param $n i32) (result i32) (local $x i32)
    (loop $outer
      (loop $inner
        (local.set $x (i32.load (local.tee $p (i32.add (local.get $p) (i32.const 4)))))
        (br_if $inner ${condition}))
      (br_if $outer (i32.lt_u (local.get $x) (local.get $n))))
    (local.get $p)))`);

describe("loops within loops", () => {
  for (const profile of [profiles.native, profiles.apple])
    it(`become one where they end by what they load, profile ${profile.name}`, () => {
      assert.equal(loopsOf(quicksort, "sort", profile), 1);
      assert.equal(loopsOf(nested(`(i32.lt_s (local.get $x) (local.get $n))`), "run", profile), 1);
    });

  it("stay where they are switched off, or instances run one by one", () => {
    assert.equal(loopsOf(quicksort, "sort", profiles.native, without(["mergedLoops"])), 7);
    assert.equal(loopsOf(quicksort, "sort", profiles.cpu), 7);
  });

  it("stay where the inner ones end by a count", () => {
    const counted = nested(`(i32.lt_u (local.get $p) (local.get $n))`);
    assert.equal(loopsOf(counted, "run"), 2);
    assert.equal(loopsOf(counted, "run", profiles.native, { mergedLoops: "everywhere" }), 1);
  });

  it("stay where loops keep tables: their lanes wait behind them", () => {
    const lz4 = readFileSync(new URL("../../examples/wasm/lz4.wasm", import.meta.url));
    const { text } = compileModule(lz4, { profile: profiles.native });
    const { text: unmerged } = compileModule(lz4, { profile: profiles.native, passes: without(["mergedLoops"]) });
    assert.equal(text, unmerged);
  });
});
