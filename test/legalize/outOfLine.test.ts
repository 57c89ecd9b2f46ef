/** Which functions stay calls: what is inlined in a function counts, and so does how often it is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { wat } from "../support/wat.ts";

function stores(count: number): string {
  return "(i32.store (local.get $p) (local.get $p)) ".repeat(count);
}

function calls(callee: string, count: number): string {
  return `(call $${callee} (local.get $p)) `.repeat(count);
}

/** The names among `bodies` of functions that stay calls. */
function kept(bodies: Readonly<Record<string, string>>): string[] {
  const functions = Object.entries(bodies).map(([name, body]) => `(func $${name} (param $p i32) ${body})`);
  const bytes = wat(`(module (memory 1) ${functions.join("\n")} (export "main" (func $main)))`);
  const { text } = compileModule(bytes, { profile: profiles.native });
  const headings = text.matchAll(/^static __attribute__\(\(noinline\)\) \w+ f\d+_(\w+)\(.*\{$/gm);
  return [...headings].map(([, name]) => name as string).sort();
}

describe("functions that stay calls", () => {
  it("are none among small ones that few call", () => {
    assert.deepEqual(kept({ leaf: stores(10), main: calls("leaf", 10) }), []);
  });
  it("are small ones whose copies would be a large part of the module", () => {
    assert.deepEqual(kept({ leaf: stores(10), main: calls("leaf", 100) }), ["leaf"]);
  });
  it("are not those that a call is no smaller than", () => {
    assert.equal(kept({ leaf: stores(2), main: calls("leaf", 600) }).includes("leaf"), false);
  });
  it("are those that are large with what is inlined in them", () => {
    const bodies = { leaf: stores(15), middle: calls("leaf", 15), outer: calls("middle", 2), main: calls("outer", 1) };
    assert.deepEqual(kept(bodies), ["outer"]);
  });
  it("are not those that only kernels call, however much is inlined in them", () => {
    assert.deepEqual(kept({ leaf: stores(30), main: calls("leaf", 30) }), []);
  });
});
