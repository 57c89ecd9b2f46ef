/**
 * What engines accept beyond WebAssembly 2.0, recognised by its encoding so that the refusal can name it.
 * V8 validates before we decode, hence such a module arrives here as a valid one.
 */
import { CompileError } from "../diagnostics.ts";

export type Proposal =
  | "exception handling"
  | "extended constant expressions"
  | "garbage collection"
  | "memory64"
  | "multiple memories"
  | "relaxed SIMD"
  | "tail calls"
  | "threads"
  | "typed function references"
  | "custom page sizes"
  | "wide arithmetic";

export function unsupportedProposal(proposal: Proposal, offset: number): CompileError {
  return new CompileError({ kind: "unsupported", message: `unsupported feature: ${proposal}`, offset });
}

export function proposalOfOpcode(byte: number): Proposal | undefined {
  switch (byte) {
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0a:
    case 0x18:
    case 0x19:
    case 0x1f:
      return "exception handling";
    case 0x12:
    case 0x13:
      return "tail calls";
    case 0x14:
    case 0x15:
    case 0xd4:
    case 0xd5:
    case 0xd6:
      return "typed function references";
    case 0xd3:
    case 0xfb:
      return "garbage collection";
    case 0xfe:
      return "threads";
    default:
      return undefined;
  }
}

export function proposalOfPrefixedOpcode(prefix: number, subcode: number): Proposal | undefined {
  if (prefix === 0xfd && subcode >= 0x100 && subcode <= 0x12f) return "relaxed SIMD";
  if (prefix === 0xfc && subcode >= 0x13 && subcode <= 0x16) return "wide arithmetic";
  return undefined;
}

/** By the byte that stands where a type is expected. */
export function proposalOfType(byte: number): Proposal | undefined {
  if (byte === 0x63 || byte === 0x64) return "typed function references";
  if (byte === 0x69 || byte === 0x74) return "exception handling";
  if ((byte >= 0x6a && byte <= 0x6e) || (byte >= 0x71 && byte <= 0x73)) return "garbage collection";
  if ((byte >= 0x4d && byte <= 0x50) || byte === 0x5e || byte === 0x5f) return "garbage collection";
  return undefined;
}

/** By the flags byte of a memory's or table's limits; 2.0 has 0 and 1. */
export function proposalOfLimits(flags: number): Proposal | undefined {
  if (flags > 0x0f) return undefined;
  if ((flags & 0x08) !== 0) return "custom page sizes";
  if ((flags & 0x04) !== 0) return "memory64";
  if ((flags & 0x02) !== 0) return "threads";
  return undefined;
}
