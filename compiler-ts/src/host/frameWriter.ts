/** Frames in one write each, however many parts a body has. */
import type { Writable } from "node:stream";
import { AbstractMessageWriter, type Message, type MessageWriter } from "vscode-jsonrpc/node";

/**
 * The library's own writer takes a turn of the event loop for its queue and another between header and body, which in a small request is most of
 * the client's time.
 */
export class FrameWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #output: Writable;
  readonly #encode: (message: Message) => readonly Uint8Array[];
  #errors = 0;

  constructor(output: Writable, encode: (message: Message) => readonly Uint8Array[]) {
    super();
    this.#output = output;
    this.#encode = encode;
    output.on("error", (error) => this.fireError(error));
    output.on("close", () => this.fireClose());
  }

  /** Resolves when all of it has been handed to the system. */
  async write(message: Message): Promise<void> {
    const body = this.#encode(message);
    const length = body.reduce((sum, part) => sum + part.byteLength, 0);
    try {
      await this.#send(Buffer.from(`Content-Length: ${length}\r\n\r\n`, "ascii"), body);
    } catch (error) {
      this.#errors += 1;
      this.fireError(error, message, this.#errors);
      throw error;
    }
  }

  #send(header: Uint8Array, body: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#output.cork();
      this.#output.write(header);
      // Writes end in order, and so with the last.
      body.forEach((part, index) => {
        if (index < body.length - 1) this.#output.write(part);
        else this.#output.write(part, (error) => (error ? reject(error) : resolve()));
      });
      this.#output.uncork();
    });
  }

  end(): void {
    this.#output.end();
  }
}
