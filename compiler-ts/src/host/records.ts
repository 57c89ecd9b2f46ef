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

/** A copy, because the bytes may not lie on a multiple of four. */
export function wordsOfBytes(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
