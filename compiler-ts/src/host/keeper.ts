/** The host of a device: the process that lives, and a new one where it has died. */
import { HostError, messageOf } from "../errors.ts";
import type { HostClient } from "./client.ts";

export interface HostKeeperOptions {
  /** Starts a host; without it a host that has died stays dead. */
  readonly restart?: (() => Promise<HostClient>) | undefined;
  /** Why a host died, when another has taken its place. */
  readonly onRestart?: ((reason: string) => void) | undefined;
}

/** A host that dies so often before it has done what it was started for is not started again. */
const tries = 8;

export class HostKeeper {
  readonly #options: HostKeeperOptions;
  #current: HostClient;
  #restarting: Promise<HostClient> | undefined;
  #isClosed = false;

  constructor(client: HostClient, options: HostKeeperOptions = {}) {
    this.#current = client;
    this.#options = options;
  }

  /** The living host. What the one before it had, modules and pools, is gone with it. */
  async client(): Promise<HostClient> {
    const { restart } = this.#options;
    if (restart === undefined || this.#isClosed || !this.#current.closed.aborted) return this.#current;
    this.#restarting ??= this.#restart(restart).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#restarting?.catch(() => {});
    await this.#current.close();
  }

  async #restart(restart: () => Promise<HostClient>): Promise<HostClient> {
    const reason = messageOf(this.#current.closed.reason);
    // Its streams are closed; a process that still ends is waited for.
    await this.#current.close();
    const client = await restart();
    this.#current = client;
    if (this.#isClosed) await client.close();
    else this.#options.onRestart?.(reason);
    return client;
  }
}

export function isDeath(error: unknown): error is HostError {
  return error instanceof HostError && error.code === "hostExited";
}

/** Again where the host dies meanwhile; only for what leaves nothing behind. Rejects with the last death. */
export async function survivingDeaths<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let deaths = 1; ; deaths++) {
    try {
      return await act();
    } catch (error) {
      if (!isDeath(error) || deaths === tries) throw error;
    }
  }
}

/** For what frees something: with the host it is gone. */
export async function unlessDead(act: () => Promise<unknown>): Promise<void> {
  await act().catch((error) => {
    if (!isDeath(error)) throw error;
  });
}
