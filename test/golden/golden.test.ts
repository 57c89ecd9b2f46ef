import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compileModule, emitIr } from "../../compiler-ts/src/compile.ts";
import { verify } from "../../compiler-ts/src/ir/verify.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { assertGolden } from "../support/golden.ts";
import { lintMsl } from "../support/mslLint.ts";
import { wat } from "../support/wat.ts";

const directory = new URL("./", import.meta.url);
const inputs = readdirSync(directory).filter((name) => name.endsWith(".wat"));

describe("golden texts", () => {
  for (const input of inputs) {
    const bytes = wat(readFileSync(new URL(input, directory), "utf8"), input);
    const expected = (suffix: string): URL => new URL(input.replace(/\.wat$/, `.expected.${suffix}`), directory);

    it(`${input}: MSL for the apple profile`, () => {
      const { text } = compileModule(bytes, {
        profile: profiles.apple,
        observe: (_pass, module) => verify(module, "legalizing"),
      });
      assert.deepEqual(lintMsl(text, { f64: false, contiguous: false }), []);
      assertGolden(expected("msl"), text);
    });

    it(`${input}: IR before and after legalization`, () => {
      const options = { profile: profiles.apple };
      assertGolden(
        expected("ir"),
        `; lowered\n${emitIr(bytes, options, "lowered")}\n; legalized\n${emitIr(bytes, options, "legalized")}`,
      );
    });

    it(`${input}: the other profiles pass the lint, and the text is the same each time`, () => {
      for (const profile of [profiles.native, profiles.cpu]) {
        const { text } = compileModule(bytes, { profile });
        assert.deepEqual(lintMsl(text, { f64: true, contiguous: profile === profiles.cpu }), []);
        assert.equal(compileModule(bytes, { profile }).text, text);
      }
    });
  }
});
