import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { CompileError } from "../../compiler-ts/src/diagnostics.ts";
import { verify } from "../../compiler-ts/src/ir/verify.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { change, mutate } from "../support/mutate.ts";
import { realModules } from "../wasm/support.ts";

const seeds = realModules()
  .map((item) => item.bytes)
  .sort((a, b) => a.length - b.length)
  .slice(0, 10);

test("10,000 random mutations of real modules compile or give a CompileError, and nothing else", () => {
  const outcomes = { compiled: 0, refused: 0 };
  fc.assert(
    fc.property(fc.nat(seeds.length - 1), fc.array(change, { minLength: 1, maxLength: 4 }), (seed, changes) => {
      const bytes = mutate(seeds[seed] as Uint8Array, changes);
      try {
        const { text } = compileModule(bytes, {
          profile: profiles.apple,
          observe: (_pass, module) => verify(module, "legalizing"),
        });
        assert.ok(text.includes("kernel void wb_instantiate("));
        outcomes.compiled++;
      } catch (error) {
        if (!(error instanceof CompileError)) throw error;
        outcomes.refused++;
      }
    }),
    { seed: 20_26, numRuns: 10_000, endOnFailure: true },
  );
  // Both have to occur often for the test to mean anything.
  assert.ok(outcomes.compiled > 300 && outcomes.refused > 500, JSON.stringify(outcomes));
});
