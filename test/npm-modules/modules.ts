/** WebAssembly modules that others wrote, taken from npm packages as their authors publish them. */
import { readFileSync } from "node:fs";

/** xxhash-wasm publishes its module as a file: exports mem, xxh32(address, length, seed: i32), xxh64(…, seed: i64). */
export function xxhashModule(): Uint8Array {
  return readFileSync(new URL("../../node_modules/xxhash-wasm/workerd/xxhash.wasm", import.meta.url));
}

/**
 * hash-wasm carries its modules inside its JavaScript, so the bytes are read where it hands them to WebAssembly.compile.
 * Each exports memory, Hash_GetBuffer() -> address of the input and later the digest, and Hash_Calculate(length, …).
 * Works once for each algorithm in a process: the package caches what it compiled.
 */
export async function hashWasmModule(algorithm: "md5" | "sha256"): Promise<Uint8Array> {
  const compile = WebAssembly.compile;
  const seen: Uint8Array[] = [];
  WebAssembly.compile = (bytes) => {
    seen.push(new Uint8Array(bytes).slice());
    return compile(bytes);
  };
  try {
    const hashWasm = await import("hash-wasm");
    await hashWasm[algorithm]("");
  } finally {
    WebAssembly.compile = compile;
  }
  const [bytes, ...others] = seen;
  if (bytes === undefined || others.length > 0) throw new Error(`hash-wasm compiled ${seen.length} modules`);
  return bytes;
}

/** Different bytes, of lengths 0 to 1,023 in a scattered order, for each instance. */
export function inputOfInstance(instance: number): Uint8Array {
  const input = new Uint8Array((instance * 389) % 1024);
  let state = instance + 1;
  for (let i = 0; i < input.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    input[i] = state >>> 24;
  }
  return input;
}
