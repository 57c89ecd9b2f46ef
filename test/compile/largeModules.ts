/** Modules at the edges of what compilers emit, by hand: wabt takes minutes for deep nesting, or fails. Each exports f: (i32) -> i32. */

export type LargeModule = (size: number) => Uint8Array;

const end = 0x0b;
const block = [0x02, 0x40];
const loop = [0x03, 0x40];
const ifVoid = [0x04, 0x40];
const otherwise = 0x05;
const branchIf = 0x0d;
const branchTable = 0x0e;
const [equal, add, subtract, multiply, and, xor] = [0x46, 0x6a, 0x6b, 0x6c, 0x71, 0x73];
const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const tee = (local: number): number[] => [0x22, ...unsigned(local)];
const constant = (value: number): number[] => [0x41, ...signed(value)];

/** Code before each block, and behind all of them a branch out of each. */
export const nestedBlocks: LargeModule = (size) =>
  moduleOf([
    ...repeated(size, (i) => [...get(0), ...constant(i), add, ...set(0), ...block]),
    ...repeated(size, (i) => [
      ...get(0),
      ...constant(i * 7 + 1),
      add,
      ...tee(0),
      ...constant(1023),
      and,
      ...constant(i),
      equal,
      branchIf,
      ...unsigned(i),
    ]),
    ...repeated(size, (i) => [end, ...get(0), ...constant(i), xor, ...set(0)]),
    ...get(0),
  ]);

export const nestedIfs: LargeModule = (size) =>
  moduleOf([
    ...repeated(size, (i) => [
      ...get(0),
      ...constant(1 << (i % 10)),
      and,
      ...ifVoid,
      ...get(0),
      ...constant(i),
      add,
      ...set(0),
    ]),
    ...repeated(size, (i) => [
      otherwise,
      ...get(0),
      ...constant(i * 3),
      xor,
      ...set(0),
      end,
      ...get(0),
      ...constant(i),
      multiply,
      ...constant(1),
      add,
      ...set(0),
    ]),
    ...get(0),
  ]);

/** All operands are on the stack before the first operation takes two of them. */
export const wideExpression: LargeModule = (size) =>
  moduleOf([
    ...repeated(size, (i) => [...get(0), ...constant(i), multiply]),
    ...repeated(size - 1, (i) => [[add, xor, subtract][i % 3] as number]),
  ]);

/** Locals that are all live across a loop, and so in its frame. */
export const liveLocals: LargeModule = (size) =>
  moduleOf(
    [
      ...repeated(size, (i) => [...get(0), ...constant(i), multiply, ...set(i + 1)]),
      ...constant(5),
      ...set(0),
      ...loop,
      ...repeated(size, (i) => [...get(i + 1), ...get(((i * 7) % size) + 1), add, ...set(i + 1)]),
      ...get(0),
      ...constant(1),
      subtract,
      ...tee(0),
      branchIf,
      0,
      end,
      ...repeated(size, (i) => [...get(0), ...get(i + 1), xor, ...constant(5), multiply, ...set(0)]),
      ...get(0),
    ],
    [1, ...unsigned(size), 0x7f],
  );

/** Each local is assigned, and read a little later. */
export const shortLivedLocals: LargeModule = (size) =>
  moduleOf(
    [
      ...repeated(size, (i) => [
        ...get(0),
        ...constant(i),
        multiply,
        ...set(i + 1),
        ...get(0),
        ...get(Math.max(1, i - 2)),
        xor,
        ...set(0),
      ]),
      ...get(0),
    ],
    [1, ...unsigned(size), 0x7f],
  );

/** A table of ten labels for each block. */
export const manyLabels: LargeModule = (size) =>
  moduleOf([
    ...repeated(size, () => block),
    ...get(0),
    branchTable,
    ...unsigned(size * 10),
    ...repeated(size * 10 + 1, (i) => unsigned((i * 37) % size)),
    ...repeated(size, (i) => [end, ...get(0), ...constant(i), add, ...set(0)]),
    ...get(0),
  ]);

/** About 15 bytes for each unit of `size`. */
export const longBody: LargeModule = (size) =>
  moduleOf([
    ...repeated(size, (i) => [
      ...get(0),
      ...constant(i),
      multiply,
      ...get(0),
      ...constant(i % 13),
      0x76,
      xor,
      ...set(0),
    ]),
    ...get(0),
  ]);

/** Each function calls the next one. */
export const manyFunctions: LargeModule = (size) =>
  module(
    size,
    repeated(size, (i) => {
      const call = i + 1 < size && i % 50 !== 49 ? [0x10, ...unsigned(i + 1)] : [];
      const code = [0, ...get(0), ...constant(i), xor, ...call, end];
      return [...unsigned(code.length), ...code];
    }),
  );

function moduleOf(body: readonly number[], locals: readonly number[] = [0]): Uint8Array {
  const length = unsigned(locals.length + body.length + 1);
  return module(1, length.concat(locals, body, [end]));
}

function module(functions: number, code: readonly number[]): Uint8Array {
  const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return Uint8Array.from(
    preamble.concat(
      section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),
      section(3, [...unsigned(functions), ...repeated(functions, () => [0])]),
      section(7, [1, 1, 0x66, 0, 0]),
      section(10, unsigned(functions).concat(code)),
    ),
  );
}

function section(id: number, content: readonly number[]): number[] {
  return [id].concat(unsigned(content.length), content);
}

function repeated(count: number, part: (index: number) => readonly number[]): number[] {
  const all: number[] = [];
  for (let i = 0; i < count; i++) for (const byte of part(i)) all.push(byte);
  return all;
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
