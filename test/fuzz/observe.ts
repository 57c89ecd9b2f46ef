/** What can be seen of a module's run: outcomes of calls, exported globals and memory, on V8 and on a device of WasmBurst. */
import { setFlagsFromString } from "node:v8";
import type { Value } from "../../compiler-ts/src/index.ts";
import { trapMessages } from "../../compiler-ts/src/metadata.ts";
import { indistinctTraps, trapOf } from "../../compiler-ts/src/v8/traps.ts";
import { valueToJson } from "../../compiler-ts/src/valueText.ts";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import type { ValueType } from "../../compiler-ts/src/wasm/module.ts";
import { ImportFailure, v8Imports } from "./importedFunctions.ts";

// V8's baseline compiler (11.3, Node 20) overwrites values on the stack that a branch back to a loop shifts: docs/fuzzing.md, "What it found in V8".
setFlagsFromString("--no-liftoff");

/** A module and the calls made in each of its instances, one after the other. */
export interface Case {
  readonly bytes: Uint8Array;
  readonly instances: number;
  /** How often each instance is there on a device; all are to do the same. */
  readonly copies: number;
  readonly calls: readonly Call[];
}

export interface Call {
  readonly name: string;
  /** One list an instance. */
  readonly arguments: readonly (readonly Value[])[];
}

/** A call as one instance has it. */
interface InstanceCall {
  readonly name: string;
  readonly arguments: readonly Value[];
}

export function callsOf({ calls }: Case, instance: number): readonly InstanceCall[] {
  return calls.map((call) => ({ name: call.name, arguments: call.arguments[instance] ?? [] }));
}

export type Outcome = { readonly values: readonly Value[] } | { readonly trap: string; readonly functionIndex: number };

export interface Observation {
  readonly outcomes: readonly Outcome[];
  /** In the order of the exports. */
  readonly globals: readonly Value[];
  /** The whole of the exported memory. */
  readonly memory: Uint8Array | undefined;
}

/** One observation an instance, or the trap that ended instantiation. `unlike`: how a copy differs from the instance that was observed. */
export type Run =
  | { readonly instances: readonly Observation[]; readonly unlike?: string | undefined }
  | { readonly trap: string };

/** The names and types that a run looks at: what JavaScript can, so neither functions nor globals with a v128. */
export interface Interface {
  readonly functions: ReadonlyMap<
    string,
    { readonly parameters: readonly ValueType[]; readonly results: readonly ValueType[] }
  >;
  readonly globals: readonly { readonly name: string; readonly type: ValueType }[];
  readonly memory: { readonly name: string; readonly maximumPages: number | undefined } | undefined;
  readonly imports: boolean;
}

export function interfaceOf(bytes: Uint8Array): Interface {
  const module = parseModule(bytes);
  const exported = (kind: string) => module.exports.filter((item) => item.kind === kind);
  const functions = exported("function").map(({ name, index }) => {
    const { parameters = [], results = [] } = module.types[module.functionTypes[index] ?? -1] ?? {};
    return [name, { parameters, results }] as const;
  });
  const callable = functions.filter(([, { parameters, results }]) => ![...parameters, ...results].includes("v128"));
  const memory = exported("memory")[0];
  return {
    functions: new Map(callable),
    globals: exported("global")
      .map(({ name, index }) => ({ name, type: module.globals[index]?.type.value ?? "i32" }))
      .filter(({ type }) => type !== "v128"),
    memory: memory && { name: memory.name, maximumPages: module.memories[memory.index]?.limits.maximum },
    imports: module.imports.length > 0,
  };
}

export function observeOnV8({ bytes, instances, calls }: Case): Run {
  const module = new WebAssembly.Module(bytes);
  const seen = interfaceOf(bytes);
  const observations: Observation[] = [];
  for (let instance = 0; instance < instances; instance++) {
    const imports = v8Imports(() => exports[seen.memory?.name ?? ""] as WebAssembly.Memory);
    const instantiated = attempt(() => new WebAssembly.Instance(module, imports).exports, bytes);
    if ("trap" in instantiated) return { trap: instantiated.trap };
    const exports = instantiated.value;
    const outcomes = calls.map((call): Outcome => {
      // An exported function has whatever parameters its module gives it: the declared type is `Function`.
      const target = exports[call.name] as unknown as (...values: readonly Value[]) => unknown;
      const result = attempt(() => target(...(call.arguments[instance] ?? [])), bytes);
      return "trap" in result ? result : { values: listOf(result.value, seen.functions.get(call.name)?.results ?? []) };
    });
    const memory = seen.memory && (exports[seen.memory.name] as WebAssembly.Memory);
    observations.push({
      outcomes,
      globals: seen.globals.map(({ name }) => asValue((exports[name] as WebAssembly.Global).value)),
      memory: memory && new Uint8Array(memory.buffer).slice(),
    });
  }
  return { instances: observations };
}

function attempt<T>(
  action: () => T,
  bytes: Uint8Array,
): { readonly value: T } | { readonly trap: string; readonly functionIndex: number } {
  try {
    return { value: action() };
  } catch (error) {
    if (error instanceof ImportFailure) return { trap: "host function failed", functionIndex: 0 };
    const site = trapOf(error, bytes);
    if (site === undefined) throw error;
    return { trap: trapMessages[site.code] ?? "", functionIndex: site.functionIndex };
  }
}

function listOf(returned: unknown, types: readonly ValueType[]): readonly Value[] {
  if (types.length === 0) return [];
  return (types.length === 1 ? [returned] : (returned as readonly unknown[])).map(asValue);
}

/** A function reference is only null or not: 1 stands for any. */
function asValue(value: unknown): Value {
  return typeof value === "function" ? 1 : (value as Value);
}

/** The first thing in which `actual` differs from the run `expected` of `reference`; `undefined` if nothing does. */
export function difference(expected: Run, actual: Run, item: Case, reference = "V8"): string | undefined {
  if ("trap" in expected || "trap" in actual) {
    const [want, have] = [expected, actual].map((run) => ("trap" in run ? `trap ${run.trap}` : "no trap"));
    if (want === have) return undefined;
    return `instantiation: ${reference} has ${want}, the device ${have}`;
  }
  const seen = interfaceOf(item.bytes);
  for (const [instance, want] of expected.instances.entries()) {
    const have = actual.instances[instance];
    if (have === undefined) return `instance ${instance} is missing`;
    const found = observationDifference(want, have, callsOf(item, instance), seen, reference);
    if (found !== undefined) return `instance ${instance}, ${found}`;
  }
  return actual.unlike;
}

/** Of one instance, or of two that are to do the same. */
export function observationDifference(
  want: Observation,
  have: Observation,
  calls: readonly InstanceCall[],
  { functions, globals }: Interface,
  reference: string,
): string | undefined {
  for (const [index, call] of calls.entries()) {
    const results = functions.get(call.name)?.results ?? [];
    const [left, right] = [want.outcomes[index], have.outcomes[index]];
    if (left === undefined || right === undefined || !sameOutcome(left, right, results)) {
      const given = show(call.arguments, functions.get(call.name)?.parameters ?? []);
      return `call ${index}, ${call.name}(${given}): ${reference} has ${showOutcome(left, results)}, the device ${showOutcome(right, results)}`;
    }
  }
  for (const [index, { name, type }] of globals.entries()) {
    const [left, right] = [want.globals[index], have.globals[index]];
    if (!sameValue(type, left, right)) {
      return `global ${name}: ${reference} has ${show([left], [type])}, the device ${show([right], [type])}`;
    }
  }
  const memory = memoryDifference(want.memory, have.memory, reference);
  return memory === undefined ? undefined : `memory: ${memory}`;
}

function memoryDifference(
  want: Uint8Array | undefined,
  have: Uint8Array | undefined,
  reference: string,
): string | undefined {
  if (want === undefined || have === undefined) return undefined;
  if (want.length !== have.length) return `${reference} has ${want.length} bytes, the device ${have.length}`;
  if (Buffer.compare(want, have) === 0) return undefined;
  const at = want.findIndex((byte, index) => byte !== have[index]);
  return `byte ${at}: ${reference} has ${want[at]}, the device ${have[at]}`;
}

function sameOutcome(want: Outcome, have: Outcome, types: readonly ValueType[]): boolean {
  if ("trap" in want || "trap" in have) {
    if (!("trap" in want && "trap" in have)) return false;
    const place = want.functionIndex === have.functionIndex || placeless.has(want.trap);
    return place && sameTrap(want.trap, have.trap);
  }
  return types.every((type, index) => sameValue(type, want.values[index], have.values[index]));
}

/** Traps whose function V8 does not tell, or tells otherwise. */
const placeless: ReadonlySet<string> = new Set(["call stack exhausted", "host function failed"]);

function sameTrap(onV8: string, onDevice: string): boolean {
  return onV8 === onDevice || indistinctTraps.some(([first, second]) => onV8 === first && onDevice === second);
}

/** All NaNs are one value, zeros are two; of a function only whether there is one. */
function sameValue(type: ValueType, left: Value | undefined, right: Value | undefined): boolean {
  if (type === "funcref") return (left === null) === (right === null);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) === 0;
  return Object.is(left, right);
}

function show(values: readonly (Value | undefined)[], types: readonly ValueType[]): string {
  return types.map((type, index) => String(valueToJson(type, values[index] ?? null))).join(" ");
}

function showOutcome(outcome: Outcome | undefined, types: readonly ValueType[]): string {
  if (outcome === undefined) return "nothing";
  if ("trap" in outcome) return `trap ${outcome.trap} in function ${outcome.functionIndex}`;
  return `[${show(outcome.values, types)}]`;
}
