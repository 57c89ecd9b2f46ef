/** A thread of the v8 device: the instances that are its share of each pool. */
import type { HostFailure } from "../api/hostFunctions.ts";
import { recordWords } from "../api/values.ts";
import { trapCode, wordsOf } from "../metadata.ts";
import { HostFunctionFailed, serveRequests } from "./hostCalls.ts";
import { makeInstance } from "./instances.ts";
import type {
  AnswerTo,
  CreateRequest,
  InvokeRequest,
  LocalRange,
  ThreadAnswers,
  ThreadRequest,
  ThreadTrap,
} from "./messages.ts";
import { trapOf } from "./traps.ts";
import { decodeValues, type Exports, encodeValues, listOf } from "./wasmValues.ts";

interface ThreadPool {
  readonly source: CreateRequest;
  readonly instances: WebAssembly.Instance[];
}

const pools = new Map<number, ThreadPool>();

function handle(request: ThreadRequest): AnswerTo<ThreadRequest> {
  switch (request.kind) {
    case "create":
      return create(request);
    case "invoke":
      return invoke(request, poolOf(request.pool));
    case "reset": {
      const pool = poolOf(request.pool);
      const traps = [...(request.instances ?? pool.instances.keys())].map((index) => remake(pool, index));
      return traps.find((trap) => trap !== null) ?? null;
    }
    case "check": {
      const pool = poolOf(request.pool);
      for (const range of request.ranges) {
        const memoryBytes = memoryOf(pool, range.instance).byteLength;
        if (range.address + range.length > memoryBytes) return { range, memoryBytes };
      }
      return null;
    }
    case "write":
      for (const { instance, address, bytes } of request.writes) {
        new Uint8Array(memoryOf(poolOf(request.pool), instance)).set(bytes, address);
      }
      return null;
    case "read":
      return request.ranges.map((range) => readMemory(poolOf(request.pool), range));
    case "sizes":
      return request.instances.map((instance) => memoryOf(poolOf(request.pool), instance).byteLength);
    case "global":
      return accessGlobal(poolOf(request.pool), request);
    case "release":
      pools.delete(request.pool);
      return null;
  }
}

function create(request: CreateRequest): ThreadAnswers["create"] {
  const pool: ThreadPool = { source: request, instances: [] };
  // Before it is whole: a start function may call imports, which read and write memory.
  pools.set(request.pool, pool);
  try {
    for (let index = 0; index < request.instances; index++) make(pool, index);
  } catch (error) {
    pools.delete(request.pool);
    const trap = trapIn(error, request);
    if (trap !== undefined) return { outcome: "trap", ...trap };
    if (error instanceof RangeError) return { outcome: "outOfMemory", instances: pool.instances.length };
    throw error;
  }
  return { outcome: "created", instances: pool.instances.length };
}

function make(pool: ThreadPool, index: number): void {
  const made = (instance: WebAssembly.Instance) => {
    pool.instances[index] = instance;
  };
  makeInstance(pool.source, index, made);
}

/** A trap leaves the instance as far as it came. */
function remake(pool: ThreadPool, index: number): ThreadTrap | null {
  try {
    make(pool, index);
    return null;
  } catch (error) {
    const trap = trapIn(error, pool.source);
    if (trap === undefined) throw error;
    return trap;
  }
}

function invoke(request: InvokeRequest, pool: ThreadPool): ThreadAnswers["invoke"] {
  const { parameters, results: resultTypes } = request;
  const indices = request.instances ?? [...pool.instances.keys()];
  const parameterWords = recordWords(parameters);
  const resultWords = recordWords(resultTypes);
  const status = new Uint32Array(indices.length * 2);
  const results = new Uint32Array(indices.length * resultWords);
  const failures = new Map<number, HostFailure>();
  const start = performance.now();
  indices.forEach((index, position) => {
    const exports = exportsOf(pool, index);
    const target = exports[request.name] as (...values: unknown[]) => unknown;
    const values = decodeValues(parameters, request.arguments, position * parameterWords, () => exports);
    try {
      encodeValues(resultTypes, listOf(resultTypes, target(...values)), results, position * resultWords);
    } catch (error) {
      const trap = trapIn(error, pool.source);
      if (trap === undefined) throw error;
      status[position * 2] = trap.code;
      status[position * 2 + 1] = trap.functionIndex;
      if (trap.failure !== undefined) failures.set(index, trap.failure);
    }
  });
  return { status, results, seconds: (performance.now() - start) / 1000, failures };
}

function trapIn(error: unknown, { bytes }: CreateRequest): ThreadTrap | undefined {
  if (!(error instanceof HostFunctionFailed)) return trapOf(error, bytes);
  return { code: trapCode("host function failed"), functionIndex: 0, failure: error.failure };
}

function readMemory(pool: ThreadPool, { instance, address, length }: LocalRange): Uint8Array {
  return new Uint8Array(memoryOf(pool, instance), address, length).slice();
}

function accessGlobal(pool: ThreadPool, request: ThreadRequest & { readonly kind: "global" }): Uint32Array {
  const exports = exportsOf(pool, request.instance);
  const global = exports[request.name] as WebAssembly.Global;
  if (request.words !== undefined) {
    [global.value] = decodeValues([request.type], request.words, 0, () => exports);
    return request.words;
  }
  const words = new Uint32Array(wordsOf(request.type));
  encodeValues([request.type], [global.value], words, 0);
  return words;
}

function memoryOf(pool: ThreadPool, index: number): ArrayBuffer {
  const name = pool.source.memoryExport;
  if (name === undefined) return new ArrayBuffer(0);
  return (exportsOf(pool, index)[name] as WebAssembly.Memory).buffer as ArrayBuffer;
}

function exportsOf(pool: ThreadPool, index: number): Exports {
  const instance = pool.instances[index];
  if (instance === undefined) throw new Error(`no instance ${index} in this thread`);
  return instance.exports;
}

function poolOf(id: number): ThreadPool {
  const pool = pools.get(id);
  if (pool === undefined) throw new Error(`no pool ${id} in this thread`);
  return pool;
}

serveRequests(handle);
