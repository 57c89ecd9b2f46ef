/** Modules of wasm-smith, by `wasm-tools smith`: WASMBURST_WASM_TOOLS, else the one on PATH. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Value } from "../../compiler-ts/src/index.ts";
import type { ValueType } from "../../compiler-ts/src/wasm/module.ts";
import { boundaryValue } from "./boundaryValues.ts";
import type { FuzzDevice } from "./device.ts";
import { type Case, interfaceOf } from "./observe.ts";
import { type Comparison, compare, Difference, type Finding, reduceCalls, type Tally } from "./search.ts";

/** WebAssembly 2.0 without imports, NaNs canonical, memories and tables small. */
const configuration = {
  "max-imports": 0,
  "min-funcs": 4,
  "max-funcs": 12,
  "min-exports": 3,
  "min-memories": 1,
  "max-memories": 1,
  "max-memory32-bytes": 262_144,
  "memory-max-size-required": true,
  "max-tables": 3,
  "max-table-elements": 64,
  "table-max-size-required": true,
  "export-everything": true,
  "allow-start-export": false,
  "bulk-memory-enabled": true,
  "multi-value-enabled": true,
  "reference-types-enabled": true,
  "simd-enabled": true,
  "relaxed-simd-enabled": false,
  "threads-enabled": false,
  "shared-everything-threads-enabled": false,
  "exceptions-enabled": false,
  "gc-enabled": false,
  "tail-call-enabled": false,
  "memory64-enabled": false,
  "extended-const-enabled": false,
  "wide-arithmetic-enabled": false,
  "custom-page-sizes-enabled": false,
  "custom-descriptors-enabled": false,
  "compact-imports-enabled": false,
  "canonicalize-nans": true,
  "generate-custom-sections": false,
} as const;

/** Calls and loop iterations that an instance may make in all its life; then it traps as unreachable. */
const fuel = 2000;
const instances = 4;
const seedBytes = 3000;

export async function searchSmith(
  options: { readonly count: number; readonly seed: number; readonly copies?: number },
  devices: readonly FuzzDevice[],
  tally: Tally,
  onFinding: (finding: Finding) => void,
  comparison: Comparison = compare,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "wasmburst-fuzz-"));
  try {
    for (let index = 0; index < options.count; index++) {
      // Half of the modules cannot trap and so run to their ends, but for the fuel.
      const item = caseOf(draw(directory, `${options.seed} ${index}`, index % 2 === 0), index, options.copies);
      tally.programs++;
      try {
        await comparison(item, devices, tally);
      } catch (error) {
        if (!(error instanceof Difference)) throw error;
        const { profile } = error;
        const reduced = await reduceCalls(
          item,
          devices.filter((device) => device.profile === profile),
          comparison,
        );
        onFinding({ ...reduced, profile, text: print(directory) });
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function wasmTools(args: readonly string[]): string {
  const tool = process.env.WASMBURST_WASM_TOOLS ?? "wasm-tools";
  try {
    return execFileSync(tool, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new Error(`--source smith needs wasm-tools (docs/fuzzing.md); there is no ${tool}`);
  }
}

/** The module that `key` stands for. */
function draw(directory: string, key: string, withoutTraps: boolean): Uint8Array {
  const path = (name: string) => join(directory, name);
  writeFileSync(path("seed"), createHash("shake256", { outputLength: seedBytes }).update(key).digest());
  writeFileSync(path("configuration.json"), JSON.stringify({ ...configuration, "disallow-traps": withoutTraps }));
  const limits = ["--ensure-termination", "--fuel", String(fuel)];
  wasmTools(["smith", path("seed"), "-c", path("configuration.json"), ...limits, "-o", path("module.wasm")]);
  const text = wasmTools(["print", path("module.wasm")]);
  if (openConversion.test(text)) {
    writeFileSync(path("canonical.wat"), withCanonicalConversions(text));
    wasmTools(["parse", path("canonical.wat"), "-o", path("module.wasm")]);
  }
  return new Uint8Array(readFileSync(path("module.wasm")));
}

/**
 * wasm-smith makes the NaNs of arithmetic canonical, but not those of conversions between the widths, whose bits are as open where
 * the operand is a NaN with a payload. Lines of the text, as `wasm-tools print` writes them.
 */
const openConversion = /^ +(?:f32\.demote_f64|f64\.promote_f32|f32x4\.demote_f64x2_zero|f64x2\.promote_low_f32x4)$/m;

const conversions = [
  { name: "f32.demote_f64", from: "f64", to: "f32", shape: "f32" },
  { name: "f64.promote_f32", from: "f32", to: "f64", shape: "f64" },
  { name: "f32x4.demote_f64x2_zero", from: "v128", to: "v128", shape: "f32x4" },
  { name: "f64x2.promote_low_f32x4", from: "v128", to: "v128", shape: "f64x2" },
] as const;

/** Each conversion is a call of a function behind all others, whose indices so stay the same. */
function withCanonicalConversions(text: string): string {
  const functions = conversions.map(({ name, from, to, shape }) => {
    const nan =
      to === "v128" ? `v128.const ${shape} ${shape === "f32x4" ? "nan nan nan nan" : "nan nan"}` : `${to}.const nan`;
    const test = `local.get $converted local.get $converted ${shape}.eq`;
    const choice = to === "v128" ? "v128.bitselect" : "select";
    return `(func $${name} (param ${from}) (result ${to}) (local $converted ${to})
      local.get 0 ${name} local.tee $converted ${nan} ${test} ${choice})`;
  });
  const calls = text.replace(new RegExp(openConversion, "gm"), (line) => line.replace(/\S+/, "call $$$&"));
  return calls.replace(/\)\s*$/, `${functions.join("\n")}\n)`);
}

/** Of the module drawn last. */
function print(directory: string): string {
  return wasmTools(["print", join(directory, "module.wasm")]);
}

/** Every exported function once; whatever fuel is left goes to those behind. */
function caseOf(bytes: Uint8Array, seed: number, copies = 1): Case {
  let key = seed * 7;
  const calls = [...interfaceOf(bytes).functions].map(([name, { parameters }]) => ({
    name,
    arguments: Array.from({ length: instances }, () => parameters.map((type) => argument(type, key++))),
  }));
  return { bytes, instances, copies, calls };
}

function argument(type: ValueType, key: number): Value {
  if (type === "funcref" || type === "externref") return type === "externref" && key % 2 === 0 ? key + 1 : null;
  if (type === "v128") throw new Error("JavaScript has no v128");
  return boundaryValue(type, key);
}
