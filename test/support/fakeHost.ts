/**
 * A host of the real protocol over any two streams, with a vscode-jsonrpc connection of its own, so that the client is not tested
 * against its own transport. Handlers stand for the device.
 */
import type { Readable, Writable } from "node:stream";
import {
  type CancellationToken,
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { base64ToBytes, bytesToBase64 } from "../../protocol/bytes.ts";
import { type Encoding, protocolVersion } from "../../protocol/messages.ts";
import { decodeMessagePack, encodeMessagePack } from "../../protocol/msgpack.ts";

export type Handler = (parameters: never, token: CancellationToken, rpc: MessageConnection) => unknown;

export interface FakeHostOptions {
  readonly protocolVersion?: string;
  readonly encoding?: Encoding;
  readonly handlers?: Readonly<Record<string, Handler>>;
}

export function serveFakeHost(input: Readable, output: Writable, options: FakeHostOptions = {}): MessageConnection {
  const encoding = options.encoding ?? "msgpack";
  let current: Encoding = "json";
  const codec = {
    name: "fake",
    async encode(message: object) {
      if (current === "msgpack") return encodeMessagePack(message);
      // The first body that the host writes is initialize's answer, the last one in JSON.
      current = encoding;
      return Buffer.from(JSON.stringify(message));
    },
    async decode(body: Uint8Array) {
      return current === "json" ? JSON.parse(Buffer.from(body).toString()) : decodeMessagePack(body);
    },
  };
  const rpc = createMessageConnection(
    new StreamMessageReader(input, { contentTypeDecoder: codec }),
    new StreamMessageWriter(output, { contentTypeEncoder: codec }),
  );
  rpc.onRequest("initialize", () => {
    return {
      protocolVersion: options.protocolVersion ?? protocolVersion,
      host: { name: "fake", version: "0" },
      encoding,
    };
  });
  rpc.onRequest("shutdown", () => null);
  for (const [method, handler] of Object.entries(options.handlers ?? {})) {
    rpc.onRequest(method, async (parameters: unknown, token: CancellationToken) => {
      const json = current === "json";
      const seen = json ? base64ToBytes(method, "parameters", parameters) : parameters;
      const result = await handler(seen as never, token, rpc);
      return json && typeof result === "object" ? bytesToBase64(method, "result", result) : result;
    });
  }
  rpc.listen();
  return rpc;
}
