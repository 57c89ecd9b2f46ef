/** A thread of the v8 device: the instances that are its share of each pool. */
import { parentPort } from "node:worker_threads";
import { readValue, recordWords, type Value, writeValue } from "../api/values.ts";
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type {
  AnswerTo,
  CreateRequest,
  Envelope,
  InvokeRequest,
  LocalRange,
  Reply,
  ThreadAnswers,
  ThreadRequest,
} from "./messages.ts";
import { trapOf } from "./traps.ts";

type Exports = WebAssembly.Instance["exports"];

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
      for (const index of request.instances ?? pool.instances.keys()) {
        pool.instances[index] = new WebAssembly.Instance(pool.source.module);
      }
      return null;
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
    case "global":
      return accessGlobal(poolOf(request.pool), request);
    case "release":
      pools.delete(request.pool);
      return null;
  }
}

function create(request: CreateRequest): ThreadAnswers["create"] {
  const instances: WebAssembly.Instance[] = [];
  try {
    while (instances.length < request.instances) instances.push(new WebAssembly.Instance(request.module));
  } catch (error) {
    const trap = trapOf(error, request.bytes);
    if (trap !== undefined) return { outcome: "trap", ...trap };
    if (error instanceof RangeError) return { outcome: "outOfMemory", instances: instances.length };
    throw error;
  }
  pools.set(request.pool, { source: request, instances });
  return { outcome: "created", instances: instances.length };
}

function invoke(request: InvokeRequest, pool: ThreadPool): ThreadAnswers["invoke"] {
  const { parameters, results: resultTypes } = request;
  const indices = request.instances ?? [...pool.instances.keys()];
  const parameterWords = recordWords(parameters);
  const resultWords = recordWords(resultTypes);
  const status = new Uint32Array(indices.length * 2);
  const results = new Uint32Array(indices.length * resultWords);
  const start = performance.now();
  indices.forEach((index, position) => {
    const exports = exportsOf(pool, index);
    const target = exports[request.name] as (...values: unknown[]) => unknown;
    const values = decodeArguments(parameters, request.arguments, position * parameterWords, exports);
    try {
      encodeResults(resultTypes, target(...values), results, position * resultWords);
    } catch (error) {
      const trap = trapOf(error, pool.source.bytes);
      if (trap === undefined) throw error;
      status[position * 2] = trap.code;
      status[position * 2 + 1] = trap.functionIndex;
    }
  });
  return { status, results, seconds: (performance.now() - start) / 1000 };
}

function decodeArguments(types: readonly ValueType[], source: Uint32Array, at: number, exports: Exports): unknown[] {
  let word = at;
  return types.map((type) => {
    const value = readValue(type, source, word);
    word += wordsOf(type);
    return type === "funcref" && value !== null ? functionOf(Number(value) - 1, exports) : value;
  });
}

function encodeResults(types: readonly ValueType[], returned: unknown, target: Uint32Array, at: number): void {
  const values = types.length === 1 ? [returned] : types.length === 0 ? [] : [...(returned as Iterable<unknown>)];
  let word = at;
  types.forEach((type, index) => {
    writeValue(type, toValue(values[index]), target, word, () => "a result");
    word += wordsOf(type);
  });
}

/** A function as the number that stands for it: V8 names an exported function by its index. */
function toValue(value: unknown): Value {
  return typeof value === "function" ? Number(value.name) + 1 : (value as Value);
}

function functionOf(index: number, exports: Exports): unknown {
  const found = Object.values(exports).find((item) => typeof item === "function" && item.name === String(index));
  if (found === undefined) throw new Error(`the v8 device can pass only null and exported functions as a funcref`);
  return found;
}

function readMemory(pool: ThreadPool, { instance, address, length }: LocalRange): Uint8Array {
  return new Uint8Array(memoryOf(pool, instance), address, length).slice();
}

function accessGlobal(pool: ThreadPool, request: ThreadRequest & { readonly kind: "global" }): Uint32Array {
  const exports = exportsOf(pool, request.instance);
  const global = exports[request.name] as WebAssembly.Global;
  if (request.words !== undefined) {
    [global.value] = decodeArguments([request.type], request.words, 0, exports);
    return request.words;
  }
  const words = new Uint32Array(wordsOf(request.type));
  encodeResults([request.type], global.value, words, 0);
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

parentPort?.on("message", ({ id, request }: Envelope) => {
  let reply: Reply;
  try {
    reply = { id, answer: handle(request) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
