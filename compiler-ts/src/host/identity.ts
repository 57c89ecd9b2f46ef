/** What a snapshot and the module that it is restored into have in common. */
import { createHash } from "node:crypto";
import type { Libraries } from "../link/program.ts";
import { clientVersion } from "./client.ts";

/**
 * The same for every profile: frames are laid out before anything that depends on one. Another version of the compiler may lay them
 * out in another way, and so may other exports, since only functions that they reach are compiled.
 */
export function moduleIdentity(
  bytes: Uint8Array,
  exports: readonly string[] | undefined,
  libraries: Libraries = {},
): string {
  const hash = createHash("sha256").update(bytes);
  for (const [name, library] of Object.entries(libraries)) {
    hash.update(JSON.stringify([name, library.length])).update(library);
  }
  hash.update(JSON.stringify([clientVersion, exports === undefined ? null : [...exports].sort()]));
  return `sha256:${hash.digest("hex")}`;
}
