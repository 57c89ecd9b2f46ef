/**
 * Memory requests of many calls, sent together: those made in one turn of the event loop travel in as few messages as their order within
 * each instance allows. One that fails does not touch the others.
 */
import { HostError } from "../errors.ts";
import type { MemoryRange, MemoryWrite } from "./backend.ts";

/** The memories of the instances that wait, as a device reaches them. Reads and writes are all done or none. */
export interface InstanceMemories {
  read(ranges: readonly MemoryRange[]): Promise<readonly Uint8Array[]>;
  write(writes: readonly MemoryWrite[]): Promise<void>;
  /** Bytes, in the order of `instances`. */
  sizes(instances: readonly number[]): Promise<readonly number[]>;
}

type Operation = {
  readonly instance: number;
  readonly address: number;
  readonly length: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
} & ({ readonly kind: "read" } | { readonly kind: "write"; readonly bytes: Uint8Array });

export class MemoryRequests {
  readonly #memories: InstanceMemories;
  /** Even: reads; odd: writes. */
  #phases: Operation[][] = [];
  readonly #lastPhase = new Map<number, number>();
  #flushing: Promise<void> | undefined;
  #closed = false;

  constructor(memories: InstanceMemories) {
    this.#memories = memories;
  }

  read(instance: number, address: number, length: number): Promise<Uint8Array> {
    return this.#enqueue({ kind: "read", instance, address: unsigned(address), length });
  }

  async write(instance: number, address: number, bytes: Uint8Array): Promise<void> {
    await this.#enqueue({ kind: "write", instance, address: unsigned(address), length: bytes.length, bytes });
  }

  async size(instance: number): Promise<number> {
    this.#checkOpen();
    return (await this.#memories.sizes([instance]))[0] ?? 0;
  }

  /** After it a request rejects: the call that it belongs to is over. */
  close(): void {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw new HostError("closed", "the call of the import is over: its memory can no longer be used");
  }

  async #enqueue(
    request: { readonly instance: number; readonly address: number; readonly length: number } & (
      | { readonly kind: "read" }
      | { readonly kind: "write"; readonly bytes: Uint8Array }
    ),
  ): Promise<Uint8Array> {
    this.#checkOpen();
    const { instance, address, length } = request;
    for (const number of [address, length]) {
      if (!Number.isSafeInteger(number) || number < 0) throw outside(instance, address, length);
    }
    return new Promise((resolve, reject) => {
      const parity = request.kind === "read" ? 0 : 1;
      const last = this.#lastPhase.get(instance) ?? 0;
      const phase = last % 2 === parity ? last : last + 1;
      this.#lastPhase.set(instance, phase);
      while (this.#phases.length <= phase) this.#phases.push([]);
      this.#phases[phase]?.push({ ...request, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#phases.some((phase) => phase.length > 0)) {
      const phases = this.#phases;
      this.#phases = [];
      this.#lastPhase.clear();
      for (const operations of phases) await this.#perform(operations);
    }
    this.#flushing = undefined;
  }

  async #perform(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return;
    try {
      await this.#send(operations);
    } catch (error) {
      if (!isOutOfBounds(error)) await this.#alone(operations, error);
      else await this.#without(operations);
    }
  }

  /** The same without those that are not within their memories. */
  async #without(operations: readonly Operation[]): Promise<void> {
    try {
      const instances = [...new Set(operations.map(({ instance }) => instance))];
      const bytes = await this.#memories.sizes(instances);
      const sizes = new Map(instances.map((instance, index) => [instance, bytes[index] ?? 0]));
      const inside: Operation[] = [];
      for (const operation of operations) {
        const { instance, address, length, reject } = operation;
        const size = sizes.get(instance) ?? 0;
        if (address + length > size) reject(outside(instance, address, length, size));
        else inside.push(operation);
      }
      if (inside.length > 0) await this.#send(inside).catch((error) => this.#alone(inside, error));
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
  }

  async #alone(operations: readonly Operation[], error: unknown): Promise<void> {
    if (operations.length === 1) operations[0]?.reject(error);
    else for (const operation of operations) await this.#send([operation]).catch(operation.reject);
  }

  async #send(operations: readonly Operation[]): Promise<void> {
    if (operations[0]?.kind === "read") {
      const ranges = operations.map(({ instance, address, length }) => ({ instance, address, length }));
      const read = await this.#memories.read(ranges);
      operations.forEach(({ resolve }, index) => {
        resolve(read[index] ?? new Uint8Array());
      });
      return;
    }
    await this.#memories.write(
      operations.flatMap((operation) => {
        if (operation.kind === "read") return [];
        const { instance, address, bytes } = operation;
        return [{ instance, address, bytes }];
      }),
    );
    for (const { resolve } of operations) resolve(new Uint8Array());
  }
}

function isOutOfBounds(error: unknown): boolean {
  return error instanceof HostError && error.code === "memoryOutOfBounds";
}

function outside(instance: number, address: number, length: number, size?: number): HostError {
  const within = size === undefined ? "" : ` the ${size} bytes of`;
  const message = `${length} bytes at ${address} are not within${within} instance ${instance}'s memory`;
  return new HostError("memoryOutOfBounds", message);
}

/** An address from 2^31 on is negative as an i32. */
function unsigned(address: number): number {
  return address < 0 && address >= -(2 ** 31) ? address + 2 ** 32 : address;
}
