/** Records as the protocol carries them: bytes. */
import { HostError } from "../errors.ts";

/** Records are little-endian, as every machine is that runs Node. */
export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** What a host answers is checked before it is taken for values. */
export function ofLength(bytes: Uint8Array | undefined, length: number, method: string): Uint8Array {
  if (bytes?.length === length) return bytes;
  throw new HostError(
    "protocolViolation",
    `${method}: the host answered ${bytes?.length ?? "no"} bytes, not ${length}`,
  );
}

/** The bytes themselves where they lie on a multiple of four, else a copy. */
export function wordsOfBytes(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** Two words each of `count` instances or jobs: the host leaves them out where all are zero. */
export function statusOf(bytes: Uint8Array, count: number, method: string): Uint32Array {
  return bytes.length === 0 ? new Uint32Array(count * 2) : wordsOfBytes(ofLength(bytes, count * 8, method));
}
