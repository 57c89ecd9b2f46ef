/**
 * Bytes to `Module`: one pass over the sections, specification section 5.5.
 *
 * `decode` checks the binary grammar only. Types, indices and the other rules of validation are the engine's business
 * (`WebAssembly.validate`), so `parseModule` is the way in for bytes from outside.
 */
import { ByteReader, malformed } from "./byteReader.ts";
import type { CustomSection, FunctionType, GlobalType, Module } from "./module.ts";
import { functionDisplayNames, noNames, readNames } from "./names.ts";
import { unsupportedProposal } from "./proposals.ts";
import * as sections from "./sections.ts";
import { assertValid } from "./validate.ts";

/** Validates with the JavaScript engine, then decodes. Throws nothing but CompileError. */
export function parseModule(bytes: Uint8Array): Module {
  assertValid(bytes);
  return decode(bytes);
}

/** Sections by id in the order that modules must have; 0 is custom, 12 the data count. */
const sectionOrder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];
const tagSection = 13;

interface SectionWindows {
  readonly byId: ReadonlyMap<number, ByteReader>;
  readonly customSections: readonly CustomSection[];
}

/** Throws CompileError for anything that is not the binary form of a module. Indices may still be out of range. */
export function decode(bytes: Uint8Array): Module {
  const reader = new ByteReader(bytes);
  readHeader(reader);
  const { byId, customSections } = splitSections(reader);
  /** The section's content as `read` gives it, all of it consumed; `absent` where there is no such section. */
  const section = <Content>(id: number, read: (content: ByteReader) => Content, absent: Content): Content => {
    const window = byId.get(id);
    if (window === undefined) return absent;
    const content = read(window);
    if (window.remaining > 0) throw malformed("section size mismatch", window.position);
    return content;
  };

  const types: readonly FunctionType[] = section(1, sections.readTypes, []);
  const imports = section(2, sections.readImports, []);
  const descriptions = imports.map((item) => item.description);
  const importedFunctions = descriptions.flatMap((item) => (item.kind === "function" ? [item.typeIndex] : []));
  const importedGlobals: GlobalType[] = descriptions.flatMap((item) => (item.kind === "global" ? [item.type] : []));
  const dataCount = section<number | undefined>(12, (content) => content.u32(), undefined);
  const context = { types, hasDataCount: dataCount !== undefined, importedGlobals: importedGlobals.length };

  const definedFunctions = section(3, sections.readFunctions, []);
  const tables = [
    ...descriptions.flatMap((item) => (item.kind === "table" ? [item.type] : [])),
    ...section(4, sections.readTables, []),
  ];
  const memories = [
    ...descriptions.flatMap((item) => (item.kind === "memory" ? [item.type] : [])),
    ...section(5, sections.readMemories, []),
  ];
  if (memories.length > 1) throw unsupportedProposal("multiple memories", byId.get(5)?.start ?? 0);
  const globals = section(6, (content) => sections.readGlobals(content, context), []);
  const exports = section(7, sections.readExports, []);
  const start = section<number | undefined>(8, (content) => content.u32(), undefined);
  const elements = section(9, (content) => sections.readElements(content, context), []);
  const data = section(11, (content) => sections.readData(content, context), []);
  if (dataCount !== undefined && dataCount !== data.length) {
    throw malformed("data count and data section have inconsistent lengths", byId.get(12)?.start ?? 0);
  }

  const names = customSections.find((item) => item.name === "name");
  const { functionNames, localNames } = names === undefined ? noNames : readNames(names.bytes);
  const functionTypes = [...importedFunctions, ...definedFunctions];
  const nameOf = (definedIndex: number): string =>
    functionDisplayNames({ imports, exports, functionTypes, functionNames })[importedFunctions.length + definedIndex] ??
    "";
  if (definedFunctions.length > 0 && !byId.has(10)) {
    throw malformed("function and code section have inconsistent lengths", byId.get(3)?.start ?? 0);
  }
  // Code comes last, so that what is unsupported in it can be reported with its function's name.
  const functions = section(10, (content) => sections.readCode(content, definedFunctions, context, nameOf), []);

  return {
    types,
    imports,
    functionTypes,
    tables,
    memories,
    globalTypes: [...importedGlobals, ...globals.map((global) => global.type)],
    globals,
    exports,
    start,
    elements,
    data,
    functions,
    customSections,
    functionNames,
    localNames,
  };
}

function readHeader(reader: ByteReader): void {
  // An absent magic number and a wrong one are different messages in the specification's tests.
  const { bytes } = reader;
  const magic = [0x00, 0x61, 0x73, 0x6d];
  if (bytes.length < 4) throw malformed("unexpected end", bytes.length);
  if (magic.some((byte, index) => bytes[index] !== byte)) throw malformed("magic header not detected", 0);
  if (bytes.length < 8) throw malformed("unexpected end", bytes.length);
  reader.skip(4);
  if (reader.bits32() !== 1) throw malformed("unknown binary version", 4);
}

function splitSections(reader: ByteReader): SectionWindows {
  const byId = new Map<number, ByteReader>();
  const customSections: CustomSection[] = [];
  let place = -1;
  while (reader.remaining > 0) {
    const offset = reader.position;
    const id = reader.byte();
    const content = reader.window(reader.u32());
    if (id === 0) {
      const name = content.name();
      customSections.push({ name, offset: content.position, bytes: content.take(content.remaining) });
      continue;
    }
    if (id === tagSection) throw unsupportedProposal("exception handling", offset);
    const next = sectionOrder.indexOf(id);
    if (next < 0) throw malformed("malformed section id", offset);
    if (next <= place) throw malformed("unexpected content after last section", offset);
    place = next;
    byId.set(id, content);
  }
  return { byId, customSections };
}
