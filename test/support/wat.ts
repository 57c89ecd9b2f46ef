/** WebAssembly text to bytes and back, for tests and benches. Names go into the name section, as toolchains write them. */
import wabtFactory from "wabt";

const wabt = await wabtFactory();

const features = {
  sign_extension: true,
  sat_float_to_int: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  simd: true,
} as const;

export function wat(text: string, name = "test.wat"): Uint8Array {
  const module = wabt.parseWat(name, text, features);
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}

/** An instruction a line, indices instead of names. */
export function unfoldedText(bytes: Uint8Array): string {
  const module = wabt.readWasm(bytes, { ...features, readDebugNames: false });
  try {
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}
