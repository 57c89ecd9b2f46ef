/** What a snapshot and the module that it is restored into have in common. */
import { createHash } from "node:crypto";
import type { Libraries } from "../link/program.ts";
import { clientVersion } from "./client.ts";

/**
 * The same for every profile, unless recursions are loops with one and none with the other: of all that depends on a profile only that
 * lays out frames in another way. Another version of the compiler may, too, and so may other exports, since only functions that they
 * reach are compiled.
 */
export function moduleIdentity(
  bytes: Uint8Array,
  exports: readonly string[] | undefined,
  libraries: Libraries = {},
  recursionLoops: readonly number[] = [],
): string {
  const hash = createHash("sha256").update(bytes);
  for (const [name, library] of Object.entries(libraries)) {
    hash.update(JSON.stringify([name, library.length])).update(library);
  }
  hash.update(JSON.stringify([clientVersion, exports === undefined ? null : [...exports].sort(), recursionLoops]));
  return `sha256:${hash.digest("hex")}`;
}
