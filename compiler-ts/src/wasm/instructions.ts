/** Instructions, expressions and constant expressions, specification sections 5.4 and 3.3.10. */
import { type ByteReader, malformed } from "./byteReader.ts";
import type { ConstantExpression, FunctionType, Instruction } from "./module.ts";
import { type Opcode, plainOpcode, prefixedOpcode } from "./opcodes.ts";
import { proposalOfOpcode, proposalOfPrefixedOpcode, unsupportedProposal } from "./proposals.ts";
import { readBlockType, readReferenceType, readValueType, readVector } from "./types.ts";

const block = 0x02;
const loop = 0x03;
const if_ = 0x04;
const end = 0x0b;

/** What instructions refer to outside of their function. */
export interface InstructionContext {
  readonly types: readonly FunctionType[];
  /** Without a data count section `memory.init` and `data.drop` are malformed. */
  readonly hasDataCount: boolean;
}

/** Reads up to and including the `end` that closes the expression. Keeps a depth, not a stack: nesting costs nothing. */
export function readExpression(reader: ByteReader, context: InstructionContext): Instruction[] {
  const instructions: Instruction[] = [];
  let depth = 1;
  while (depth > 0) {
    const instruction = readInstruction(reader, context);
    instructions.push(instruction);
    const code = instruction.opcode.code;
    if (code === end) depth--;
    else if (code === block || code === loop || code === if_) depth++;
  }
  return instructions;
}

function readOpcode(reader: ByteReader): Opcode {
  const offset = reader.position;
  const byte = reader.byte();
  const plain = plainOpcode(byte);
  if (plain !== undefined) return plain;
  if (byte !== 0xfc && byte !== 0xfd) {
    const proposal = proposalOfOpcode(byte);
    throw proposal === undefined ? illegalOpcode([byte], offset) : unsupportedProposal(proposal, offset);
  }
  const subcode = reader.u32();
  const prefixed = prefixedOpcode(byte, subcode);
  if (prefixed !== undefined) return prefixed;
  const proposal = proposalOfPrefixedOpcode(byte, subcode);
  throw proposal === undefined ? illegalOpcode([byte, subcode], offset) : unsupportedProposal(proposal, offset);
}

function illegalOpcode(codes: readonly number[], offset: number): Error {
  return malformed(`illegal opcode ${codes.map((code) => code.toString(16).padStart(2, "0")).join(" ")}`, offset);
}

function readInstruction(reader: ByteReader, context: InstructionContext): Instruction {
  const offset = reader.position;
  const opcode = readOpcode(reader);
  switch (opcode.immediate) {
    case "none":
      return { opcode, offset, immediate: "none" };
    case "block":
      return { opcode, offset, immediate: "block", blockType: readBlockType(reader, context.types) };
    case "index":
      return { opcode, offset, immediate: "index", index: readIndex(reader, opcode, context) };
    case "indexPair": {
      const [first, second] = readIndexPair(reader, opcode, context);
      return { opcode, offset, immediate: "indexPair", first, second };
    }
    case "labelTable": {
      const labels = readVector(reader, readU32);
      return { opcode, offset, immediate: "labelTable", labels, defaultLabel: reader.u32() };
    }
    case "callIndirect": {
      const typeIndex = reader.u32();
      return { opcode, offset, immediate: "callIndirect", typeIndex, tableIndex: reader.u32() };
    }
    case "memory": {
      const align = readAlignment(reader);
      return { opcode, offset, immediate: "memory", align, memoryOffset: reader.u32() };
    }
    case "i32":
      return { opcode, offset, immediate: "i32", value: reader.s32() };
    case "i64":
      return { opcode, offset, immediate: "i64", value: reader.s64() };
    case "f32":
      return { opcode, offset, immediate: "f32", bits: reader.bits32() };
    case "f64":
      return { opcode, offset, immediate: "f64", bits: reader.bits64() };
    case "v128":
      return { opcode, offset, immediate: "v128", bytes: reader.take(16) };
    case "lane":
      return { opcode, offset, immediate: "lane", lane: reader.byte() };
    case "memoryLane": {
      const align = readAlignment(reader);
      const memoryOffset = reader.u32();
      return { opcode, offset, immediate: "memoryLane", align, memoryOffset, lane: reader.byte() };
    }
    case "shuffle":
      return { opcode, offset, immediate: "shuffle", lanes: reader.take(16) };
    case "valueTypes":
      return { opcode, offset, immediate: "valueTypes", types: readVector(reader, readValueType) };
    case "referenceType":
      return { opcode, offset, immediate: "referenceType", type: readReferenceType(reader) };
  }
}

function readU32(reader: ByteReader): number {
  return reader.u32();
}

function readIndex(reader: ByteReader, opcode: Opcode, context: InstructionContext): number {
  switch (opcode.name) {
    case "memory.size":
    case "memory.grow":
    case "memory.fill":
      return readZeroByte(reader);
    case "data.drop":
      requireDataCount(context, reader.position);
      return reader.u32();
    default:
      return reader.u32();
  }
}

function readIndexPair(reader: ByteReader, opcode: Opcode, context: InstructionContext): [number, number] {
  switch (opcode.name) {
    case "memory.copy":
      return [readZeroByte(reader), readZeroByte(reader)];
    case "memory.init":
      requireDataCount(context, reader.position);
      return [reader.u32(), readZeroByte(reader)];
    default:
      return [reader.u32(), reader.u32()];
  }
}

/** The place of a memory index, which 2.0 fixes to one zero byte. */
function readZeroByte(reader: ByteReader): number {
  const offset = reader.position;
  if (reader.byte() !== 0) throw malformed("zero byte expected", offset);
  return 0;
}

function requireDataCount(context: InstructionContext, offset: number): void {
  if (!context.hasDataCount) throw malformed("data count section required", offset);
}

function readAlignment(reader: ByteReader): number {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags < 32) return flags;
  // Bit 6 announces a memory index in later versions.
  throw flags >= 64 && flags < 96
    ? unsupportedProposal("multiple memories", offset)
    : malformed("malformed memop flags", offset);
}

/** `importedGlobals` bounds what `global.get` may name in 2.0. */
export function readConstantExpression(
  reader: ByteReader,
  context: InstructionContext,
  importedGlobals: number,
): ConstantExpression {
  const first = readInstruction(reader, context);
  const expression = constantOf(first, importedGlobals);
  const close = readInstruction(reader, context);
  if (close.opcode.code !== end) throw notConstant(close);
  return expression;
}

function constantOf(instruction: Instruction, importedGlobals: number): ConstantExpression {
  switch (instruction.immediate) {
    case "i32":
      return { kind: "i32", value: instruction.value };
    case "i64":
      return { kind: "i64", value: instruction.value };
    case "f32":
      return { kind: "f32", bits: instruction.bits };
    case "f64":
      return { kind: "f64", bits: instruction.bits };
    case "v128":
      return { kind: "v128", bytes: instruction.bytes };
    case "referenceType":
      return { kind: "refNull", type: instruction.type };
    case "index":
      if (instruction.opcode.name === "ref.func") return { kind: "refFunc", functionIndex: instruction.index };
      if (instruction.opcode.name === "global.get" && instruction.index < importedGlobals) {
        return { kind: "globalGet", globalIndex: instruction.index };
      }
      throw notConstant(instruction);
    default:
      throw notConstant(instruction);
  }
}

/** Later versions allow sums, products and references to any earlier global. */
function notConstant(instruction: Instruction): Error {
  switch (instruction.opcode.name) {
    case "i32.const":
    case "i64.const":
    case "global.get":
    case "i32.add":
    case "i32.sub":
    case "i32.mul":
    case "i64.add":
    case "i64.sub":
    case "i64.mul":
      return unsupportedProposal("extended constant expressions", instruction.offset);
    default:
      return malformed("constant expression required", instruction.offset);
  }
}
