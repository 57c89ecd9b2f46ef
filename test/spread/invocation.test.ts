import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Invocation, MemoryRange, MemoryWrite } from "../../compiler-ts/src/api/backend.ts";
import { HostError } from "../../compiler-ts/src/errors.ts";
import { trapCode } from "../../compiler-ts/src/metadata.ts";
import { SpreadPool } from "../../compiler-ts/src/spread/pool.ts";
import { fakeParts, invocationResult, target } from "./fakes.ts";

function invocation(instances?: readonly number[], signal?: AbortSignal): Invocation {
  const values = instances ?? [0, 1, 2, 3, 4];
  return {
    function: target,
    instances,
    arguments: Uint32Array.from(values, (instance) => instance + 100),
    fuel: undefined,
    sliceFuel: undefined,
    timeLimit: undefined,
    signal,
  };
}

const gone = () => Promise.reject(new HostError("hostExited", "the host process was ended by signal SIGKILL"));

describe("an invocation on several devices", () => {
  test("each device gets its own instances by its own numbers, and results are in the order asked for", async () => {
    const asked: (readonly number[] | undefined)[] = [];
    const invoke = async (part: Invocation) => {
      asked.push(part.instances);
      return invocationResult(part);
    };
    const pool = new SpreadPool(fakeParts(5, [{ invoke }, { invoke }]), {});
    const all = await pool.invoke(invocation());
    assert.deepEqual([...all.results], [1000, 1010, 1020, 1030, 1040]);
    assert.equal(all.deviceSeconds, 2);
    const some = await pool.invoke(invocation([4, 0, 2, 1]));
    assert.deepEqual([...some.results], [1040, 1000, 1020, 1010]);
    const one = await pool.invoke(invocation([3]));
    assert.deepEqual([...one.results], [1030]);
    assert.deepEqual(asked, [undefined, undefined, [0, 1], [2, 0], [1]]);
  });

  test("instances of a device that dies have the trap `device failed` with its reason, the others their results", async () => {
    const failures = new Map([[1, { import: "env.log", message: "no" }]]);
    const invoke = async (part: Invocation) => ({ ...invocationResult(part), failures });
    const pool = new SpreadPool(fakeParts(6, [{ invoke }, { invoke: gone }, { invoke }]), {});
    const {
      status,
      results,
      failures: told,
    } = await pool.invoke({
      ...invocation(),
      arguments: Uint32Array.of(1, 2, 3, 4, 5, 6),
    });
    const failed = trapCode("device failed");
    assert.deepEqual([...status], [0, 0, 0, 0, failed, 0, failed, 0, 0, 0, 0, 0]);
    assert.deepEqual([...results], [10, 20, 0, 0, 50, 60]);
    const lost = { import: "f", message: "gpu:1: the host process was ended by signal SIGKILL" };
    const no = { import: "env.log", message: "no" };
    assert.deepEqual(
      told,
      new Map([
        [1, no],
        [2, lost],
        [3, lost],
        [5, no],
      ]),
    );
  });

  test("where every device that is asked dies, that is an error", async () => {
    const pool = new SpreadPool(
      fakeParts(4, [{ invoke: gone }, { invoke: async (part) => invocationResult(part) }]),
      {},
    );
    await assert.rejects(pool.invoke(invocation([0, 1])), { code: "hostExited", message: /^gpu:0: the host process/ });
  });

  test("where one refuses, the others are cancelled and the refusal is thrown", async () => {
    let wasCancelled = false;
    const waits = (part: Invocation) =>
      new Promise<never>((_, reject) => {
        part.signal?.addEventListener("abort", () => {
          wasCancelled = true;
          reject(part.signal?.reason);
        });
      });
    const refuses = () => Promise.reject(new HostError("invocationWaiting", "instances wait"));
    const pool = new SpreadPool(fakeParts(4, [{ invoke: waits }, { invoke: refuses }]), {});
    await assert.rejects(pool.invoke(invocation()), { code: "invocationWaiting", message: "gpu:1: instances wait" });
    assert.equal(wasCancelled, true);
  });

  test("an abort reaches every device, and its reason is thrown", async () => {
    const controller = new AbortController();
    const aborted: number[] = [];
    const waits = (device: number) => (part: Invocation) =>
      new Promise<never>((_, reject) => {
        part.signal?.addEventListener("abort", () => {
          aborted.push(device);
          reject(part.signal?.reason);
        });
      });
    const pool = new SpreadPool(fakeParts(4, [{ invoke: waits(0) }, { invoke: waits(1) }]), {});
    const running = pool.invoke(invocation(undefined, controller.signal));
    controller.abort(new Error("stop"));
    await assert.rejects(running, { message: "stop" });
    assert.deepEqual(aborted, [0, 1]);
  });
});

describe("memory of instances on several devices", () => {
  /** Memories of four bytes each. */
  function memoryPool(instances: number, devices: number) {
    const memories = Array.from({ length: devices }, () => new Map<number, Uint8Array>());
    const of = (device: number, instance: number) => {
      const memory = memories[device]?.get(instance) ?? new Uint8Array(4);
      memories[device]?.set(instance, memory);
      return memory;
    };
    const check = (end: number) => {
      if (end > 4) throw new HostError("memoryOutOfBounds", `${end} is beyond the end`);
    };
    const pools = memories.map((_, device) => ({
      async readMemory(ranges: readonly MemoryRange[]) {
        for (const { address, length } of ranges) check(address + length);
        return ranges.map(({ instance, address, length }) => of(device, instance).slice(address, address + length));
      },
      async writeMemory(writes: readonly MemoryWrite[]) {
        for (const { address, bytes } of writes) check(address + bytes.length);
        for (const { instance, address, bytes } of writes) of(device, instance).set(bytes, address);
      },
    }));
    return new SpreadPool(fakeParts(instances, pools), {});
  }
  const everywhere = [4, 0, 3, 1, 2].map((instance) => ({ instance, address: 0, length: 4 }));

  test("is read and written in the order asked for, wherever it is", async () => {
    const pool = memoryPool(5, 2);
    await pool.writeMemory([3, 0, 4].map((instance) => ({ instance, address: 1, bytes: Uint8Array.of(instance + 7) })));
    const read = await pool.readMemory(everywhere);
    assert.deepEqual(
      read.map((bytes) => bytes[1]),
      [11, 7, 10, 0, 0],
    );
  });

  test("is not written on any device where a range of one is not within its memory", async () => {
    const pool = memoryPool(4, 2);
    const writes = [
      { instance: 0, address: 0, bytes: Uint8Array.of(1) },
      { instance: 3, address: 3, bytes: Uint8Array.of(1, 2) },
    ];
    await assert.rejects(pool.writeMemory(writes), { code: "memoryOutOfBounds", message: /^gpu:1: / });
    assert.deepEqual(await pool.readMemory([{ instance: 0, address: 0, length: 1 }]), [Uint8Array.of(0)]);
  });
});
