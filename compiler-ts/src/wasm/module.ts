/**
 * A decoded module as plain data, in the terms of the WebAssembly 2.0 core specification, section 2 (Structure).
 * Index spaces count imports first, as the specification does.
 */
import type { Opcode } from "./opcodes.ts";

export type NumberType = "i32" | "i64" | "f32" | "f64";
export type ReferenceType = "funcref" | "externref";
export type ValueType = NumberType | "v128" | ReferenceType;

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Pages for memories, elements for tables. */
export interface Limits {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

export interface TableType {
  readonly element: ReferenceType;
  readonly limits: Limits;
}

export interface MemoryType {
  readonly limits: Limits;
}

export interface GlobalType {
  readonly value: ValueType;
  readonly mutable: boolean;
}

export type ImportDescription =
  | { readonly kind: "function"; readonly typeIndex: number }
  | { readonly kind: "table"; readonly type: TableType }
  | { readonly kind: "memory"; readonly type: MemoryType }
  | { readonly kind: "global"; readonly type: GlobalType };

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly description: ImportDescription;
  readonly offset: number;
}

export type ExternalKind = ImportDescription["kind"];

export interface Export {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** Block type: nothing or one result as the short form gives, or a full function type. */
export type BlockType = FunctionType;

/** Immediates by shape. `index` serves labels, functions, locals, globals, tables, data and element segments. */
export type Immediates =
  | { readonly immediate: "none" }
  | { readonly immediate: "block"; readonly blockType: BlockType }
  | { readonly immediate: "index"; readonly index: number }
  /** `memory.init` (data, memory), `table.init` (element, table), `table.copy` (destination, source), `memory.copy`. */
  | { readonly immediate: "indexPair"; readonly first: number; readonly second: number }
  | { readonly immediate: "labelTable"; readonly labels: readonly number[]; readonly defaultLabel: number }
  | { readonly immediate: "callIndirect"; readonly typeIndex: number; readonly tableIndex: number }
  /** `align` is the exponent as encoded; `memoryOffset` is an unsigned 32-bit number. */
  | { readonly immediate: "memory"; readonly align: number; readonly memoryOffset: number }
  /** As a signed 32-bit number. */
  | { readonly immediate: "i32"; readonly value: number }
  /** As a signed 64-bit integer. */
  | { readonly immediate: "i64"; readonly value: bigint }
  /** Raw bits, unsigned: a number would lose NaN payloads. */
  | { readonly immediate: "f32"; readonly bits: number }
  | { readonly immediate: "f64"; readonly bits: bigint }
  | { readonly immediate: "v128"; readonly bytes: Uint8Array }
  | { readonly immediate: "lane"; readonly lane: number }
  | { readonly immediate: "memoryLane"; readonly align: number; readonly memoryOffset: number; readonly lane: number }
  | { readonly immediate: "shuffle"; readonly lanes: Uint8Array }
  | { readonly immediate: "valueTypes"; readonly types: readonly ValueType[] }
  | { readonly immediate: "referenceType"; readonly type: ReferenceType };

/** One instruction; `end` and `else` are instructions too, so that a body is the flat sequence of the binary format. */
export type Instruction = { readonly opcode: Opcode; readonly offset: number } & Immediates;

/** A function that the module defines (imports are in `imports`). */
export interface FunctionBody {
  readonly typeIndex: number;
  /** Types of the declared locals, parameters not included, runs expanded. */
  readonly locals: readonly ValueType[];
  /** Ends with the `end` that closes the body. */
  readonly instructions: readonly Instruction[];
  /** Of the body's first byte (its local declarations). */
  readonly offset: number;
  /** Size of the code entry in bytes. */
  readonly size: number;
  /** The memory that its loads and stores access; in the binary format of 2.0 it is always 0. */
  readonly memoryIndex: number;
}

/** Constant expressions, section 3.3.10; `globalGet` names an imported immutable global. */
export type ConstantExpression =
  | { readonly kind: "i32"; readonly value: number }
  | { readonly kind: "i64"; readonly value: bigint }
  | { readonly kind: "f32"; readonly bits: number }
  | { readonly kind: "f64"; readonly bits: bigint }
  | { readonly kind: "v128"; readonly bytes: Uint8Array }
  | { readonly kind: "refNull"; readonly type: ReferenceType }
  | { readonly kind: "refFunc"; readonly functionIndex: number }
  | { readonly kind: "globalGet"; readonly globalIndex: number };

export interface Global {
  readonly type: GlobalType;
  readonly initial: ConstantExpression;
}

export type SegmentMode = "active" | "passive" | "declarative";

export interface ElementSegment {
  readonly mode: SegmentMode;
  readonly type: ReferenceType;
  /** For active segments. */
  readonly tableIndex: number;
  readonly offset: ConstantExpression | undefined;
  readonly elements: readonly ConstantExpression[];
}

export interface DataSegment {
  readonly mode: "active" | "passive";
  readonly memoryIndex: number;
  readonly offset: ConstantExpression | undefined;
  readonly bytes: Uint8Array;
}

export interface CustomSection {
  readonly name: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Module {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type index of every function of the index space, imports first. */
  readonly functionTypes: readonly number[];
  readonly tables: readonly TableType[];
  readonly memories: readonly MemoryType[];
  /** Types of the whole global index space, imports first; `globals` has the defined ones. */
  readonly globalTypes: readonly GlobalType[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  readonly functions: readonly FunctionBody[];
  readonly customSections: readonly CustomSection[];
  /** From the custom section "name": function index to name, and for each function local index to name. */
  readonly functionNames: ReadonlyMap<number, string>;
  readonly localNames: ReadonlyMap<number, ReadonlyMap<number, string>>;
  /** Of a program that was linked: its modules in the order of instantiation, which have the start functions then. */
  readonly parts?: readonly InstantiationPart[];
}

/** What instantiation does for one module behind globals and tables: its active segments, by index, then its start function. */
export interface InstantiationPart {
  readonly elements: readonly number[];
  readonly data: readonly number[];
  readonly start: number | undefined;
}

export function instantiationParts(module: Module): readonly InstantiationPart[] {
  return (
    module.parts ?? [{ elements: [...module.elements.keys()], data: [...module.data.keys()], start: module.start }]
  );
}

/** How many items of one kind are imported, hence the first index that the module defines itself. */
export function importedCount(module: Module, kind: ExternalKind): number {
  return module.imports.filter((item) => item.description.kind === kind).length;
}
