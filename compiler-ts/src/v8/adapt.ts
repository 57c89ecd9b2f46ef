/**
 * A module as the v8 device runs it: its memory limited as a pool's is, and exported, so that it can be read and written from outside.
 * Function indices do not change.
 */
import { ByteReader } from "../wasm/byteReader.ts";
import type { Module } from "../wasm/module.ts";

export interface AdaptedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Under which the memory is exported; `undefined` where there is none. */
  readonly memoryExport: string | undefined;
}

const memorySection = 5;
const exportSection = 7;
/** Sections that follow the export section: start, element, code, data, data count. */
const afterExports: ReadonlySet<number> = new Set([8, 9, 10, 11, 12]);

/** `bytes` are valid and `module` is what they decode to. */
export function adapt(bytes: Uint8Array, module: Module, memoryPages: number): AdaptedModule {
  const memory = module.memories[0];
  if (memory === undefined) return { bytes: new Uint8Array(bytes), memoryExport: undefined };

  const exported = module.exports.find(({ kind }) => kind === "memory")?.name;
  const memoryExport = exported ?? unusedName(new Set(module.exports.map(({ name }) => name)));
  const limited = [...leb(1), 0x01, ...leb(memory.limits.minimum), ...leb(memoryPages)];

  const output: Uint8Array[] = [bytes.subarray(0, 8)];
  let pending = exported === undefined;
  for (const { id, content, whole } of sectionsOf(bytes)) {
    if (pending && (id === exportSection || afterExports.has(id))) {
      pending = false;
      const present = id === exportSection;
      output.push(section(exportSection, withExport(present ? content : Uint8Array.of(0), memoryExport)));
      if (present) continue;
    }
    output.push(id === memorySection ? section(memorySection, limited) : whole);
  }
  if (pending) output.push(section(exportSection, withExport(Uint8Array.of(0), memoryExport)));
  return { bytes: new Uint8Array(Buffer.concat(output)), memoryExport };
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

/** The content of an export section with one more entry, for memory 0. */
function withExport(content: Uint8Array, name: string): number[] {
  const reader = new ByteReader(content);
  const count = reader.u32();
  const text = Buffer.from(name);
  return [...leb(count + 1), ...content.subarray(reader.position), ...leb(text.length), ...text, 0x02, 0x00];
}

function section(id: number, content: ArrayLike<number>): Uint8Array {
  return Uint8Array.from([id, ...leb(content.length), ...Array.from(content)]);
}

function unusedName(used: ReadonlySet<string>): string {
  let name = "memory";
  while (used.has(name)) name += "'";
  return name;
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
