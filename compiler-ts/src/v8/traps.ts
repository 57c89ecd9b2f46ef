/** V8's exceptions in the specification's wording. */
import { noFunction, type TrapMessage, trapCode } from "../metadata.ts";

export interface TrapSite {
  readonly code: number;
  readonly functionIndex: number;
}

const callIndirect = 0x11;

/**
 * V8 has one message for what the specification tells apart:
 * - "float unrepresentable in integer range" is `integer overflow`, or `invalid conversion to integer` for a NaN;
 * - "null function or function signature mismatch" is `indirect call type mismatch`, or `uninitialized element` for null;
 * - "table index is out of bounds" is `undefined element` of an indirect call, or `out of bounds table access`. The instruction at the reported offset tells
 *   in code of V8's baseline compiler; the optimizing one (11.3) gives table instructions the offset of what stands before them, which can be a call.
 * The first of each pair is reported; a comparison with another device has to take the second as equal.
 */
export const indistinctTraps: readonly (readonly [TrapMessage, TrapMessage])[] = [
  ["integer overflow", "invalid conversion to integer"],
  ["indirect call type mismatch", "uninitialized element"],
  ["undefined element", "out of bounds table access"],
];

const messages: readonly (readonly [RegExp, TrapMessage])[] = [
  [/^unreachable$/, "unreachable"],
  [/^(divide|remainder) by zero$/, "integer divide by zero"],
  [/^divide result unrepresentable$/, "integer overflow"],
  [/^float unrepresentable in integer range$/, "integer overflow"],
  [/^memory access out of bounds$/, "out of bounds memory access"],
  [/data segment (\d+ )?(is )?out of bounds/, "out of bounds memory access"],
  [/^null function or function signature mismatch$/, "indirect call type mismatch"],
  [
    /^(element segment|table access) out of bounds$|table index is out of bounds|table initializer/,
    "out of bounds table access",
  ],
];

/** Frame of a wasm function in a stack trace: its index, and the offset of the instruction in the module's bytes. */
const wasmFrame = /wasm-function\[(\d+)\]:0x([0-9a-f]+)/;

/** `undefined` for an exception that is no trap. `bytes` are those of the module that V8 compiled. */
export function trapOf(error: unknown, bytes: Uint8Array): TrapSite | undefined {
  if (!(error instanceof Error)) return undefined;
  const message = trapMessage(error);
  if (message === undefined) return undefined;
  const frame = wasmFrame.exec(error.stack ?? "");
  const functionIndex = Number(frame?.[1] ?? noFunction);
  // One message for two traps, but the instruction tells.
  const opcode = frame === null ? undefined : bytes[Number.parseInt(frame[2] ?? "", 16)];
  const undefinedElement = message === "out of bounds table access" && opcode === callIndirect;
  return { code: trapCode(undefinedElement ? "undefined element" : message), functionIndex };
}

function trapMessage(error: Error): TrapMessage | undefined {
  if (error instanceof RangeError && error.message.startsWith("Maximum call stack")) return "call stack exhausted";
  if (!(error instanceof WebAssembly.RuntimeError)) return undefined;
  const text = error.message.replace(/^WebAssembly\.Instance\(\): /, "");
  return messages.find(([pattern]) => pattern.test(text))?.[1];
}
