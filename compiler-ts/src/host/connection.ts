/**
 * JSON-RPC over two streams with our codec: JSON first, the agreed encoding after initialize's answer. Knows no process.
 */
import type { Readable, Writable } from "node:stream";
import {
  CancellationTokenSource,
  createMessageConnection,
  Message as Messages,
  ResponseError,
  type Message as RpcMessage,
} from "vscode-jsonrpc/node";
import { base64ToBytes, bytesToBase64 } from "../../../protocol/bytes.ts";
import {
  type Encoding,
  errorCodes,
  type InitializeParameters,
  type InitializeResult,
  initialize,
  type Message,
  protocolVersion,
} from "../../../protocol/messages.ts";
import { decodeMessagePack, encodeMessagePackParts } from "../../../protocol/msgpack.ts";
import { errorNameOf, HostError, messageOf } from "../errors.ts";
import { FrameReader } from "./frameReader.ts";
import { FrameWriter } from "./frameWriter.ts";

export interface ConnectionEvents {
  /** The first request of several is in flight. */
  readonly onBusy?: () => void;
  /** No request is in flight any more. */
  readonly onIdle?: () => void;
  /** The stream ended or carries something else than frames. Whoever owns the transport then calls `close` with the reason. */
  readonly onBroken: (reason: HostError) => void;
}

export interface Connection {
  request<Parameters, Result>(
    message: Message<string, Parameters, Result>,
    parameters: Parameters,
    signal?: AbortSignal,
  ): Promise<Result>;
  notify<Parameters>(message: Message<string, Parameters, never>, parameters: Parameters): Promise<void>;
  onNotification<Parameters>(
    message: Message<string, Parameters, never>,
    handler: (parameters: Parameters) => void,
  ): void;
  /** The same at once, before what came earlier is dealt with. Bytes in the parameters are overwritten when `handler` has returned. */
  onBulk<Parameters>(message: Message<string, Parameters, never>, handler: (parameters: Parameters) => void): void;
  /** Rejects everything in flight, and every later request, with `reason`. */
  close(reason: HostError): void;
  /** Aborts with the reason when the connection is closed. */
  readonly closed: AbortSignal;
}

export function connect(input: Readable, output: Writable, events: ConnectionEvents): Connection {
  const codec = new Codec();
  const bulk = new Map<string, (parameters: unknown) => void>();
  const received = (method: string, parameters: unknown): never =>
    (codec.encoding === "json" ? base64ToBytes(method, "parameters", parameters) : parameters) as never;
  const decode = (body: Uint8Array): RpcMessage | undefined => {
    const message = codec.decode(body);
    if (!Messages.isNotification(message)) return message;
    const handler = bulk.get(message.method);
    if (handler === undefined) return message;
    handler(message.params);
    return undefined;
  };
  const rpc = createMessageConnection(
    new FrameReader(input, decode),
    new FrameWriter(output, (message) => codec.encode(message)),
  );

  let closeReason: HostError | undefined;
  const closing = new AbortController();
  const closed = new Promise<HostError>((resolve) => {
    closing.signal.addEventListener("abort", () => resolve(closing.signal.reason));
  });
  const broken = (reason: HostError) => closeReason === undefined && events.onBroken(reason);
  rpc.onClose(() => broken(new HostError("hostExited", "the host closed its output")));
  rpc.onError(([error, unsent]) =>
    broken(
      // A write that fails comes with its message, or, from the stream itself, as a system's error.
      unsent === undefined && !("syscall" in error)
        ? new HostError("protocolViolation", `unreadable message from the host: ${error.message}`)
        : new HostError("hostExited", `the host takes no input: ${error.message}`),
    ),
  );
  rpc.listen();

  let inFlight = 0;
  return {
    closed: closing.signal,
    async request(message, parameters, signal) {
      signal?.throwIfAborted();
      if (closeReason !== undefined) throw closeReason;
      const cancellation = new CancellationTokenSource();
      const cancel = () => cancellation.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      inFlight += 1;
      if (inFlight === 1) events.onBusy?.();
      const json = codec.encoding === "json";
      try {
        const sent = json ? bytesToBase64(message.method, "parameters", parameters) : parameters;
        const result: unknown = await rpc.sendRequest(message.method, sent, cancellation.token);
        return (json ? base64ToBytes(message.method, "result", result) : result) as ResultOf<typeof message>;
      } catch (error) {
        if (isTransportError(error)) throw await closed;
        if (signal?.aborted && error instanceof ResponseError && error.code === errorCodes.requestCancelled) {
          throw signal.reason;
        }
        if (error instanceof ResponseError) throw new HostError(errorNameOf(error.code), error.message, error.data);
        throw new HostError("protocolViolation", `${message.method}: ${messageOf(error)}`);
      } finally {
        inFlight -= 1;
        if (inFlight === 0) events.onIdle?.();
        signal?.removeEventListener("abort", cancel);
        cancellation.dispose();
      }
    },
    async notify(message, parameters) {
      if (closeReason !== undefined) throw closeReason;
      const sent = codec.encoding === "json" ? bytesToBase64(message.method, "parameters", parameters) : parameters;
      await rpc.sendNotification(message.method, sent);
    },
    onNotification(message, handler) {
      rpc.onNotification(message.method, (parameters: unknown) => handler(received(message.method, parameters)));
    },
    onBulk(message, handler) {
      bulk.set(message.method, (parameters) => handler(received(message.method, parameters)));
    },
    close(reason) {
      if (closeReason !== undefined) return;
      closeReason = reason;
      closing.abort(reason);
      // Only dispose rejects what is pending; the end of the stream alone does not.
      rpc.dispose();
    },
  };
}

type ResultOf<M> = M extends Message<string, infer _P, infer Result> ? Result : never;

/** Sends `initialize`. Throws HostError `versionMismatch`, naming both versions, where the major versions differ. */
export async function handshake(
  connection: Connection,
  client: InitializeParameters["client"],
  encodings: readonly Encoding[] = ["msgpack", "json"],
): Promise<InitializeResult> {
  const result = await connection.request(initialize, { protocolVersion, client, encodings });
  if (majorOf(result.protocolVersion) !== majorOf(protocolVersion)) {
    throw new HostError(
      "versionMismatch",
      `the host speaks protocol ${result.protocolVersion}, this client ${protocolVersion}: install matching versions`,
    );
  }
  return result;
}

function majorOf(version: string): string | undefined {
  return String(version).split(".")[0];
}

/** Whether a host of protocol `version` knows what minor version `minor` added. */
export function hasMinor(version: string, minor: number): boolean {
  return Number(String(version).split(".")[1]) >= minor;
}

const transportCodes: ReadonlySet<number> = new Set([-32099, -32098, -32097, -32096]);

/** vscode-jsonrpc's own errors for a stream that failed or was disposed, as against answers from the host. */
function isTransportError(error: unknown): boolean {
  if (error instanceof ResponseError) return transportCodes.has(error.code);
  return error instanceof Error && "code" in error;
}

/** Both directions of one connection share the encoding in force. */
class Codec {
  encoding: Encoding = "json";
  #agreed = false;

  /** In parts: large fields are not copied. */
  encode(message: RpcMessage): readonly Uint8Array[] {
    return this.encoding === "json" ? [Buffer.from(JSON.stringify(message))] : encodeMessagePackParts(message);
  }

  decode(body: Uint8Array): RpcMessage {
    const message = this.encoding === "json" ? JSON.parse(Buffer.from(body).toString()) : decodeMessagePack(body);
    // Here and not where the answer is handled: the next frame may already be waiting to be decoded. The first result on
    // the wire is initialize's, since nothing may be sent before it.
    if (!this.#agreed && typeof message === "object" && message !== null && "result" in message) {
      this.#agreed = true;
      if (message.result?.encoding === "msgpack") this.encoding = "msgpack";
    }
    return message as RpcMessage;
  }
}
