/** Packages that others publish, run as they are: what their modules compute, and how they call their imports, is what V8 has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testedDevices } from "../support/devices.ts";
import { V8Machines, withMachines } from "./machines.ts";
import { packages } from "./packages.ts";
import { Log, type Program, programs, textOfInstance } from "./programs.ts";

const instances = 4;

for (const [name, program] of Object.entries<Program>(programs)) {
  const found = await packages[name as keyof typeof programs]();
  for (const device of testedDevices) {
    const title = `${name} on ${device} gives V8's results`;
    if ("missing" in found) {
      test(title, { skip: found.missing }, () => {});
      continue;
    }
    test(title, async () => {
      const { bytes } = found;
      const expectedLog = new Log();
      const expected = await program.run(
        new V8Machines(bytes, instances, program.effects(expectedLog), program.memory),
      );
      const log = new Log();
      const actual = await withMachines(
        device,
        bytes,
        instances,
        program.effects(log),
        program.run,
        program.memoryPages,
      );
      assert.deepEqual(plain(actual), plain(expected));
      assert.deepEqual(log.entries, expectedLog.entries);
      if (name === "lz4" || name === "zstd" || name === "brotli") {
        const { restored } = actual as { readonly restored: readonly Uint8Array[] };
        assert.deepEqual(plain(restored), plain(restored.map((_, instance) => textOfInstance(instance))));
      }
    });
  }
}

/** Bytes as text, whatever array holds them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}
