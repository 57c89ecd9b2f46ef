/** Unique, legal and readable identifiers. Every emitted name has a prefix of its own, so none can meet a keyword, macro or builtin of MSL. */
export class Namer {
  readonly #used = new Set<string>();

  /** `prefix` makes the name legal and unique in itself where it holds an index; `hint` is for people. */
  name(prefix: string, hint: string | undefined): string {
    const readable = sanitize(hint ?? "");
    const base = readable === "" ? prefix : `${prefix}_${readable}`;
    let name = base;
    for (let i = 2; this.#used.has(name); i++) name = `${base}_${i}`;
    this.#used.add(name);
    return name;
  }
}

/** ASCII letters, digits and single underscores, at most 40: double underscores are reserved in C++, long names hide the code. */
export function sanitize(text: string): string {
  return text
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40)
    .replace(/_+$/, "");
}
