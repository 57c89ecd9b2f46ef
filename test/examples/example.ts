import { readFileSync } from "node:fs";
import { compileOnV8, type V8Instance } from "../support/v8.ts";

export function exampleBytes(name: string): Uint8Array {
  return readFileSync(new URL(`../../examples/wasm/${name}.wasm`, import.meta.url));
}

/** A fresh instance of the committed build of an example. */
export function instantiateExample(name: string): V8Instance {
  return compileOnV8(exampleBytes(name))();
}
