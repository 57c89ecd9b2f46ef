/**
 * A module as the v8 device runs it: its memory limited as a pool's is, and exported, so that it can be read and written from outside; its
 * start function exported in place of being started, so that the instance is there when that function calls an import; its imports named
 * by kind and number ("function" "0"), since one name may be imported twice with two types. Function indices do not change.
 */
import { ByteReader } from "../wasm/byteReader.ts";
import { type Import, type ImportDescription, importedCount, type Limits, type Module } from "../wasm/module.ts";

export interface AdaptedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Under which the memory is exported; `undefined` where there is none. */
  readonly memoryExport: string | undefined;
  /** Of the function to call after instantiation; `undefined` where there is none. */
  readonly startExport: string | undefined;
}

interface AddedExport {
  readonly name: string;
  readonly kind: "function" | "memory";
  readonly index: number;
}

const exportKinds = { function: 0x00, memory: 0x02 } as const;
const importSection = 2;
const memorySection = 5;
const exportSection = 7;
const startSection = 8;
/** Sections that follow the export section: start, element, code, data, data count. */
const afterExports: ReadonlySet<number> = new Set([startSection, 9, 10, 11, 12]);

/** `bytes` are valid and `module` is what they decode to. */
export function adapt(bytes: Uint8Array, module: Module, memoryPages: number): AdaptedModule {
  const added: AddedExport[] = [];
  const used = new Set(module.exports.map(({ name }) => name));
  const exported = (kind: AddedExport["kind"], index: number): string => {
    const present = module.exports.find((item) => item.kind === kind && item.index === index);
    if (present !== undefined) return present.name;
    const unused = unusedName(kind === "memory" ? "memory" : "start", used);
    added.push({ name: unused, kind, index });
    return unused;
  };
  const memoryExport = module.memories.length === 0 ? undefined : exported("memory", 0);
  const startExport = module.start === undefined ? undefined : exported("function", module.start);
  const memory = module.memories[importedCount(module, "memory")];

  const output: Uint8Array[] = [bytes.subarray(0, 8)];
  let pending = added.length > 0;
  for (const { id, content, whole } of sectionsOf(bytes)) {
    if (pending && (id === exportSection || afterExports.has(id))) {
      pending = false;
      const present = id === exportSection;
      output.push(section(exportSection, withExports(present ? content : Uint8Array.of(0), added)));
      if (present) continue;
    }
    if (id === startSection) continue;
    if (id === importSection) {
      output.push(section(importSection, renamedImports(module.imports)));
      continue;
    }
    const limits = id === memorySection ? memory?.limits : undefined;
    output.push(
      limits === undefined
        ? whole
        : section(memorySection, [...leb(1), 0x01, ...leb(limits.minimum), ...leb(memoryPages)]),
    );
  }
  if (pending) output.push(section(exportSection, withExports(Uint8Array.of(0), added)));
  return { bytes: new Uint8Array(Buffer.concat(output)), memoryExport, startExport };
}

function* sectionsOf(bytes: Uint8Array) {
  const reader = new ByteReader(bytes);
  reader.skip(8);
  while (reader.remaining > 0) {
    const start = reader.position;
    const id = reader.byte();
    const size = reader.u32();
    const contentStart = reader.position;
    reader.skip(size);
    yield { id, content: bytes.subarray(contentStart, reader.position), whole: bytes.subarray(start, reader.position) };
  }
}

/** The content of an export section with more entries. */
function withExports(content: Uint8Array, added: readonly AddedExport[]): number[] {
  const reader = new ByteReader(content);
  const count = reader.u32();
  const entries = added.flatMap((item) => [...name(item.name), exportKinds[item.kind], ...leb(item.index)]);
  return [...leb(count + added.length), ...content.subarray(reader.position), ...entries];
}

const typeCodes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, funcref: 0x70, externref: 0x6f } as const;

function renamedImports(imports: readonly Import[]): number[] {
  const counts = { function: 0, table: 0, memory: 0, global: 0 };
  const entries = imports.flatMap(({ description }) => [
    ...name(description.kind),
    ...name(String(counts[description.kind]++)),
    ...encodedDescription(description),
  ]);
  return [...leb(imports.length), ...entries];
}

function encodedDescription(description: ImportDescription): number[] {
  switch (description.kind) {
    case "function":
      return [0x00, ...leb(description.typeIndex)];
    case "table":
      return [0x01, typeCodes[description.type.element], ...encodedLimits(description.type.limits)];
    case "memory":
      return [0x02, ...encodedLimits(description.type.limits)];
    case "global":
      return [0x03, typeCodes[description.type.value], description.type.mutable ? 1 : 0];
  }
}

function encodedLimits({ minimum, maximum }: Limits): number[] {
  return maximum === undefined ? [0x00, ...leb(minimum)] : [0x01, ...leb(minimum), ...leb(maximum)];
}

function name(text: string): number[] {
  const bytes = Buffer.from(text);
  return [...leb(bytes.length), ...bytes];
}

function section(id: number, content: ArrayLike<number>): Uint8Array {
  return Uint8Array.from([id, ...leb(content.length), ...Array.from(content)]);
}

function unusedName(wanted: string, used: Set<string>): string {
  let unused = wanted;
  while (used.has(unused)) unused += "'";
  used.add(unused);
  return unused;
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}
