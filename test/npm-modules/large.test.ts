/**
 * Modules of about 1 MB: their texts keep to the limits of shader compilers, and with WASMBURST_LARGE=1 all of SQLite is built for the host's devices, which takes
 * clang minutes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { type ImportDescriptor, type Imports, WasmBurst } from "../../compiler-ts/src/index.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { testedDevices } from "../support/devices.ts";
import { lintMsl } from "../support/mslLint.ts";
import { packages } from "./packages.ts";

for (const name of ["brotli", "sqlite"] as const) {
  const found = packages[name]();
  test(`${name} compiles to a text within the limits`, skipUnless(found), () => {
    if ("missing" in found) return;
    const { text } = compileModule(found.bytes, { profile: profiles.apple });
    const findings = lintMsl(text, { f64: false, contiguous: false });
    assert.deepEqual(
      findings.filter(({ rule }) => !/^function .* has over 4000 lines$/.test(rule)),
      [],
    );
    assert.ok(findings.length <= 2, `${findings.length} functions have over 4000 lines`);
  });
}

const sqlite = packages.sqlite();
const large = process.env.WASMBURST_LARGE === "1" ? undefined : "takes minutes: WASMBURST_LARGE=1";
for (const device of testedDevices) {
  test(`sqlite on ${device} knows its version`, skipUnless(sqlite, large), async () => {
    if ("missing" in sqlite) return;
    await using burst = await WasmBurst.launch({ device });
    await using module = await burst.compile(sqlite.bytes);
    await using pool = await module.instantiate({ instances: 2, imports: unused(module.imports()) });
    assert.deepEqual(await pool.invoke("sqlite3_libversion_number", [[], []]), [
      { values: [3_041_002] },
      { values: [3_041_002] },
    ]);
  });
}

function skipUnless(found: { readonly missing: string } | object, unless?: string): { readonly skip: string | false } {
  return { skip: "missing" in found ? found.missing : (unless ?? false) };
}

/** What a module asks for, functions that nobody may call. */
function unused(wanted: readonly ImportDescriptor[]): Imports {
  const imports: Record<string, Imports[string]> = {};
  for (const { module, name, kind } of wanted) {
    const value =
      kind === "memory"
        ? { pages: 256 }
        : () => {
            throw new Error(`${module}.${name} was called`);
          };
    imports[module] = { ...imports[module], [name]: value };
  }
  return imports;
}
