/** Matches what a module needs with what it is given, and else with what the host offers: before anything runs, with everything that is missing or of a wrong type. */
import { CompileError } from "../diagnostics.ts";
import { renderType } from "../wasm/inspect.ts";
import type { FunctionType, GlobalType, MemoryType, ReferenceType, TableType, ValueType } from "../wasm/module.ts";
import type { ImportDescriptor } from "./description.ts";
import {
  Batched,
  type BatchedFunction,
  type ImportedMemory,
  type ImportedTable,
  type ImportFunction,
  type Imports,
  type ImportValue,
  PerInstance,
} from "./imports.ts";
import { usage } from "./usage.ts";
import { recordWords, show, type Value, writeValue } from "./values.ts";

/** One item for all instances, or one an instance. */
export interface Given<Item> {
  readonly perInstance: boolean;
  /** One item alone where it is the same for all. */
  readonly items: readonly Item[];
}

export function givenTo<Item>({ perInstance, items }: Given<Item>, instance: number): Item {
  return items[perInstance ? instance : 0] as Item;
}

interface Named {
  readonly module: string;
  readonly name: string;
}
export interface ResolvedFunction extends Named, FunctionType {
  readonly implementation:
    | { readonly kind: "single"; readonly call: ImportFunction }
    | { readonly kind: "batched"; readonly serve: BatchedFunction }
    /** The host's own function of these names. */
    | { readonly kind: "host" };
}
/** Functions that stand in where an import is not given. */
export type OfferedFunctions = readonly ResolvedFunction[];
export interface ResolvedGlobal extends Named {
  readonly type: GlobalType;
  /** The value's words, low word first. */
  readonly given: Given<Uint32Array>;
}
export interface ResolvedMemory extends Named {
  readonly type: MemoryType;
  readonly given: Given<{ readonly pages: number; readonly contents: Uint8Array }>;
}
export interface ResolvedTable extends Named {
  readonly type: TableType;
  /** `elements` has as many as the table: numbers of references, 0 for null. */
  readonly given: Given<{ readonly elements: Uint32Array }>;
}

export interface ResolvedImports {
  /** In the order of what the module needs: instances wait for them by number. */
  readonly functions: readonly ResolvedFunction[];
  readonly globals: readonly ResolvedGlobal[];
  readonly memories: readonly ResolvedMemory[];
  readonly tables: readonly ResolvedTable[];
}

/** Throws CompileError of kind "missing-import" that lists module, name and type of each. */
export function refuseMissing(
  needed: readonly ImportDescriptor[],
  given: Imports,
  offered: readonly (Named & FunctionType)[],
): void {
  const missing = needed.filter((item) => lookUp(given, item) === undefined && offeredFor(item, offered) === undefined);
  if (missing.length === 0) return;
  const list = missing
    .map((item) => {
      const other = offered.find(({ module, name }) => module === item.module && name === item.name);
      const hint = other === undefined ? "" : ` (the host's own is ${renderType({ kind: "function", ...other })})`;
      return `${item.module}.${item.name}: ${renderType(item)}${hint}`;
    })
    .join("; ");
  throw new CompileError({ kind: "missing-import", message: `imports are not provided: ${list}` });
}

/** Throws CompileError of kind "usage" that names the first import that is given something of a wrong type. */
export function resolveImports(
  needed: readonly ImportDescriptor[],
  given: Imports,
  offered: OfferedFunctions,
  instances: number,
): ResolvedImports {
  refuseMissing(needed, given, offered);
  const functions: ResolvedFunction[] = [];
  const globals: ResolvedGlobal[] = [];
  const memories: ResolvedMemory[] = [];
  const tables: ResolvedTable[] = [];
  for (const item of needed) {
    const { module, name } = item;
    const value = lookUp(given, item);
    if (value === undefined) {
      const stand = offeredFor(item, offered);
      if (stand !== undefined) functions.push(stand);
      continue;
    }
    const what = `import ${module}.${name}`;
    const each = <Item>(resolve: (state: unknown) => Item) => eachInstance(value, instances, what, resolve);
    switch (item.kind) {
      case "function": {
        const { parameters, results } = item;
        functions.push({ module, name, parameters, results, implementation: implementationOf(value, item, what) });
        break;
      }
      case "global": {
        const type = { value: item.value, mutable: item.mutable };
        globals.push({ module, name, type, given: each((state) => globalWords(type.value, state, what)) });
        break;
      }
      case "memory":
        memories.push({ module, name, type: item, given: each((state) => memoryOf(item, state, what)) });
        break;
      case "table":
        tables.push({ module, name, type: item, given: each((state) => tableOf(item, state, what)) });
        break;
    }
  }
  return { functions, globals, memories, tables };
}

function offeredFor<Offered extends Named & FunctionType>(
  item: ImportDescriptor,
  offered: readonly Offered[],
): Offered | undefined {
  if (item.kind !== "function") return undefined;
  const same = (one: readonly ValueType[], other: readonly ValueType[]) => one.join() === other.join();
  return offered.find(
    ({ module, name, parameters, results }) =>
      module === item.module && name === item.name && same(parameters, item.parameters) && same(results, item.results),
  );
}

/** Inherited names, `toString` among them, are not given. */
function lookUp(given: Imports, { module, name }: Named): ImportValue | undefined {
  const items = Object.hasOwn(given, module) ? given[module] : undefined;
  if (items === undefined || items === null || !(name in Object(items))) return undefined;
  return Object.hasOwn(items, name) ? items[name] : undefined;
}

function implementationOf(
  value: ImportValue,
  type: FunctionType & { readonly kind: "function" },
  what: string,
): ResolvedFunction["implementation"] {
  if (value instanceof Batched) return { kind: "batched", serve: value.serve };
  if (typeof value === "function") return { kind: "single", call: value };
  throw usage(`${what} is a function ${renderType(type)} and was given ${show(value)}`);
}

function eachInstance<Item>(
  value: ImportValue,
  instances: number,
  what: string,
  resolve: (state: unknown) => Item,
): Given<Item> {
  if (!(value instanceof PerInstance)) return { perInstance: false, items: [resolve(value)] };
  const of = value.of;
  if (typeof of !== "function" && of.length !== instances) {
    throw usage(`${what}: ${of.length} items for ${instances} instances`);
  }
  const items = Array.from({ length: instances }, (_, instance) =>
    resolve(typeof of === "function" ? of(instance) : of[instance]),
  );
  return { perInstance: true, items };
}

function globalWords(type: ValueType, state: unknown, what: string): Uint32Array {
  const words = new Uint32Array(recordWords([type]));
  writeValue(type, state as Value, words, 0, () => what);
  return words;
}

const pageBytes = 65_536;

function memoryOf({ limits }: MemoryType, state: unknown, what: string) {
  const { pages, contents = new Uint8Array() } = objectOf<ImportedMemory>(state, `${what} is a memory`, "pages");
  checkCount(pages, limits, `${what}: a memory of ${show(pages)} pages`);
  if (!(contents instanceof Uint8Array)) throw usage(`${what}: the contents are not a Uint8Array`);
  if (contents.length > pages * pageBytes) {
    throw usage(`${what}: ${contents.length} bytes of contents in a memory of ${pages} pages`);
  }
  return { pages, contents };
}

function tableOf({ element, limits }: TableType, state: unknown, what: string) {
  const { size, elements: given = [] } = objectOf<ImportedTable>(state, `${what} is a table`, "size");
  checkCount(size, limits, `${what}: a table of ${show(size)} elements`);
  if (!Array.isArray(given) || given.length > size) {
    throw usage(`${what}: the elements of a table of ${size} are an array of at most as many`);
  }
  const elements = new Uint32Array(size);
  given.forEach((value: Value, index) => {
    writeValue(element satisfies ReferenceType, value, elements, index, () => `${what}, element ${index}`);
  });
  return { elements };
}

function objectOf<Shape>(state: unknown, what: string, field: string): Partial<Shape> & Record<string, unknown> {
  if (typeof state === "object" && state !== null && field in state) return state as never;
  throw usage(`${what}, an object with ${field}, and was given ${show(state)}`);
}

function checkCount(
  count: unknown,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number | undefined },
  what: string,
): asserts count is number {
  if (!Number.isInteger(count) || Number(count) < minimum || Number(count) > (maximum ?? 2 ** 32 - 1)) {
    const most = maximum === undefined ? "" : ` and at most ${maximum}`;
    throw usage(`${what} was given, and the module needs at least ${minimum}${most}`);
  }
}
