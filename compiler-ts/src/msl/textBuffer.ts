/** Lines of text with indentation. */
export class TextBuffer {
  readonly #lines: string[] = [];
  #indent = "";

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
    body();
    this.#indent = this.#indent.slice(2);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
