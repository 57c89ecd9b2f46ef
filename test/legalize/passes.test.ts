import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { dumpModule } from "../../compiler-ts/src/ir/dump.ts";
import { verify } from "../../compiler-ts/src/ir/verify.ts";
import { type LegalizeOptions, legalize } from "../../compiler-ts/src/legalize/index.ts";
import { without } from "../../compiler-ts/src/legalize/passOptions.ts";
import { lowerModule } from "../../compiler-ts/src/lower/lowerModule.ts";
import { type MemoryCell, profiles } from "../../compiler-ts/src/metadata.ts";
import { decode } from "../../compiler-ts/src/wasm/decode.ts";
import { assertGolden } from "../support/golden.ts";
import { wat } from "../support/wat.ts";

const directory = new URL("./", import.meta.url);

/** Texts of the module before the first pass and after each one. */
function textsByPass(bytes: Uint8Array, options: LegalizeOptions = {}): Map<string, { before: string; after: string }> {
  const module = decode(bytes);
  const roots = module.exports.filter((item) => item.kind === "function").map((item) => item.index);
  const ir = lowerModule(module, { roots });
  verify(ir, "lowered");
  let before = dumpModule(ir);
  const texts = new Map<string, { before: string; after: string }>();
  legalize(ir, {
    ...options,
    observe: (pass, current) => {
      verify(current, "legalizing");
      const after = dumpModule(current);
      texts.set(pass, { before, after });
      before = after;
    },
  });
  verify(ir, "legalized");
  return texts;
}

/** These passes run for devices with such arithmetic alone. */
const anyNan: LegalizeOptions = { nativeFloats: { f32: true, f64: true } };
const plainFloats: LegalizeOptions = { flushes: true };
/** For modules with tables. */
const convergence: LegalizeOptions = { converges: true };

describe("each legalization pass, before and after", () => {
  const options: Readonly<Record<string, LegalizeOptions>> = {
    splitting: { largestFunction: 10 },
    suspension: { passes: without(["recursionLoops"]) },
    "accumulators.splitting": { largestFunction: 22 },
    calls: { passes: without(["accumulators"]) },
    earlyReturns: { passes: without(["accumulators"]) },
    fuel: { passes: without(["accumulators", "unrolling"]) },
    anyNan,
    plainFloats,
    speculation: plainFloats,
    convergence,
    "suspension.mergedLoops": { merges: true },
    "fuel.mergedLoops": { merges: true },
  };
  // A pass's name, or one and a variant's: "suspension.recursionLoop.wat".
  const inputs = readdirSync(directory)
    .filter((name) => name.endsWith(".wat"))
    .map((name) => name.replace(/\.wat$/, ""));
  for (const input of inputs) {
    const pass = input.replace(/\..*$/, "");
    it(input, () => {
      const bytes = wat(readFileSync(new URL(`${input}.wat`, directory), "utf8"), input);
      const texts = textsByPass(bytes, options[input] ?? {}).get(pass);
      assert.ok(texts !== undefined, `no pass is named ${pass}`);
      assertGolden(new URL(`${input}.expected.ir`, directory), `; before\n${texts.before}\n; after\n${texts.after}`);
    });
  }

  it("nesting, in the copies of a recursive function, which share its locals", () => {
    const opened = "local.get $n i32.load local.tee $n i32.const 3 i32.and if ".repeat(45);
    const text = `(module (memory 1) (func $f (export "f") (param $n i32) (result i32)
      local.get $n i32.const 1 i32.sub call $f local.get $n i32.rotl local.set $n ${opened} ${"end ".repeat(45)} local.get $n))`;
    const { before = "", after = "" } = textsByPass(wat(text)).get("nesting") ?? {};
    assert.notEqual(before, after);
    assert.match(after, /function f0_f_level1/);
  });

  it("covers every pass", () => {
    const bytes = wat(`(module (func (export "f")))`);
    const passes = [...textsByPass(bytes, { ...anyNan, ...plainFloats, ...convergence }).keys()].sort();
    assert.deepEqual(inputs.filter((input) => !input.includes(".")).sort(), passes);
  });
});

describe("what the compiler refuses", () => {
  const refusal = (text: string, exports?: string[]): string => {
    try {
      compileModule(wat(text), { profile: profiles.cpu, ...(exports === undefined ? {} : { exports }) });
      return "compiled";
    } catch (error) {
      return (error as Error).message;
    }
  };
  it("names the known exports for an unknown one", () => {
    assert.equal(refusal(`(module (func (export "f")))`, ["g"]), `no exported function "g"; the module exports f`);
  });
  it("names the cells of memory that there are", () => {
    const bytes = wat("(module (memory 1))");
    assert.throws(
      () => compileModule(bytes, { profile: profiles.native, memoryCell: 12 as MemoryCell }),
      /memory cells of 12 bytes: expected one of 4, 8, 16, 32, 64, 128/,
    );
  });
});
