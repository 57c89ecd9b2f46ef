/** `Module` to bytes, specification section 5.5: the inverse of `decode` but for custom sections and the offsets of things. */
import { ByteWriter } from "./byteWriter.ts";
import {
  type BlockType,
  type ConstantExpression,
  type DataSegment,
  type ElementSegment,
  type ExternalKind,
  type FunctionBody,
  type FunctionType,
  type GlobalType,
  type Import,
  type Instruction,
  importedCount,
  type Limits,
  type Module,
  type TableType,
  type ValueType,
} from "./module.ts";
import { type OpcodeName, opcodeNamed } from "./opcodes.ts";

const typeCodes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};

const kindCodes: Readonly<Record<ExternalKind, number>> = { function: 0, table: 1, memory: 2, global: 3 };

const header = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

export function encode(module: Module): Uint8Array {
  return new Encoder(module).run();
}

class Encoder {
  readonly #module: Module;
  /** Block types of several values name one of the module's; decoding lost which. */
  readonly #types: FunctionType[];
  readonly #output = new ByteWriter();

  constructor(module: Module) {
    this.#module = module;
    this.#types = [...module.types];
  }

  run(): Uint8Array {
    const module = this.#module;
    const defined = <Item>(items: readonly Item[], kind: ExternalKind): readonly Item[] =>
      items.slice(importedCount(module, kind));
    // First, because it may need further types.
    const code = module.functions.map((body) => this.#body(body));
    this.#output.append(header);
    this.#section(1, this.#types, writeFunctionType);
    this.#section(2, module.imports, writeImport);
    this.#section(3, defined(module.functionTypes, "function"), (out, type) => out.u32(type));
    this.#section(4, defined(module.tables, "table"), writeTableType);
    this.#section(5, defined(module.memories, "memory"), (out, { limits }) => writeLimits(out, limits));
    this.#section(6, module.globals, (out, { type, initial }) => {
      writeGlobalType(out, type);
      this.#constant(out, initial);
    });
    this.#section(7, module.exports, (out, { name, kind, index }) => {
      out.name(name);
      out.byte(kindCodes[kind]);
      out.u32(index);
    });
    if (module.start !== undefined) this.#content(8, (out) => out.u32(module.start as number));
    this.#section(9, module.elements, (out, segment) => this.#elementSegment(out, segment));
    if (module.data.length > 0) this.#content(12, (out) => out.u32(module.data.length));
    this.#section(10, code, (out, body) => out.sized(body));
    this.#section(11, module.data, (out, segment) => this.#dataSegment(out, segment));
    return this.#output.bytes;
  }

  #section<Item>(id: number, items: readonly Item[], write: (out: ByteWriter, item: Item) => void): void {
    if (items.length > 0) this.#content(id, (out) => out.vector(items, (item) => write(out, item)));
  }

  #content(id: number, write: (out: ByteWriter) => void): void {
    const content = new ByteWriter();
    write(content);
    this.#output.byte(id);
    this.#output.sized(content.bytes);
  }

  #body({ locals, instructions }: FunctionBody): Uint8Array {
    const out = new ByteWriter();
    out.vector(runsOf(locals), ({ count, type }) => {
      out.u32(count);
      out.byte(typeCodes[type]);
    });
    for (const instruction of instructions) this.#instruction(out, instruction);
    return out.bytes;
  }

  #instruction(out: ByteWriter, instruction: Instruction): void {
    const { code } = instruction.opcode;
    if (code > 0xff) {
      out.byte(code >> 8);
      out.u32(code & 0xff);
    } else out.byte(code);
    switch (instruction.immediate) {
      case "none":
        break;
      case "block":
        this.#blockType(out, instruction.blockType);
        break;
      case "index":
        out.u32(instruction.index);
        break;
      case "indexPair":
        out.u32(instruction.first);
        out.u32(instruction.second);
        break;
      case "labelTable":
        out.vector(instruction.labels, (label) => out.u32(label));
        out.u32(instruction.defaultLabel);
        break;
      case "callIndirect":
        out.u32(instruction.typeIndex);
        out.u32(instruction.tableIndex);
        break;
      case "memory":
        out.u32(instruction.align);
        out.u32(instruction.memoryOffset);
        break;
      case "i32":
        out.s32(instruction.value);
        break;
      case "i64":
        out.s64(instruction.value);
        break;
      case "f32":
        out.fixed(BigInt(instruction.bits), 4);
        break;
      case "f64":
        out.fixed(instruction.bits, 8);
        break;
      case "v128":
        out.append(instruction.bytes);
        break;
      case "lane":
        out.byte(instruction.lane);
        break;
      case "memoryLane":
        out.u32(instruction.align);
        out.u32(instruction.memoryOffset);
        out.byte(instruction.lane);
        break;
      case "shuffle":
        out.append(instruction.lanes);
        break;
      case "valueTypes":
        out.vector(instruction.types, (type) => out.byte(typeCodes[type]));
        break;
      case "referenceType":
        out.byte(typeCodes[instruction.type]);
        break;
    }
  }

  #blockType(out: ByteWriter, type: BlockType): void {
    const [result, ...more] = type.results;
    if (type.parameters.length > 0 || more.length > 0) out.s64(BigInt(this.#typeIndex(type)));
    else out.byte(result === undefined ? 0x40 : typeCodes[result]);
  }

  #typeIndex(type: FunctionType): number {
    const known = this.#types.indexOf(type);
    return known >= 0 ? known : this.#types.push(type) - 1;
  }

  #elementSegment(out: ByteWriter, { mode, type, tableIndex, offset, elements }: ElementSegment): void {
    out.byte(mode === "active" ? 6 : mode === "passive" ? 5 : 7);
    if (mode === "active") {
      out.u32(tableIndex);
      this.#constant(out, offset as ConstantExpression);
    }
    out.byte(typeCodes[type]);
    out.vector(elements, (element) => this.#constant(out, element));
  }

  #dataSegment(out: ByteWriter, { mode, memoryIndex, offset, bytes }: DataSegment): void {
    out.byte(mode === "active" ? 2 : 1);
    if (mode === "active") {
      out.u32(memoryIndex);
      this.#constant(out, offset as ConstantExpression);
    }
    out.sized(bytes);
  }

  #constant(out: ByteWriter, expression: ConstantExpression): void {
    this.#instruction(out, instructionOf(expression));
    out.byte(opcodeNamed("end").code);
  }
}

function instructionOf(expression: ConstantExpression): Instruction {
  const at = (name: OpcodeName) => ({ opcode: opcodeNamed(name), offset: 0 });
  switch (expression.kind) {
    case "i32":
      return { ...at("i32.const"), immediate: "i32", value: expression.value };
    case "i64":
      return { ...at("i64.const"), immediate: "i64", value: expression.value };
    case "f32":
      return { ...at("f32.const"), immediate: "f32", bits: expression.bits };
    case "f64":
      return { ...at("f64.const"), immediate: "f64", bits: expression.bits };
    case "v128":
      return { ...at("v128.const"), immediate: "v128", bytes: expression.bytes };
    case "refNull":
      return { ...at("ref.null"), immediate: "referenceType", type: expression.type };
    case "refFunc":
      return { ...at("ref.func"), immediate: "index", index: expression.functionIndex };
    case "globalGet":
      return { ...at("global.get"), immediate: "index", index: expression.globalIndex };
  }
}

function runsOf(locals: readonly ValueType[]): { readonly type: ValueType; count: number }[] {
  const runs: { readonly type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return runs;
}

function writeFunctionType(out: ByteWriter, { parameters, results }: FunctionType): void {
  out.byte(0x60);
  for (const types of [parameters, results]) out.vector(types, (type) => out.byte(typeCodes[type]));
}

function writeImport(out: ByteWriter, { module, name, description }: Import): void {
  out.name(module);
  out.name(name);
  out.byte(kindCodes[description.kind]);
  switch (description.kind) {
    case "function":
      out.u32(description.typeIndex);
      break;
    case "table":
      writeTableType(out, description.type);
      break;
    case "memory":
      writeLimits(out, description.type.limits);
      break;
    case "global":
      writeGlobalType(out, description.type);
      break;
  }
}

function writeTableType(out: ByteWriter, { element, limits }: TableType): void {
  out.byte(typeCodes[element]);
  writeLimits(out, limits);
}

function writeLimits(out: ByteWriter, { minimum, maximum }: Limits): void {
  out.byte(maximum === undefined ? 0 : 1);
  out.u32(minimum);
  if (maximum !== undefined) out.u32(maximum);
}

function writeGlobalType(out: ByteWriter, { value, mutable }: GlobalType): void {
  out.byte(typeCodes[value]);
  out.byte(mutable ? 1 : 0);
}
