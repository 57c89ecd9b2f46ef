/**
 * A `br_table` of many labels and few targets becomes a table in the image that all instances share, of target numbers packed into words, and a `switch` over
 * those numbers. As a `switch` over thousands of values it costs the shader compilers minutes (NVRTC 90 s for 24,576 labels of two targets that alternate).
 */
import { read } from "../ir/builder.ts";
import type { IrModule, Local, Statement } from "../ir/module.ts";
import { rewrite } from "../ir/walk.ts";

type Switch = Extract<Statement, { kind: "switch" }>;

/** A `switch` over the values of a byte stays one. */
const mostValues = 256;
/** With fewer values for each target a table would not be smaller than the `switch`. */
const fewestPerTarget = 4;

export function branchTables(module: IrModule): void {
  const image = new ImageTail(module.image);
  for (const func of module.functions.values()) {
    if (!func.lowered.has("switch")) continue;
    let next = 0;
    func.body = rewrite(func.body, (statement) => {
      if (statement.kind !== "switch" || !needsTable(statement)) return undefined;
      const target: Local = { kind: "temporary", type: "i32", name: `n${next++}` };
      return byTargetNumber(statement, target, image);
    });
  }
  module.image = image.bytes();
}

function needsTable({ cases }: Switch): boolean {
  const values = cases.reduce((sum, item) => sum + item.values.length, 0);
  return values > mostValues && values >= fewestPerTarget * cases.length;
}

/** Number 0 is the default, and what the runtime gives for an index behind the table. */
function byTargetNumber(statement: Switch, target: Local, image: ImageTail): readonly Statement[] {
  const length = 1 + statement.cases.reduce((last, { values }) => values.reduce((a, b) => Math.max(a, b), last), 0);
  const numbers = new Uint32Array(length);
  statement.cases.forEach(({ values }, i) => {
    for (const value of values) numbers[value] = i + 1;
  });
  // V8 allows 65,520 labels.
  const bits = [1, 2, 4, 8].find((width) => statement.cases.length < 2 ** width) ?? 16;
  return [
    {
      kind: "bulk",
      operation: "branch.target",
      immediates: [image.append(packed(numbers, bits)), length, bits],
      operands: [statement.index],
      target,
    },
    { ...statement, index: read(target), cases: statement.cases.map((item, i) => ({ ...item, values: [i + 1] })) },
  ];
}

/** Little-endian words, the first number in the lowest bits. */
function packed(numbers: Uint32Array, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((numbers.length * bits) / 32) * 4);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => {
    const word = Math.trunc((i * bits) / 32) * 4;
    view.setUint32(word, view.getUint32(word, true) | (number << ((i * bits) % 32)), true);
  });
  return bytes;
}

/** What is added to the image, at multiples of 8 like segments. */
class ImageTail {
  readonly #image: Uint8Array;
  readonly #parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #size: number;

  constructor(image: Uint8Array) {
    this.#image = image;
    this.#size = image.length;
  }

  /** Returns the offset. */
  append(bytes: Uint8Array): number {
    const offset = this.#size;
    this.#parts.push({ offset, bytes });
    this.#size += (bytes.length + 7) & ~7;
    return offset;
  }

  bytes(): Uint8Array {
    if (this.#parts.length === 0) return this.#image;
    const all = new Uint8Array(this.#size);
    all.set(this.#image);
    for (const { offset, bytes } of this.#parts) all.set(bytes, offset);
    return all;
  }
}
