/** Types of the binary format, specification section 5.3. */
import { type ByteReader, malformed } from "./byteReader.ts";
import type {
  BlockType,
  FunctionType,
  GlobalType,
  Limits,
  MemoryType,
  ReferenceType,
  TableType,
  ValueType,
} from "./module.ts";
import { proposalOfLimits, proposalOfType, unsupportedProposal } from "./proposals.ts";

function valueTypeOf(byte: number): ValueType | undefined {
  switch (byte) {
    case 0x7f:
      return "i32";
    case 0x7e:
      return "i64";
    case 0x7d:
      return "f32";
    case 0x7c:
      return "f64";
    case 0x7b:
      return "v128";
    case 0x70:
      return "funcref";
    case 0x6f:
      return "externref";
    default:
      return undefined;
  }
}

function refuseType(byte: number, message: string, offset: number): never {
  const proposal = proposalOfType(byte);
  throw proposal === undefined ? malformed(message, offset) : unsupportedProposal(proposal, offset);
}

/** Every item takes a byte at least, so the count is bounded by what is left to read. */
export function readVector<Item>(reader: ByteReader, readItem: (reader: ByteReader, index: number) => Item): Item[] {
  const count = reader.count();
  const items: Item[] = [];
  for (let index = 0; index < count; index++) items.push(readItem(reader, index));
  return items;
}

export function readValueType(reader: ByteReader): ValueType {
  const offset = reader.position;
  const byte = reader.byte();
  return valueTypeOf(byte) ?? refuseType(byte, "malformed value type", offset);
}

export function readReferenceType(reader: ByteReader): ReferenceType {
  const offset = reader.position;
  const byte = reader.byte();
  if (byte === 0x70) return "funcref";
  if (byte === 0x6f) return "externref";
  return refuseType(byte, "malformed reference type", offset);
}

export function readFunctionType(reader: ByteReader): FunctionType {
  const offset = reader.position;
  const form = reader.byte();
  if (form !== 0x60) refuseType(form, "malformed function type", offset);
  return { parameters: readVector(reader, readValueType), results: readVector(reader, readValueType) };
}

export function readLimits(reader: ByteReader): Limits {
  const offset = reader.position;
  const flags = reader.byte();
  if (flags > 1) {
    const proposal = proposalOfLimits(flags);
    // The specification reads the flags as an integer of one bit.
    const message = flags >= 0x80 ? "integer representation too long" : "integer too large";
    throw proposal === undefined ? malformed(message, offset) : unsupportedProposal(proposal, offset);
  }
  const minimum = reader.u32();
  return { minimum, maximum: flags === 1 ? reader.u32() : undefined };
}

export function readTableType(reader: ByteReader): TableType {
  return { element: readReferenceType(reader), limits: readLimits(reader) };
}

export function readMemoryType(reader: ByteReader): MemoryType {
  return { limits: readLimits(reader) };
}

export function readGlobalType(reader: ByteReader): GlobalType {
  const value = readValueType(reader);
  const offset = reader.position;
  const mutability = reader.byte();
  if (mutability > 1) throw malformed("malformed mutability", offset);
  return { value, mutable: mutability === 1 };
}

const emptyBlock: BlockType = { parameters: [], results: [] };
const singleResultBlocks = new Map<number, BlockType>();

/** `types` resolves the long form, an index; the short forms share one object each. */
export function readBlockType(reader: ByteReader, types: readonly FunctionType[]): BlockType {
  const offset = reader.position;
  const code = reader.s33();
  if (code >= 0) {
    const type = types[code];
    if (type === undefined) throw malformed("unknown type", offset);
    return type;
  }
  if (code === -0x40) return emptyBlock;
  const known = singleResultBlocks.get(code);
  if (known !== undefined) return known;
  const byte = code & 0x7f;
  const result = code < -0x40 ? undefined : valueTypeOf(byte);
  if (result === undefined) refuseType(code < -0x40 ? 0 : byte, "malformed block type", offset);
  const block: BlockType = { parameters: [], results: [result] };
  singleResultBlocks.set(code, block);
  return block;
}
