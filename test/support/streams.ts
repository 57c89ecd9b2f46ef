/** Two streams that a client and a server in one process talk over, with the chunks cut as a test wants them. */
import { PassThrough, Transform } from "node:stream";

/** Passes bytes on in pieces of `size`, each in its own turn of the event loop: every partial read that a pipe could produce. */
export function chopped(size: number): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length; at += size) {
        this.push(chunk.subarray(at, at + size));
        await new Promise(setImmediate);
      }
      done();
    },
  });
}

export interface Wire {
  readonly clientInput: PassThrough | Transform;
  readonly clientOutput: PassThrough | Transform;
}

export function wire(pieceSize?: number): Wire {
  const stream = () => (pieceSize === undefined ? new PassThrough() : chopped(pieceSize));
  return { clientInput: stream(), clientOutput: stream() };
}
