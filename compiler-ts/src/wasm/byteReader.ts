/**
 * Cursor over a module's bytes: integers in LEB128, floats as bits, names, bounds. Specification section 5.2.
 * Every problem is a CompileError of kind "invalid-module" in the specification's wording with the byte's offset.
 */
import { CompileError } from "../diagnostics.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function malformed(message: string, offset: number): CompileError {
  return new CompileError({ kind: "invalid-module", message, offset });
}

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly start: number;
  position: number;
  /** One past the last readable byte; a section or a body narrows it. */
  readonly end: number;
  /** What reading past `end` is called here; it differs by context in the specification's tests. */
  private readonly endMessage: string;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, endMessage = "unexpected end") {
    this.bytes = bytes;
    this.start = start;
    this.position = start;
    this.end = end;
    this.endMessage = endMessage;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** A reader of the next `size` bytes, which this reader skips. */
  window(size: number): ByteReader {
    const start = this.skip(size);
    return new ByteReader(this.bytes, start, start + size, "unexpected end of section or function");
  }

  /** Skips `size` bytes and returns where they began. */
  skip(size: number): number {
    const start = this.position;
    if (size > this.end - start) throw malformed("length out of bounds", start);
    this.position = start + size;
    return start;
  }

  byte(): number {
    if (this.position >= this.end) throw malformed(this.endMessage, this.position);
    return this.bytes[this.position++] as number;
  }

  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
    }
    const last = this.lastByte();
    if (last > 0x0f) throw malformed("integer too large", this.position - 1);
    return (value | (last << 28)) >>> 0;
  }

  s32(): number {
    const first = this.byte();
    if (first < 0x80) return (first << 25) >> 25;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.lastByte();
    // The fifth byte has four value bits; the other three repeat the sign.
    const sign = last & 0x78;
    if (sign !== 0 && sign !== 0x78) throw malformed("integer too large", this.position - 1);
    return value | (last << 28);
  }

  /** Block types: a 33-bit signed integer, which a double holds exactly. */
  s33(): number {
    const first = this.byte();
    if (first < 0x80) return (first << 25) >> 25;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.lastByte();
    const sign = last & 0x70;
    if (sign !== 0 && sign !== 0x70) throw malformed("integer too large", this.position - 1);
    return value + ((last << 27) >> 27) * 0x1000_0000;
  }

  s64(): bigint {
    // Three groups of at most 28 bits: arithmetic on bigints only where the number needs it.
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const next = this.byte();
      low |= (next & 0x7f) << shift;
      if (next < 0x80) return BigInt((low << (25 - shift)) >> (25 - shift));
    }
    let middle = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const next = this.byte();
      middle |= (next & 0x7f) << shift;
      if (next < 0x80) return (BigInt((middle << (25 - shift)) >> (25 - shift)) << 28n) | BigInt(low);
    }
    let high = this.byte();
    if (high >= 0x80) {
      const last = this.lastByte();
      if (last !== 0 && last !== 0x7f) throw malformed("integer too large", this.position - 1);
      high = (high & 0x7f) | (last << 7);
    } else {
      high = (high << 25) >> 25;
    }
    return BigInt.asIntN(64, (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low));
  }

  /** Four bytes, little-endian, unsigned. */
  bits32(): number {
    const at = this.fixed(4);
    const bytes = this.bytes;
    return (
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    );
  }

  /** Eight bytes, little-endian, unsigned. */
  bits64(): bigint {
    const low = this.bits32();
    return (BigInt(this.bits32()) << 32n) | BigInt(low);
  }

  /** A copy of the next `size` bytes. */
  take(size: number): Uint8Array {
    const start = this.fixed(size);
    return this.bytes.slice(start, start + size);
  }

  /** A vector's length, refused where even one byte an item would not fit: a hostile count must not allocate. */
  count(): number {
    const start = this.position;
    const count = this.u32();
    if (count > this.remaining) throw malformed("length out of bounds", start);
    return count;
  }

  name(): string {
    const size = this.u32();
    const start = this.skip(size);
    try {
      return utf8.decode(this.bytes.subarray(start, start + size));
    } catch {
      throw malformed("malformed UTF-8 encoding", start);
    }
  }

  private fixed(size: number): number {
    const start = this.position;
    if (size > this.end - start) throw malformed(this.endMessage, this.end);
    this.position = start + size;
    return start;
  }

  private lastByte(): number {
    const last = this.byte();
    if (last >= 0x80) throw malformed("integer representation too long", this.position - 1);
    return last;
  }
}
