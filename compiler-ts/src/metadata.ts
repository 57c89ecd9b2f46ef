/**
 * What goes with the MSL text: everything that the host, the client and a debugger need to know of it.
 * The kernel's side of the same contract is docs/kernel-abi.md.
 */
import type { Limits, ReferenceType, ValueType } from "./wasm/module.ts";

/** What the compiler emits for. A device says which profile it has (protocol: `devices/list`). */
export interface Profile {
  readonly name: string;
  /** The device has `double`; without it f64 arithmetic is software. */
  readonly f64: boolean;
  /** f32 arithmetic keeps subnormals; without it they are flushed and integer paths are emitted. */
  readonly f32Subnormals: boolean;
  /** A misaligned access must not be issued (on Apple's GPUs the address is rounded down silently). */
  readonly strictAlignment: boolean;
  /** Instances in one interleaved tile: the SIMD-group's width, or 1 for contiguous memory. */
  readonly tileWidth: number;
}

export const profiles = {
  apple: { name: "apple", f64: false, f32Subnormals: false, strictAlignment: true, tileWidth: 32 },
  native: { name: "native", f64: true, f32Subnormals: true, strictAlignment: true, tileWidth: 32 },
  cpu: { name: "cpu", f64: true, f32Subnormals: true, strictAlignment: false, tileWidth: 1 },
} as const satisfies Record<string, Profile>;

export interface KernelMetadata {
  readonly exportName: string;
  /** Name of the kernel function in the text. */
  readonly kernel: string;
  readonly functionIndex: number;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface GlobalMetadata {
  readonly exportName: string;
  readonly type: ValueType;
  readonly mutable: boolean;
  /** First 32-bit word of the global in the instance's state region. */
  readonly stateWord: number;
}

/** An imported function that instances suspend for; its number in the list is what they wait for (docs/kernel-abi.md, Status). */
export interface ImportMetadata {
  readonly module: string;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

interface ImportNames {
  readonly module: string;
  readonly name: string;
}

/** The host writes its words before instantiation, once for all instances or for each. */
export interface ImportedGlobalMetadata extends ImportNames {
  readonly type: ValueType;
  readonly mutable: boolean;
  /** First 32-bit word in the instance's state region. */
  readonly stateWord: number;
}

/** The host writes its size in pages to word 0 of the state, and its bytes. */
export interface ImportedMemoryMetadata extends ImportNames {
  /** What the import asks for, in pages of 64 KiB: a memory given has the minimum at least, and a maximum no larger than this one's. */
  readonly limits: Limits;
}

/** The host writes its size and its elements, which are references (docs/kernel-abi.md, Execution buffer). */
export interface ImportedTableMetadata extends ImportNames {
  readonly type: ReferenceType;
  /** What the import asks for, in elements. */
  readonly limits: Limits;
  /** Word of the state region for the current size. */
  readonly sizeWord: number;
  /** First word in the tables region. */
  readonly word: number;
  /** Elements that are backed: a table given is no larger, and grows no further. */
  readonly capacity: number;
}

/** The largest memory of an instance: its size in bytes is a 32-bit number, on every device. The specification allows one page more. */
export const maximumMemoryPages = 65_535;

/** Bytes of linear memory that lie together in a tile. */
export const memoryCells = [4, 8, 16, 32, 64, 128] as const;
export type MemoryCell = (typeof memoryCells)[number];

/** Sizes of the per-instance regions; see docs/kernel-abi.md. */
export interface Layout {
  readonly tileWidth: number;
  readonly memoryCell: MemoryCell;
  /** `undefined` where the module has no memory. Pages of 64 KiB. */
  readonly memory: { readonly minimumPages: number; readonly maximumPages: number | undefined } | undefined;
  readonly stateBytes: number;
  readonly tableBytes: number;
  /** Words of threadgroup memory that a thread has use for; 0: kernels have no such parameter. A launch may give fewer, down to none. */
  readonly nearWords: number;
  /** Bytes of a multiprocessor's cache that each thread has use for; 0: as many threads as fit may run side by side. */
  readonly cacheBytes: number;
}

export interface ModuleMetadata {
  readonly version: 1;
  readonly profile: Profile;
  /** The kernel that brings an instance to its initial state: image, globals, tables, start function. */
  readonly instantiateKernel: string;
  readonly kernels: readonly KernelMetadata[];
  readonly globals: readonly GlobalMetadata[];
  /** Every imported function, called or not: all of them must be given. */
  readonly imports: readonly ImportMetadata[];
  readonly importedGlobals: readonly ImportedGlobalMetadata[];
  readonly importedMemory: ImportedMemoryMetadata | undefined;
  readonly importedTables: readonly ImportedTableMetadata[];
  /** Export name of the memory, where it is exported. */
  readonly memoryExports: readonly string[];
  readonly layout: Layout;
  /** Functions whose recursion is a loop with this profile; where they differ, so do the frames of a suspended instance. */
  readonly recursionLoops: readonly number[];
  /** Name of each function of the index space, for traps and people. */
  readonly functionNames: readonly string[];
}

export interface CompiledModule {
  /** The MSL text, byte-deterministic: caches are keyed by it. */
  readonly text: string;
  /** Data and element segments, shared read-only by all instances. */
  readonly image: Uint8Array;
  readonly metadata: ModuleMetadata;
}

/** 32-bit words that a value takes in argument and result records and in the state region. */
export function wordsOf(type: ValueType): 1 | 2 | 4 {
  switch (type) {
    case "i32":
    case "f32":
    case "funcref":
    case "externref":
      return 1;
    case "i64":
    case "f64":
      return 2;
    case "v128":
      return 4;
  }
}

/** Trap codes as a kernel stores them in the status region, with the specification's wording. */
export const trapMessages = [
  "",
  "unreachable",
  "integer divide by zero",
  "integer overflow",
  "invalid conversion to integer",
  "out of bounds memory access",
  "out of bounds table access",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "call stack exhausted",
  "fuel exhausted",
  "time limit exceeded",
  "host function failed",
  "device failed",
] as const;

export type TrapMessage = Exclude<(typeof trapMessages)[number], "">;

export function trapCode(message: TrapMessage): number {
  return trapMessages.indexOf(message);
}

/** In place of a function's index, where no function of the module trapped: `wb_no_function` of the text. */
export const noFunction = 0xffffffff;

/** As traps report it: what is none of the module's is the code that instantiates. */
export function trappedFunction(functionNames: readonly string[], index: number): string {
  return index === noFunction ? "(instantiation)" : (functionNames[index] ?? `func[${index}]`);
}
