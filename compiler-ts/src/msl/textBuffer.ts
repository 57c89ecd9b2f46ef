/** Lines of text with indentation. */
export class TextBuffer {
  readonly #lines: string[] = [];
  #indent = "";
  #deepest = 0;

  /** Levels of the deepest line. */
  get deepest(): number {
    return this.#deepest / 2;
  }

  get lines(): number {
    return this.#lines.length;
  }

  line(text: string): void {
    this.#lines.push(text === "" ? "" : this.#indent + text);
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
    return `${this.#lines.join("\n")}\n`;
  }
}
