import type { Progress } from "../host/client.ts";

/** How far work is of which several devices have parts at the same time. */
export class SharedProgress {
  readonly #total: number;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  /** Of work that goes on: its size, and how much of it is done. */
  readonly #parts = new Map<unknown, number>();
  #ended = 0;

  constructor(total: number, onProgress: ((progress: Progress) => void) | undefined) {
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** What `key` with its `size` of the total has to say. */
  of(key: unknown, size: number): ((progress: Progress) => void) | undefined {
    const onProgress = this.#onProgress;
    if (onProgress === undefined) return undefined;
    return ({ message, fraction }) => {
      if (fraction === undefined) return onProgress({ message });
      this.#parts.set(key, fraction * size);
      const done = [...this.#parts.values()].reduce((sum, part) => sum + part, this.#ended);
      onProgress({ message, fraction: Math.min(done / this.#total, 1) });
    };
  }

  /** `done` of what `key` had is done for good. */
  ended(key: unknown, done: number): void {
    this.#parts.delete(key);
    this.#ended += done;
  }
}
