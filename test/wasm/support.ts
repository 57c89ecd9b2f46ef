import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import wabt from "wabt";
import { CompileError, type Diagnostic } from "../../compiler-ts/src/diagnostics.ts";

const require = createRequire(import.meta.url);
const toolkit = await wabt();

/** All of 2.0 and nothing beyond, unless named. */
export function assemble(text: string, beyond: Record<string, boolean> = {}): Uint8Array {
  const parsed = toolkit.parseWat("test.wat", text, {
    mutable_globals: true,
    sat_float_to_int: true,
    sign_extension: true,
    simd: true,
    multi_value: true,
    bulk_memory: true,
    reference_types: true,
    ...beyond,
  });
  try {
    return parsed.toBinary({ write_debug_names: true }).buffer;
  } finally {
    parsed.destroy();
  }
}

/** Modules that others built: name and bytes. */
export function realModules(): { readonly name: string; readonly bytes: Uint8Array }[] {
  const hashWasm = readFileSync(require.resolve("hash-wasm/dist/index.umd.min.js"), "utf8");
  const embedded = [...hashWasm.matchAll(/AGFzbQ[A-Za-z0-9+/=]+/g)].map(([base64], index) => ({
    name: `hash-wasm ${index}`,
    bytes: new Uint8Array(Buffer.from(base64, "base64")),
  }));
  // Not among the package's exports, so by its place beside the entry point.
  const xxhash = readFileSync(join(dirname(require.resolve("xxhash-wasm")), "../workerd/xxhash.wasm"));
  return [{ name: "xxhash-wasm", bytes: new Uint8Array(xxhash) }, ...embedded];
}

/** The diagnostic of the CompileError that `action` has to throw; any other outcome fails the test. */
export function diagnosticOf(action: () => unknown): Diagnostic {
  let result: unknown;
  try {
    result = action();
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostic;
    throw error;
  }
  throw new Error(`expected a CompileError, got ${JSON.stringify(Object.keys(Object(result)))}`);
}

export const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

export function moduleOf(...sections: readonly (readonly number[])[]): Uint8Array {
  return new Uint8Array([...header, ...sections.flat()]);
}

/** A module with one function `[] -> []` whose code entry holds `body` (locals and instructions). */
export function moduleWithBody(body: readonly number[]): Uint8Array {
  return moduleOf(section(1, [1, 0x60, 0, 0]), section(3, [1, 0]), section(10, [1, ...leb(body.length), ...body]));
}
