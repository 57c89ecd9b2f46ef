/** The custom section "name", specification appendix 7.4. Names are for people: a malformed section has none, and is no error. */
import { CompileError } from "../diagnostics.ts";
import { ByteReader } from "./byteReader.ts";
import type { Module } from "./module.ts";

export interface NameSection {
  readonly functionNames: ReadonlyMap<number, string>;
  readonly localNames: ReadonlyMap<number, ReadonlyMap<number, string>>;
}

export const noNames: NameSection = { functionNames: new Map(), localNames: new Map() };

export function readNames(bytes: Uint8Array): NameSection {
  try {
    return readSubsections(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof CompileError) return noNames;
    throw error;
  }
}

function readSubsections(reader: ByteReader): NameSection {
  let { functionNames, localNames } = noNames;
  while (reader.remaining > 0) {
    const id = reader.byte();
    const content = reader.window(reader.u32());
    if (id === 1) functionNames = readMap(content, readName);
    else if (id === 2) localNames = readMap(content, () => readMap(content, readName));
  }
  return { functionNames, localNames };
}

function readMap<Value>(reader: ByteReader, readValue: (reader: ByteReader) => Value): Map<number, Value> {
  const map = new Map<number, Value>();
  const count = reader.count();
  for (let item = 0; item < count; item++) map.set(reader.u32(), readValue(reader));
  return map;
}

function readName(reader: ByteReader): string {
  return reader.name();
}

type NameSources = Pick<Module, "imports" | "exports" | "functionTypes" | "functionNames">;

/** A name for every function of the index space: the name section's, else the import's or the first export's, else `func[index]`. */
export function functionDisplayNames(module: NameSources): string[] {
  const names: (string | undefined)[] = new Array(module.functionTypes.length).fill(undefined);
  const offer = (index: number, name: string): void => {
    if (index < names.length) names[index] ??= name;
  };
  for (const [index, name] of module.functionNames) offer(index, name);
  module.imports
    .filter((item) => item.description.kind === "function")
    .forEach((item, index) => {
      offer(index, `${item.module}.${item.name}`);
    });
  for (const item of module.exports) if (item.kind === "function") offer(item.index, item.name);
  return names.map((name, index) => name ?? `func[${index}]`);
}
