/** What a snapshot and the module that it is restored into have in common. */
import { createHash } from "node:crypto";
import { clientVersion } from "./client.ts";

/**
 * The same for every profile: frames are laid out before anything that depends on one. Another version of the compiler may lay them
 * out in another way, and so may other exports, since only functions that they reach are compiled.
 */
export function moduleIdentity(bytes: Uint8Array, exports: readonly string[] | undefined): string {
  const hash = createHash("sha256").update(bytes);
  hash.update(JSON.stringify([clientVersion, exports === undefined ? null : [...exports].sort()]));
  return `sha256:${hash.digest("hex")}`;
}
