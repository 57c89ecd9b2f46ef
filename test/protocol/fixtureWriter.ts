/** Writes protocol/fixtures/*.json: one message a file, with its exact bytes in both encodings. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { Packr } from "msgpackr";
import * as protocol from "../../protocol/messages.ts";

const folder = new URL("../../protocol/fixtures/", import.meta.url);
const packr = new Packr({ useRecords: false, variableMapSize: true, encodeUndefinedAsNil: true });

type Direction = "clientToHost" | "hostToClient";
type ParametersOf<M> = M extends protocol.Message<string, infer P, unknown> ? P : never;
type ResultOf<M> = M extends protocol.Message<string, unknown, infer R> ? R : never;

function write(name: string, direction: Direction, message: object): void {
  const json = JSON.stringify(message, (_key, value) => base64OfBytes(value));
  const msgpackHex = Buffer.from(packr.pack(withLongIntegers(message))).toString("hex");
  const fixture = { name, direction, message: withMarkedBytes(message), json, msgpackHex };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(fixture, null, 2)}\n`);
}

/** Values with every Uint8Array replaced; `replace` is also given numbers. */
function mapLeaves(value: unknown, replace: (leaf: unknown) => unknown): unknown {
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, replace));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapLeaves(item, replace)]));
}

function base64OfBytes(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function withMarkedBytes(message: object): unknown {
  return mapLeaves(message, (leaf) => (leaf instanceof Uint8Array ? { $bytes: base64OfBytes(leaf) } : leaf));
}

/** msgpackr writes an integral number beyond 32 bits as a float64; a BigInt it writes as int64, as the README wants. */
function withLongIntegers(message: object): unknown {
  return mapLeaves(message, (leaf) =>
    typeof leaf === "number" && Number.isInteger(leaf) && (leaf > 0xffffffff || leaf < -0x80000000)
      ? BigInt(leaf)
      : leaf,
  );
}

export function request<M extends { readonly method: string }>(
  name: string,
  id: number | string,
  message: M,
  params: ParametersOf<M>,
): void {
  write(name, "clientToHost", { jsonrpc: "2.0", id, method: message.method, params });
}

/** The message constant gives the result its type; on the wire a response does not name its method. */
export function response<M>(name: string, id: number | string, _message: M, result: ResultOf<M>): void {
  write(name, "hostToClient", { jsonrpc: "2.0", id, result });
}

export function notification<M extends { readonly method: string }>(
  name: string,
  direction: Direction,
  message: M,
  params: ParametersOf<M>,
): void {
  write(name, direction, { jsonrpc: "2.0", method: message.method, params });
}

export function error(
  name: string,
  id: number | string | null,
  code: protocol.ErrorName,
  message: string,
  data?: object,
) {
  const content = { code: protocol.errorCodes[code], message };
  write(name, "hostToClient", { jsonrpc: "2.0", id, error: data === undefined ? content : { ...content, data } });
}

export function removeFixtures(): void {
  for (const file of readdirSync(folder)) if (file.endsWith(".json")) rmSync(new URL(file, folder));
}
