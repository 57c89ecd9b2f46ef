/** Numbers known of locals while a pass walks a function. What a nested list adds is undone behind it, without copying the map for each list. */
import type { Local } from "../../ir/module.ts";

export class ScopedFacts {
  readonly #known = new Map<Local, number>();
  readonly #changes: { readonly local: Local; readonly before: number | undefined }[] = [];

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  of(local: Local): number | undefined {
    return this.#known.get(local);
  }

  set(local: Local, value: number): void {
    this.#changes.push({ local, before: this.#known.get(local) });
    this.#known.set(local, value);
  }

  forget(local: Local): void {
    const before = this.#known.get(local);
    if (before === undefined) return;
    this.#changes.push({ local, before });
    this.#known.delete(local);
  }

  /** For `undo`. */
  get mark(): number {
    return this.#changes.length;
  }

  /** Takes back all that changed since the mark was read. */
  undo(mark: number): void {
    while (this.#changes.length > mark) {
      const { local, before } = this.#changes.pop() as { local: Local; before: number | undefined };
      if (before === undefined) this.#known.delete(local);
      else this.#known.set(local, before);
    }
  }

  /** Runs `nested` and takes back all that it changed. */
  during<Result>(nested: () => Result): Result {
    const start = this.mark;
    const result = nested();
    this.undo(start);
    return result;
  }
}
