/** WasmBurst itself: each module of the suite in a pool of one instance, on the device named. */
import { CompileError, HostError, InstantiationTrap, type Pool, WasmBurst } from "../../compiler-ts/src/index.ts";
import { trapMessages } from "../../compiler-ts/src/metadata.ts";
import { indistinctTraps } from "../../compiler-ts/src/v8/traps.ts";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import { type Call, type Outcome, Refusal, type SpecEngine, type SpecInstance, type SpecModule } from "./engine.ts";

/** Loop iterations and calls of one invocation: what is miscompiled must not run for ever. */
const fuel = 100_000_000;

/** `WASMBURST_SPEC_SLICE=N`: each launch may use N units of fuel, so that instances are suspended and resumed all the time. */
const sliceFuel = process.env.WASMBURST_SPEC_SLICE === undefined ? undefined : Number(process.env.WASMBURST_SPEC_SLICE);

/** How far `memory.grow` may go, beyond the minimum; the suite grows to 804 pages. */
const growth = 1024;

/** Requests in flight at once. */
const batchSize = 64;

/** @throws HostError where the device cannot be used. */
export async function burstEngine(device: string, profile?: string): Promise<SpecEngine> {
  let burst = WasmBurst.launch({ device, profile });
  const { id } = (await burst).device;
  return {
    name: `wasmburst ${id}`,
    compileAhead: 2,
    async compile(bytes, exports) {
      try {
        const module = await (await burst).compile(bytes, { exports });
        return {
          instantiate: () => instantiate(module, bytes, id),
          release: () => module.release().catch(ignoreClosed),
        } satisfies SpecModule;
      } catch (error) {
        // One module that kills the host must not fail all after it.
        if (error instanceof HostError && error.code === "hostExited") burst = WasmBurst.launch({ device, profile });
        throw refusalOf(error, bytes);
      }
    },
    // Imports are refused until the issue that brings host calls.
    spectest: () => undefined,
    close: async () => (await burst).close(),
  };
}

async function instantiate(
  module: Awaited<ReturnType<WasmBurst["compile"]>>,
  bytes: Uint8Array,
  device: string,
): Promise<SpecInstance> {
  try {
    const memoryPages = memoryLimit(bytes);
    const pool = await module.instantiate({ instances: 1, ...(memoryPages === undefined ? {} : { memoryPages }) });
    return instanceOf(pool, device);
  } catch (error) {
    throw refusalOf(error, bytes);
  }
}

/** Only for modules that grow their memory: the limit is backed by real memory. */
function memoryLimit(bytes: Uint8Array): number | undefined {
  const module = parseModule(bytes);
  const limits = module.memories[0]?.limits;
  const grows = module.functions.some((body) => body.instructions.some(({ opcode }) => opcode.name === "memory.grow"));
  if (limits === undefined || !grows) return undefined;
  return Math.min(limits.maximum ?? 65_536, limits.minimum + growth);
}

function instanceOf(pool: Pool, device: string): SpecInstance {
  return {
    /** Requests on one pool run in the order of their arrival, so none waits for the answer to the one before. */
    async invoke(calls) {
      const outcomes: Outcome[] = [];
      for (let first = 0; first < calls.length; first += batchSize) {
        outcomes.push(
          ...(await Promise.all(calls.slice(first, first + batchSize).map((call) => invoke(pool, call, device)))),
        );
      }
      return outcomes;
    },
    async readGlobal(name) {
      const value = await pool.globals.get(0, name);
      if (typeof value !== "number") throw new Error(`global ${name} is no i32`);
      return Uint32Array.of(value);
    },
    release: () => pool.release().catch(ignoreClosed),
  };
}

async function invoke(pool: Pool, call: Call, device: string): Promise<Outcome> {
  try {
    const options = device === "v8" ? {} : { fuel, ...(sliceFuel === undefined ? {} : { sliceFuel }) };
    const { status, results } = await pool.invokeRecords(call.name, call.arguments, options);
    const code = status[0] ?? 0;
    if (code === 0) return { kind: "values", words: results };
    return { kind: "trap", messages: wordings(trapMessages[code] ?? `trap ${code}`, device) };
  } catch (error) {
    if (error instanceof HostError) return { kind: "failure", reason: `host: ${error.code}`, detail: error.message };
    if (error instanceof CompileError) return { kind: "failure", reason: error.diagnostic.kind, detail: error.message };
    throw error;
  }
}

function wordings(trap: string, device: string): readonly string[] {
  const alternatives = device === "v8" ? indistinctTraps.find(([reported]) => reported === trap) : undefined;
  return alternatives ?? [trap];
}

/** With the reason that the exception list groups by: without names and numbers. */
function refusalOf(error: unknown, bytes: Uint8Array): unknown {
  if (error instanceof InstantiationTrap) return new Refusal("trap", "trap", [error.trap], error);
  if (error instanceof HostError) return new Refusal("failure", `host: ${error.code}`, [], error);
  if (!(error instanceof CompileError)) return error;
  const { kind, message } = error.diagnostic;
  if (kind === "invalid-module") return new Refusal("invalid", message, [], error);
  if (kind === "unsupported") return new Refusal("unsupported", unsupportedFeature(message, bytes), [], error);
  if (kind === "missing-import") return new Refusal("link", importedKinds(bytes), [], error);
  return new Refusal("failure", `${kind}: ${message}`, [], error);
}

function unsupportedFeature(message: string, bytes: Uint8Array): string {
  return message.startsWith("imports") ? importedKinds(bytes) : message;
}

function importedKinds(bytes: Uint8Array): string {
  const kinds = new Set(parseModule(bytes).imports.map((item) => item.description.kind));
  return `imports: ${[...kinds].sort().join(", ")}`;
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof HostError)) throw error;
}
