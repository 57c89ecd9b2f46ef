/** WebAssembly text to bytes, for tests. */
import wabtFactory from "wabt";

const wabt = await wabtFactory();

export function wat(text: string): Uint8Array {
  const features = { bulk_memory: true, reference_types: true, sat_float_to_int: true, multi_value: true };
  const module = wabt.parseWat("test.wat", text, features);
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}
