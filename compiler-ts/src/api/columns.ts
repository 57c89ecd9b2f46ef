/** Records of many calls as one typed array a value, and back. */
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import { writeConverted } from "./conversions.ts";
import type { Column } from "./imports.ts";
import { recordWords } from "./values.ts";

const columnTypes = {
  i32: Int32Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
  funcref: Uint32Array,
  externref: Uint32Array,
  v128: Uint8Array,
} as const satisfies Record<ValueType, unknown>;

/** Copies: what happens to the columns does not reach the records. */
export function columnsOf(types: readonly ValueType[], records: Uint32Array, count: number): Column[] {
  const stride = recordWords(types);
  let first = 0;
  return types.map((type) => {
    const words = wordsOf(type);
    const column = new Uint32Array(count * words);
    for (let call = 0; call < count; call++) {
      for (let word = 0; word < words; word++) column[call * words + word] = records[call * stride + first + word] ?? 0;
    }
    first += words;
    return new columnTypes[type](column.buffer);
  });
}

/**
 * The records of what a batched import returned for `count` calls. Throws a TypeError that names `what` where the number of columns or of
 * their values is wrong; `failed` is told of single values that are.
 */
export function recordsOfColumns(
  types: readonly ValueType[],
  returned: unknown,
  count: number,
  what: string,
  failed: (position: number, error: unknown) => void,
): Uint32Array {
  const stride = recordWords(types);
  const records = new Uint32Array(count * stride);
  if (types.length === 0) return records;
  const columns = types.length === 1 ? [returned] : returned;
  if (!Array.isArray(columns) || columns.length !== types.length) {
    throw new TypeError(`${what} did not return an array of ${types.length} columns (${types.join(", ")})`);
  }
  let first = 0;
  types.forEach((type, index) => {
    writeColumn(type, columns[index], { records, stride, first, count }, `${what} (batched)`, failed);
    first += wordsOf(type);
  });
  return records;
}

interface Place {
  readonly records: Uint32Array;
  readonly stride: number;
  readonly first: number;
  readonly count: number;
}

function writeColumn(
  type: ValueType,
  column: unknown,
  { records, stride, first, count }: Place,
  what: string,
  failed: (position: number, error: unknown) => void,
): void {
  if (!isColumn(column)) throw new TypeError(`${what} returned no column of ${type} values`);
  const exact = column instanceof columnTypes[type];
  const length = exact && type === "v128" ? column.length / 16 : column.length;
  if (length !== count) throw new TypeError(`${what} returned ${length} values of type ${type} for ${count} calls`);
  const words = wordsOf(type);
  if (exact && ArrayBuffer.isView(column)) {
    const bits = new Uint32Array(column.buffer.slice(column.byteOffset, column.byteOffset + column.byteLength));
    for (let call = 0; call < count; call++) {
      for (let word = 0; word < words; word++) records[call * stride + first + word] = bits[call * words + word] ?? 0;
    }
    return;
  }
  for (let call = 0; call < count; call++) {
    try {
      writeConverted(type, column[call], records, call * stride + first, what);
    } catch (error) {
      failed(call, error);
    }
  }
}

function isColumn(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
