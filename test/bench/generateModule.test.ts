import assert from "node:assert/strict";
import { test } from "node:test";
import { generateModule } from "../../bench/generateModule.ts";
import { compileOnV8 } from "../support/v8.ts";

test("generated modules are valid, of the size asked for, and export run", () => {
  for (const kilobytes of [3, 30, 100, 300]) {
    const bytes = generateModule(kilobytes * 1000);
    assert.ok(bytes.length >= kilobytes * 1000 && bytes.length < kilobytes * 1000 + 20_000, `${bytes.length} bytes`);
    compileOnV8(bytes)().exportedFunction("run");
  }
});

test("the same arguments give the same bytes, another seed others", () => {
  assert.deepEqual(generateModule(20_000, 7), generateModule(20_000, 7));
  assert.notDeepEqual(generateModule(20_000, 7), generateModule(20_000, 8));
});
