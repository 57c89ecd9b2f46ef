/**
 * Large and deeply nested functions: the text keeps to the limits of shader compilers, and smaller ones of the same shape run with V8's results. With
 * WASMBURST_LARGE=1 those of full size run as well, which takes clang minutes for each.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { invokeAll, testedDevices, withPool } from "../support/devices.ts";
import { lintMsl } from "../support/mslLint.ts";
import { compileOnV8 } from "../support/v8.ts";
import {
  type LargeModule,
  liveLocals,
  longBody,
  manyFunctions,
  manyLabels,
  nestedBlocks,
  nestedIfs,
  shortLivedLocals,
  wideExpression,
} from "./largeModules.ts";

interface Shape {
  readonly name: string;
  readonly make: LargeModule;
  readonly full: number;
  readonly small: number;
  /** Its labels or live locals keep it together: one function has more than 4000 lines. */
  readonly long?: boolean;
}

const shapes: readonly Shape[] = [
  { name: "nested blocks", make: nestedBlocks, full: 990, small: 100, long: true },
  { name: "nested ifs", make: nestedIfs, full: 990, small: 100 },
  { name: "operands of one expression", make: wideExpression, full: 10_000, small: 500 },
  { name: "locals, all live in a loop", make: liveLocals, full: 4000, small: 300, long: true },
  { name: "blocks with ten labels each of a br_table", make: manyLabels, full: 990, small: 100, long: true },
  { name: "functions", make: manyFunctions, full: 5000, small: 500 },
  { name: "operations of one body", make: longBody, full: 80_000, small: 1000 },
];
const instances = [0, 1, 7, 255, 1023, -5, 123_456_789];

describe("large functions", () => {
  for (const { name, make, full, long } of shapes)
    it(`${full} ${name} keep to the rules of the text`, () => {
      const { text } = compileModule(make(full), { profile: profiles.apple });
      const findings = lintMsl(text, { f64: false, contiguous: false });
      assert.deepEqual(
        findings.filter(({ rule }) => long !== true || !/^function .* has over 4000 lines$/.test(rule)),
        [],
      );
    });

  it("10,000 locals, all live in a loop, are over a named limit", () => {
    assert.throws(
      () => compileModule(liveLocals(10_000), { profile: profiles.apple }),
      /^CompileError: function 0 takes \d+ lines of the text, over the limit of 20000, and has too many live values to be split in function/,
    );
  });

  it("10,000 locals, each live for a while, are not", () => {
    const { text } = compileModule(shortLivedLocals(10_000), { profile: profiles.apple });
    assert.deepEqual(lintMsl(text, { f64: false, contiguous: false }), []);
  });

  for (const device of testedDevices)
    for (const { name, make, full, small } of shapes) {
      const size = process.env.WASMBURST_LARGE === "1" ? full : small;
      it(`${size} ${name} on ${device} give V8's results`, async () => {
        const bytes = make(size);
        const f = compileOnV8(bytes)().exportedFunction("f");
        const calls = instances.map((value) => [value]);
        await withPool({ device, bytes, instances: instances.length }, async (pool) => {
          assert.deepEqual(
            await invokeAll(pool, "f", calls),
            calls.map(([value = 0]) => [f(value)]),
          );
        });
      });
    }
});
