/** For tests that need the host: run nowhere without it, and say why. */
import { locateHost } from "../../compiler-ts/src/host/locate.ts";

/** Why there is no host; `false` where there is one, as `skip` of node:test takes it. */
export const hostMissing: string | false = ((): string | false => {
  try {
    locateHost();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
})();
