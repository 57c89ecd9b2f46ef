/**
 * MessagePack bodies: the one place that pins the library's options and the rule for integers (README.md, Encoding).
 */
import { Packr } from "msgpackr";

const packr = new Packr({
  // Plain maps: records are an extension that only msgpackr reads.
  useRecords: false,
  // Map headers of the shortest form, as other libraries write them.
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  // Exact whatever the size; `checked` makes numbers of them.
  int64AsType: "bigint",
});

/** Largest depth of a message; no message of the catalogue comes near it. */
const maximumDepth = 64;

export function encodeMessagePack(message: unknown): Uint8Array {
  return Buffer.concat(encodeMessagePackParts(message));
}

/** The same bytes in parts: large fields as they are, since the library would copy megabytes into a buffer that grows. */
export function encodeMessagePackParts(message: unknown): readonly Uint8Array[] {
  return partsOf(encodable(message, 0));
}

/** Bytes of a field from which on it is not copied: below it a part of its own, or a view of the whole body, costs more. */
const largeBytes = 1 << 16;

function partsOf(value: unknown): readonly Uint8Array[] {
  if (!hasLargeBytes(value)) return [packr.pack(value)];
  if (value instanceof Uint8Array) return [largeHeader(bin32, value.length), value];
  if (Array.isArray(value)) return [header(0x90, array16, value.length), ...value.flatMap(partsOf)];
  const fields = Object.entries(value as object);
  const parts = fields.flatMap(([key, field]) => [packr.pack(key), ...partsOf(field)]);
  return [header(0x80, map16, fields.length), ...parts];
}

function hasLargeBytes(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array) return value.length >= largeBytes;
  // Lists of numbers have millions.
  if (Array.isArray(value)) return typeof value[0] === "object" && value.some(hasLargeBytes);
  return Object.values(value).some(hasLargeBytes);
}

const [bin32, array16, map16] = [0xc6, 0xdc, 0xde];

/** The shortest: `fix` has the length in its low bits, and the code after `code16` is that of 32 bits. */
function header(fix: number, code16: number, length: number): Uint8Array {
  if (length < 16) return Uint8Array.of(fix | length);
  if (length > 0xffff) return largeHeader(code16 + 1, length);
  return Uint8Array.of(code16, length >> 8, length & 0xff);
}

function largeHeader(code: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(5, code);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** Throws TypeError for bytes that are not one MessagePack value of the protocol's types. */
export function decodeMessagePack(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = packr.unpack(bytes);
  } catch (error) {
    throw new TypeError(`not a MessagePack body: ${error instanceof Error ? error.message : String(error)}`);
  }
  return checked(value, 0);
}

/**
 * Leaves out absent fields and makes integers beyond 32 bits BigInt: msgpackr writes a number of 2^32 or more as float64, a BigInt as
 * int64, and the protocol has integers never as floats.
 */
function encodable(value: unknown, depth: number): unknown {
  if (depth > maximumDepth) throw new TypeError("message nested too deep");
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && (value > 0xffffffff || value < -0x80000000) ? BigInt(value) : value;
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((element) => encodable(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, encodable(field, depth + 1)]),
  );
}

/** The decoded value with `Uint8Array` for `bin`; refuses what the protocol does not have. */
function checked(value: unknown, depth: number): unknown {
  if (depth > maximumDepth) throw new TypeError("message nested too deep");
  switch (typeof value) {
    case "number":
    case "string":
    case "boolean":
      return value;
    case "bigint":
      if (Number.isSafeInteger(Number(value))) return Number(value);
      throw new TypeError(`integer ${value} has more than 53 bits`);
    case "object":
      break;
    default:
      throw new TypeError(`unexpected value of type ${typeof value} in a MessagePack body`);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) {
    // A copy, so that a small field does not keep a large body alive.
    return value.length < largeBytes
      ? new Uint8Array(value)
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (Array.isArray(value)) return value.map((element) => checked(element, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("unexpected MessagePack extension");
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, checked(field, depth + 1)]));
}
