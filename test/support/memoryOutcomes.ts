/** Results, traps and whole memories of a function named `run`, on V8 and on a pool of ours. */
import { createHash } from "node:crypto";
import type { Pool } from "../../compiler-ts/src/index.ts";
import { trapMessages } from "../../compiler-ts/src/metadata.ts";
import { trapOf } from "../../compiler-ts/src/v8/traps.ts";
import { compileOnV8 } from "./v8.ts";

const pageBytes = 65_536;

/** The difference of two memories would take minutes to print. */
function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Result or trap of each address, and the memory that is left: V8's. */
export function onV8(bytes: Uint8Array, calls: readonly (readonly number[])[]) {
  const fresh = compileOnV8(bytes);
  return calls.map((call) => {
    const instance = fresh();
    let outcome: unknown;
    try {
      outcome = instance.exportedFunction("run")(...call);
    } catch (error) {
      const trap = trapOf(error, bytes);
      if (trap === undefined) throw error;
      outcome = trapMessages[trap.code];
    }
    return { outcome, memory: digest(instance.memory()) };
  });
}

export async function onDevice(pool: Pool, calls: readonly (readonly number[])[]) {
  const results = await pool.invoke("run", calls);
  const memories = await pool.memory.readAll(calls.map((_, instance) => ({ instance, address: 0, length: pageBytes })));
  return results.map((result, instance) => ({
    outcome: "trap" in result ? result.trap : result.values[0],
    memory: digest(memories[instance] as Uint8Array),
  }));
}
