/**
 * What a module's imports are given, as the user writes it: `{ module: { name: value } }` with JavaScript functions, and with the initial
 * contents of globals, memories and tables, of which each instance gets its own.
 */
import type { Value } from "./values.ts";

export interface ImportContext {
  /** Number of the calling instance in its pool; in `runJobs` that of its job, since any instance may get it. */
  readonly instance: number;
  readonly memory: InstanceMemory;
}

/**
 * The calling instance's memory, while the call lasts. Requests of different calls travel together. An address may be negative, as an i32
 * of the module is from 2^31 on. Rejects where the range is not within the memory.
 */
export interface InstanceMemory {
  read(address: number, length: number): Promise<Uint8Array>;
  write(address: number, bytes: Uint8Array): Promise<void>;
  /** Bytes. */
  size(): Promise<number>;
}

/**
 * Called for every instance that waits for it, with its values as `Value`s; may be async. It returns what the JavaScript API of WebAssembly
 * takes of an imported function: nothing, one value, or an iterable of several; a reference is null or a number, a v128 its 16 bytes. What
 * it throws is the trap of that instance. It must not use its own pool, which is busy with the invocation that called it.
 */
export type ImportFunction = (context: ImportContext, ...values: never[]) => unknown;

/** One value of each call: i32 in Int32Array, i64 in BigInt64Array, f32 and f64 in theirs, references in Uint32Array (0: null), v128 as 16 bytes each. */
export type Column = Int32Array | BigInt64Array | Float32Array | Float64Array | Uint32Array | Uint8Array;

/** All calls of one import that wait at the same time. Position `i` of every column belongs to `instances[i]`. */
export interface BatchedCalls {
  /** In `runJobs` the numbers of their jobs. */
  readonly instances: Uint32Array;
  /** One column a parameter. */
  readonly columns: readonly Column[];
  readonly memory: BatchedMemory;
  /** Ends the call at `position` with a trap that has the reason's text; what the result columns hold there is ignored. */
  fail(position: number, reason: unknown): void;
}

/** The memories of the calling instances, one range a call. A call whose range is not within its memory fails by itself. */
export interface BatchedMemory {
  /** No bytes for a call that failed. */
  read(addresses: ArrayLike<number>, lengths: ArrayLike<number> | number): Promise<readonly Uint8Array[]>;
  write(addresses: ArrayLike<number>, bytes: ArrayLike<Uint8Array>): Promise<void>;
}

/** For one result its column, for several an array of columns, for none nothing. An array of values may stand for a column. */
export type BatchedFunction = (calls: BatchedCalls) => unknown;

export class Batched {
  readonly serve: BatchedFunction;

  constructor(serve: BatchedFunction) {
    this.serve = serve;
  }
}

/** An imported function that serves all waiting instances at once. What it throws is the trap of all of them. */
export function batched(serve: BatchedFunction): Batched {
  return new Batched(serve);
}

export interface ImportedMemory {
  /** Of 64 KiB, at least as many as the module declares. */
  readonly pages: number;
  /** What lies in the memory from address 0; the rest is zero. */
  readonly contents?: Uint8Array;
}

export interface ImportedTable {
  /** At least as many elements as the module declares. */
  readonly size: number;
  /** From index 0: null, or the number that stands for a reference. The rest is null. */
  readonly elements?: readonly (number | null)[];
}

export type ImportedState = Value | ImportedMemory | ImportedTable;

export class PerInstance<Item extends ImportedState> {
  readonly of: readonly Item[] | ((instance: number) => Item);

  constructor(of: readonly Item[] | ((instance: number) => Item)) {
    this.of = of;
  }
}

/** A global, memory or table that differs from instance to instance: one item an instance, in order, or a function of its number. */
export function perInstance<Item extends ImportedState>(
  of: readonly Item[] | ((instance: number) => Item),
): PerInstance<Item> {
  return new PerInstance(of);
}

export type ImportValue = ImportFunction | Batched | ImportedState | PerInstance<ImportedState>;

export type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;
