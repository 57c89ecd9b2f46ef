/** Frames out of a stream's chunks, however it is cut. */
import type { Readable } from "node:stream";
import { AbstractMessageReader, type DataCallback, type Disposable, type MessageReader } from "vscode-jsonrpc/node";

type Message = Parameters<DataCallback>[0];

const headerEnd = "\r\n\r\n";
/** As in the host: what is longer is something else than frames. */
const maximumHeaderBytes = 4096;
const maximumBodyBytes = 2 ** 30;

/**
 * The library's own reader keeps a body's chunks until the last has come, copies them together, and decodes in later turns of the event loop: with
 * megabytes that is most of what comes between a result and who waits for it. Here a chunk is copied while the next is on its way.
 */
export class FrameReader extends AbstractMessageReader implements MessageReader {
  readonly #input: Readable;
  readonly #decode: (body: Uint8Array) => Message | undefined;
  #header: Buffer = Buffer.alloc(0);
  #body: { readonly bytes: Uint8Array; filled: number } | undefined;
  /** The last body that nobody needs any more: new memory for each of many makes collections. */
  #spare: Uint8Array | undefined;
  #isBroken = false;

  /**
   * `decode` may keep parts of a body in the message that it returns. Where it returns none, it has dealt with the message and is done with the
   * body's bytes, which are overwritten.
   */
  constructor(input: Readable, decode: (body: Uint8Array) => Message | undefined) {
    super();
    this.#input = input;
    this.#decode = decode;
  }

  listen(callback: DataCallback): Disposable {
    const onData = (chunk: Buffer) => this.#take(chunk, callback);
    this.#input.on("data", onData);
    this.#input.on("error", (error) => this.fireError(error));
    this.#input.on("close", () => this.fireClose());
    return { dispose: () => void this.#input.off("data", onData) };
  }

  #take(chunk: Buffer, callback: DataCallback): void {
    let rest = chunk;
    try {
      while (rest.length > 0 && !this.#isBroken) {
        rest = this.#body === undefined ? this.#takeHeader(rest, callback) : this.#takeBody(this.#body, rest, callback);
      }
    } catch (error) {
      // Where the next frame begins nobody knows.
      this.#isBroken = true;
      this.fireError(error);
    }
  }

  /** Returns what is behind the header and, where all of it is there, its body. */
  #takeHeader(chunk: Buffer, callback: DataCallback): Buffer {
    const bytes = this.#header.length === 0 ? chunk : Buffer.concat([this.#header, chunk]);
    const end = bytes.indexOf(headerEnd);
    if (end < 0 ? bytes.length > maximumHeaderBytes : end > maximumHeaderBytes)
      throw new Error("a frame without an end of its header");
    if (end < 0) {
      this.#header = bytes;
      return bytes.subarray(bytes.length);
    }
    this.#header = Buffer.alloc(0);
    const length = contentLength(bytes.toString("latin1", 0, end));
    const rest = bytes.subarray(end + headerEnd.length);
    if (rest.length < length) {
      this.#body = { bytes: this.#bytes(length), filled: 0 };
      return rest;
    }
    this.#give(rest.subarray(0, length), callback);
    return rest.subarray(length);
  }

  #takeBody(body: { readonly bytes: Uint8Array; filled: number }, chunk: Buffer, callback: DataCallback): Buffer {
    const taken = chunk.subarray(0, body.bytes.length - body.filled);
    body.bytes.set(taken, body.filled);
    body.filled += taken.length;
    if (body.filled === body.bytes.length) {
      this.#body = undefined;
      if (!this.#give(body.bytes, callback)) this.#spare = body.bytes;
    }
    return chunk.subarray(taken.length);
  }

  #bytes(length: number): Uint8Array {
    const spare = this.#spare;
    // A message that is kept would keep all of it alive.
    if (spare === undefined || spare.length < length || spare.length > length * 2) return new Uint8Array(length);
    this.#spare = undefined;
    return spare.subarray(0, length);
  }

  /** Whether the message is kept. */
  #give(body: Uint8Array, callback: DataCallback): boolean {
    const message = this.#decode(body);
    if (message !== undefined) callback(message);
    return message !== undefined;
  }
}

function contentLength(header: string): number {
  const value = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(header)?.[1];
  if (value === undefined)
    throw new Error(`a frame's header without Content-Length: ${JSON.stringify(header.slice(0, 80))}`);
  const length = Number(value);
  if (length > maximumBodyBytes) throw new Error(`a frame's body of ${value} bytes`);
  return length;
}
