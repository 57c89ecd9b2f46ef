/** The contents of each section, specification section 5.5. The readers take a window that ends where the section does. */
import { CompileError } from "../diagnostics.ts";
import { type ByteReader, malformed } from "./byteReader.ts";
import { type InstructionContext, readConstantExpression, readExpression } from "./instructions.ts";
import type {
  ConstantExpression,
  DataSegment,
  ElementSegment,
  Export,
  ExternalKind,
  FunctionBody,
  FunctionType,
  Global,
  Import,
  ImportDescription,
  MemoryType,
  ReferenceType,
  TableType,
  ValueType,
} from "./module.ts";
import { unsupportedProposal } from "./proposals.ts";
import {
  readFunctionType,
  readGlobalType,
  readMemoryType,
  readReferenceType,
  readTableType,
  readValueType,
  readVector,
} from "./types.ts";

/** As V8 has it: a run of locals is a few bytes however long it is, so their number needs a limit of its own. */
const maximumLocals = 50_000;
const maximumLocalsOfModule = 5_000_000;

export interface ConstantContext extends InstructionContext {
  readonly importedGlobals: number;
}

export function readTypes(reader: ByteReader): FunctionType[] {
  return readVector(reader, readFunctionType);
}

export function readImports(reader: ByteReader): Import[] {
  return readVector(reader, () => {
    const offset = reader.position;
    return { module: reader.name(), name: reader.name(), description: readImportDescription(reader), offset };
  });
}

function readImportDescription(reader: ByteReader): ImportDescription {
  const offset = reader.position;
  const kind = reader.byte();
  switch (kind) {
    case 0:
      return { kind: "function", typeIndex: reader.u32() };
    case 1:
      return { kind: "table", type: readTableType(reader) };
    case 2:
      return { kind: "memory", type: readMemoryType(reader) };
    case 3:
      return { kind: "global", type: readGlobalType(reader) };
    case 4:
      throw unsupportedProposal("exception handling", offset);
    default:
      throw malformed("malformed import kind", offset);
  }
}

/** Type indices of the functions that the module defines. */
export function readFunctions(reader: ByteReader): number[] {
  return readVector(reader, () => reader.u32());
}

export function readTables(reader: ByteReader): TableType[] {
  return readVector(reader, () => {
    // 0x40 0x00 begins a table with an initialiser.
    if (reader.bytes[reader.position] === 0x40) throw unsupportedProposal("typed function references", reader.position);
    return readTableType(reader);
  });
}

export function readMemories(reader: ByteReader): MemoryType[] {
  return readVector(reader, readMemoryType);
}

export function readGlobals(reader: ByteReader, context: ConstantContext): Global[] {
  return readVector(reader, () => ({ type: readGlobalType(reader), initial: readConstant(reader, context) }));
}

function readConstant(reader: ByteReader, context: ConstantContext): ConstantExpression {
  return readConstantExpression(reader, context, context.importedGlobals);
}

const externalKinds: readonly ExternalKind[] = ["function", "table", "memory", "global"];

export function readExports(reader: ByteReader): Export[] {
  return readVector(reader, () => {
    const name = reader.name();
    const offset = reader.position;
    const code = reader.byte();
    if (code === 4) throw unsupportedProposal("exception handling", offset);
    const kind = externalKinds[code];
    if (kind === undefined) throw malformed("malformed export kind", offset);
    return { name, kind, index: reader.u32() };
  });
}

/** The flags' bits: 0 not active, 1 explicit table (active) or declarative, 2 expressions instead of indices. */
export function readElements(reader: ByteReader, context: ConstantContext): ElementSegment[] {
  return readVector(reader, () => {
    const at = reader.position;
    const flags = reader.u32();
    if (flags > 7) throw malformed("malformed elements segment kind", at);
    const active = (flags & 1) === 0;
    const explicit = (flags & 2) !== 0;
    const expressions = (flags & 4) !== 0;
    const mode = active ? "active" : explicit ? "declarative" : "passive";
    const tableIndex = active && explicit ? reader.u32() : 0;
    const offset = active ? readConstant(reader, context) : undefined;
    const hasType = !active || explicit;
    const type = !hasType ? "funcref" : expressions ? readReferenceType(reader) : readElementKind(reader);
    const elements = readVector(reader, () =>
      expressions ? readConstant(reader, context) : { kind: "refFunc" as const, functionIndex: reader.u32() },
    );
    return { mode, type, tableIndex, offset, elements };
  });
}

function readElementKind(reader: ByteReader): ReferenceType {
  const offset = reader.position;
  if (reader.byte() !== 0) throw malformed("malformed element kind", offset);
  return "funcref";
}

export function readData(reader: ByteReader, context: ConstantContext): DataSegment[] {
  return readVector(reader, () => {
    const at = reader.position;
    const flags = reader.u32();
    if (flags > 2) throw malformed("malformed data segment kind", at);
    const memoryIndex = flags === 2 ? reader.u32() : 0;
    const offset = flags === 1 ? undefined : readConstant(reader, context);
    const size = reader.u32();
    return { mode: flags === 1 ? "passive" : "active", memoryIndex, offset, bytes: reader.take(size) };
  });
}

/**
 * `typeIndices` come from the function section, which must have as many functions.
 * `nameOf` names the n-th defined function in the diagnostic of something unsupported.
 */
export function readCode(
  reader: ByteReader,
  typeIndices: readonly number[],
  context: InstructionContext,
  nameOf: (definedIndex: number) => string,
): FunctionBody[] {
  const start = reader.position;
  let localsOfModule = 0;
  const count = reader.count();
  if (count !== typeIndices.length) throw malformed("function and code section have inconsistent lengths", start);
  return typeIndices.map((typeIndex, index) => {
    const size = reader.u32();
    const body = reader.window(size);
    const offset = body.position;
    try {
      const locals = readLocals(body);
      localsOfModule += locals.length;
      if (localsOfModule > maximumLocalsOfModule) {
        throw limit(`more than ${maximumLocalsOfModule} locals in the module`, offset);
      }
      const instructions = readExpression(body, context);
      if (body.remaining > 0) throw malformed("END opcode expected", body.position);
      return { typeIndex, locals, instructions, offset, size, memoryIndex: 0 };
    } catch (error) {
      throw withFunction(error, () => nameOf(index));
    }
  });
}

function readLocals(reader: ByteReader): ValueType[] {
  const locals: ValueType[] = [];
  const runs = reader.count();
  let total = 0;
  for (let run = 0; run < runs; run++) {
    const offset = reader.position;
    const count = reader.u32();
    total += count;
    if (total > 0xffff_ffff) throw malformed("too many locals", offset);
    const type = readValueType(reader);
    // Keeps reading beyond the limit, so that a malformed list is called that.
    if (total <= maximumLocals) for (let index = 0; index < count; index++) locals.push(type);
  }
  if (total > maximumLocals) throw limit(`more than ${maximumLocals} locals in one function`, reader.position);
  return locals;
}

function limit(message: string, offset: number): CompileError {
  return new CompileError({ kind: "limit", message, offset });
}

function withFunction(error: unknown, name: () => string): unknown {
  if (!(error instanceof CompileError) || error.diagnostic.kind === "invalid-module") return error;
  return new CompileError({ ...error.diagnostic, function: name() });
}
