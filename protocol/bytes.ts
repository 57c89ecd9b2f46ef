/**
 * Where messages have fields of type `Bytes`, and their two forms. A JSON body carries base64 strings, a MessagePack body `bin`;
 * a string alone does not say that it stands for bytes, hence this table.
 */
import {
  createPool,
  invoke,
  jobArguments,
  jobResults,
  loadModule,
  readMemory,
  readState,
  resetPool,
  restorePool,
  resumePool,
  resumeRun,
  runJobs,
  snapshotPool,
  writeMemory,
  writeState,
} from "./messages.ts";

export type MessagePart = "parameters" | "result";

const runResult = ["status", "results", "reads?[]", "waiting?[].arguments"];

/** Method to the paths of its `Bytes` fields; `[]` steps into every element of an array, and a name with `?` may be absent. */
export const bytesFields: Readonly<Record<string, { readonly [Part in MessagePart]?: readonly string[] }>> = {
  [loadModule.method]: { parameters: ["image"] },
  [createPool.method]: { parameters: ["initial?[].bytes"], result: ["waiting?[].arguments"] },
  [invoke.method]: { parameters: ["arguments"], result: ["status", "results", "waiting?[].arguments"] },
  [runJobs.method]: {
    parameters: ["arguments", "writes?[].bytes"],
    result: runResult,
  },
  [jobArguments.method]: { parameters: ["arguments"] },
  [jobResults.method]: { parameters: ["results"] },
  [resumeRun.method]: { parameters: ["answers[].results"], result: runResult },
  [resumePool.method]: { parameters: ["answers[].results"], result: ["status", "results", "waiting?[].arguments"] },
  [snapshotPool.method]: { result: ["bytes"] },
  [restorePool.method]: { parameters: ["snapshot"], result: ["waiting?[].arguments"] },
  [resetPool.method]: { result: ["waiting?[].arguments"] },
  [writeMemory.method]: { parameters: ["writes[].bytes"] },
  [readMemory.method]: { result: ["bytes[]"] },
  [readState.method]: { result: ["bytes"] },
  [writeState.method]: { parameters: ["bytes"] },
};

/** Parameters or result of `method` as a JSON body has them. The value itself is not changed. */
export function bytesToBase64(method: string, part: MessagePart, value: unknown): unknown {
  return convertFields(method, part, value, (field) => {
    if (!(field instanceof Uint8Array)) throw new TypeError(`${method}: expected bytes`);
    return Buffer.from(field.buffer, field.byteOffset, field.byteLength).toString("base64");
  });
}

/** The inverse. Throws TypeError where a field is not base64 text. */
export function base64ToBytes(method: string, part: MessagePart, value: unknown): unknown {
  return convertFields(method, part, value, (field) => {
    if (typeof field !== "string") throw new TypeError(`${method}: expected a base64 string`);
    return decodeBase64(field, method);
  });
}

/** `Buffer.from` skips what is not base64; silence here would hand on other bytes than were sent. */
export function decodeBase64(text: string, what: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new TypeError(`${what}: not base64 with padding`);
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

type Convert = (field: unknown) => unknown;

function convertFields(method: string, part: MessagePart, value: unknown, convert: Convert): unknown {
  const paths = bytesFields[method]?.[part] ?? [];
  return paths.reduce((converted, path) => convertAt(converted, path.split(/\.|(?=\[\])/), convert), value);
}

function convertAt(value: unknown, path: readonly string[], convert: Convert): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return convert(value);
  const isOptional = first.endsWith("?");
  const step = isOptional ? first.slice(0, -1) : first;
  if (step === "[]") {
    if (!Array.isArray(value)) throw new TypeError("expected an array");
    return value.map((element) => convertAt(element, rest, convert));
  }
  if (typeof value !== "object" || value === null) throw new TypeError(`missing field ${step}`);
  if (!(step in value)) {
    if (isOptional) return value;
    throw new TypeError(`missing field ${step}`);
  }
  return { ...value, [step]: convertAt((value as Record<string, unknown>)[step], rest, convert) };
}
