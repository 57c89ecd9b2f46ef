const mostWaiting = 256;

/** Lines of text with indentation. */
export class TextBuffer {
  /** Text of finished lines. A line that was put together is a tree of its pieces until it is joined: few may wait, or the collector copies them all. */
  #finished = "";
  #finishedLines = 0;
  #lines: string[] = [];
  #indent = "";
  #deepest = 0;

  /** Levels of the deepest line. */
  get deepest(): number {
    return this.#deepest / 2;
  }

  get lines(): number {
    return this.#finishedLines + this.#lines.length;
  }

  line(text: string): void {
    this.#lines.push(text === "" ? "" : this.#indent + text);
    if (this.#lines.length === mostWaiting) this.#join();
  }

  /** Writes `open`, then what `body` writes one level deeper, then `close`. */
  scope(open: string, body: () => void, close = "}"): void {
    this.line(open);
    this.indented(body);
    this.line(close);
  }

  indented(body: () => void): void {
    this.#indent += "  ";
    this.#deepest = Math.max(this.#deepest, this.#indent.length);
    body();
    this.#indent = this.#indent.slice(2);
  }

  toString(): string {
    this.#join();
    return this.#finished;
  }

  #join(): void {
    if (this.#lines.length === 0) return;
    this.#finished += `${this.#lines.join("\n")}\n`;
    this.#finishedLines += this.#lines.length;
    this.#lines = [];
  }
}
