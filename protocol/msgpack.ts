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
  return packr.pack(encodable(message, 0));
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
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((element) => checked(element, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError("unexpected MessagePack extension");
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, checked(field, depth + 1)]));
}
