/**
 * Modules of any size for the compile bench: valid, without imports, and the same bytes for the same arguments.
 * The mixture of instructions follows what C and Rust toolchains emit: address arithmetic, loads and stores of all
 * widths, nested ifs and counted loops, calls, now and then a br_table, a call_indirect or a division.
 */

/** Statements of one function; with them a function's body has some 600 bytes, and a few have ten times that. */
const statementsOfFunction = { usual: 24, large: 240, oneLargeIn: 16 };
const localsOfType = 6;
const deepestNesting = 3;

type NumberType = "i32" | "i64" | "f64";
const typeCodes: Readonly<Record<NumberType, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c };
/** The signature of every generated function: (i32, i64, f64) -> i32. */
const parameterTypes: readonly NumberType[] = ["i32", "i64", "f64"];

/** Xorshift32; the state is never zero. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0];
  }
}

function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsignedLeb(content.length), ...content];
}

const binaryOperators: Readonly<Record<NumberType, readonly [number, ...number[]]>> = {
  // add, sub, mul, and, or, xor, shl, shr_s, shr_u
  i32: [0x6a, 0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76],
  i64: [0x7c, 0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88],
  // add, sub, mul, div
  f64: [0xa0, 0xa0, 0xa1, 0xa2, 0xa3],
};
const comparisons = { i32: [0x46, 0x48, 0x49, 0x4a, 0x4f], i64: [0x51, 0x53, 0x54], f64: [0x61, 0x63, 0x66] } as const;
// Opcode and alignment: load, load8_u, load8_s, load16_u; load, load32_u; load.
const loads: Readonly<Record<NumberType, readonly [readonly [number, number], ...(readonly [number, number])[]]>> = {
  i32: [
    [0x28, 2],
    [0x28, 2],
    [0x2d, 0],
    [0x2c, 0],
    [0x2f, 1],
  ],
  i64: [
    [0x29, 3],
    [0x35, 2],
  ],
  f64: [[0x2b, 3]],
};
const stores: Readonly<Record<NumberType, readonly [readonly [number, number], ...(readonly [number, number])[]]>> = {
  i32: [
    [0x36, 2],
    [0x36, 2],
    [0x3a, 0],
    [0x3b, 1],
  ],
  i64: [[0x37, 3]],
  f64: [[0x39, 3]],
};

const blockOpcode = 0x02;
const loopOpcode = 0x03;
const ifOpcode = 0x04;
const elseOpcode = 0x05;
const endOpcode = 0x0b;
const branchIf = 0x0d;
const branchTable = 0x0e;
const callOpcode = 0x10;
const callIndirect = 0x11;
const localGet = 0x20;
const localSet = 0x21;
const globalGet = 0x23;
const globalSet = 0x24;
const emptyBlock = 0x40;

class FunctionGenerator {
  readonly #random: Random;
  /** Direct calls go to functions before this one; only call_indirect can close a cycle. */
  readonly #index: number;
  readonly #code: number[] = [];

  constructor(random: Random, index: number) {
    this.#random = random;
    this.#index = index;
  }

  /** The code entry: locals, instructions, end. */
  generate(): number[] {
    const { usual, large, oneLargeIn } = statementsOfFunction;
    const statements = this.#random.below(oneLargeIn) === 0 ? large : usual;
    for (let i = 0; i < statements; i++) this.#statement(deepestNesting);
    this.#expression("i32", 2);
    // The last run of locals: loop counters, one for each nesting depth, so that an inner loop leaves the outer's alone.
    const runs = [...parameterTypes.map((type) => [localsOfType, typeCodes[type]]), [deepestNesting, typeCodes.i32]];
    const body = [runs.length, ...runs.flat(), ...this.#code, endOpcode];
    return [...unsignedLeb(body.length), ...body];
  }

  #emit(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#code.push(byte);
  }

  #local(type: NumberType): number {
    const position = parameterTypes.indexOf(type);
    const choice = this.#random.below(localsOfType + 1);
    return choice === localsOfType ? position : parameterTypes.length + position * localsOfType + choice;
  }

  #expression(type: NumberType, depth: number): void {
    const choice = depth === 0 ? this.#random.below(3) : this.#random.below(10);
    if (choice < 2) this.#emit(localGet, this.#local(type));
    else if (choice === 2) this.#constant(type);
    else if (choice < 7) this.#binary(type, depth);
    else if (choice < 9) this.#load(type, depth);
    else this.#rare(type, depth);
  }

  #constant(type: NumberType): void {
    const value = this.#random.below(4) === 0 ? this.#random.below(1 << 20) : this.#random.below(64);
    if (type === "f64") {
      const bytes = new Uint8Array(new Float64Array([value / 8]).buffer);
      this.#emit(0x44, ...bytes);
    } else {
      this.#emit(type === "i32" ? 0x41 : 0x42, ...signedLeb(value));
    }
  }

  #binary(type: NumberType, depth: number): void {
    this.#expression(type, depth - 1);
    this.#expression(type, depth - 1);
    this.#emit(this.#random.pick(binaryOperators[type]));
  }

  #load(type: NumberType, depth: number): void {
    const [opcode, alignment] = this.#random.pick(loads[type]);
    this.#expression("i32", depth - 1);
    this.#emit(opcode, alignment, ...unsignedLeb(this.#random.below(8) * 4));
  }

  /** Conversions, comparisons, selects, divisions, globals. */
  #rare(type: NumberType, depth: number): void {
    const choice = this.#random.below(4);
    if (choice === 0) {
      this.#expression(type, depth - 1);
      this.#expression(type, depth - 1);
      this.#condition(depth - 1);
      this.#emit(0x1b);
    } else if (type === "f64") {
      // f64.sqrt; f64.convert_i32_s
      if (choice === 1) {
        this.#expression("f64", depth - 1);
        this.#emit(0x9f);
      } else {
        this.#expression("i32", depth - 1);
        this.#emit(0xb7);
      }
    } else if (choice === 1) {
      // div_u by an odd, hence not zero, number.
      this.#expression(type, depth - 1);
      this.#emit(type === "i32" ? 0x41 : 0x42, ...signedLeb(this.#random.below(1000) * 2 + 1));
      this.#emit(type === "i32" ? 0x6e : 0x80);
    } else if (type === "i64") {
      // i64.extend_i32_u
      this.#expression("i32", depth - 1);
      this.#emit(0xad);
    } else if (choice === 2) {
      this.#emit(globalGet, 0);
    } else {
      this.#condition(depth - 1);
    }
  }

  #condition(depth: number): void {
    const type = this.#random.pick(["i32", "i32", "i64", "f64"] as const);
    this.#expression(type, depth);
    this.#expression(type, depth);
    this.#emit(this.#random.pick(comparisons[type]));
  }

  #statement(nesting: number): void {
    const choice = this.#random.below(nesting === 0 ? 13 : 20);
    if (choice < 8) this.#assignment();
    else if (choice < 12) this.#store();
    else if (choice < 13) this.#call();
    else if (choice < 17) this.#if(nesting - 1);
    else if (choice < 19) this.#loop(nesting - 1);
    else this.#switch(nesting - 1);
  }

  #assignment(): void {
    const type = this.#random.pick(["i32", "i32", "i32", "i64", "f64"] as const);
    this.#expression(type, 3);
    if (type === "i32" && this.#random.below(16) === 0) this.#emit(globalSet, 0);
    else this.#emit(localSet, this.#local(type));
  }

  #store(): void {
    const type = this.#random.pick(["i32", "i32", "i64", "f64"] as const);
    const [opcode, alignment] = this.#random.pick(stores[type]);
    this.#expression("i32", 2);
    this.#expression(type, 2);
    this.#emit(opcode, alignment, ...unsignedLeb(this.#random.below(8) * 8));
  }

  #call(): void {
    for (const type of parameterTypes) this.#expression(type, 1);
    if (this.#index === 0 || this.#random.below(6) === 0) {
      this.#expression("i32", 1);
      this.#emit(callIndirect, 0, 0);
    } else {
      this.#emit(callOpcode, ...unsignedLeb(this.#random.below(this.#index)));
    }
    this.#emit(localSet, this.#local("i32"));
  }

  #statements(count: number, nesting: number): void {
    for (let i = 0; i < count; i++) this.#statement(nesting);
  }

  #if(nesting: number): void {
    this.#condition(1);
    this.#emit(ifOpcode, emptyBlock);
    this.#statements(2, nesting);
    if (this.#random.below(2) === 0) {
      this.#emit(elseOpcode);
      this.#statements(2, nesting);
    }
    this.#emit(endOpcode);
  }

  #loop(nesting: number): void {
    const counter = parameterTypes.length * (localsOfType + 1) + nesting;
    this.#emit(0x41, ...signedLeb(this.#random.below(40) + 1), localSet, counter, loopOpcode, emptyBlock);
    this.#statements(3, nesting);
    // counter -= 1; br_if 0 while it is not zero
    this.#emit(localGet, counter, 0x41, 1, 0x6b, 0x22, counter, branchIf, 0, endOpcode);
  }

  #switch(nesting: number): void {
    const cases = 4;
    // The outermost block is the exit; each case falls through to the next, as toolchains' switches often do.
    for (let i = 0; i <= cases; i++) this.#emit(blockOpcode, emptyBlock);
    this.#expression("i32", 1);
    this.#emit(branchTable, cases, ...Array.from({ length: cases }, (_, i) => i), cases, endOpcode);
    for (let i = 0; i < cases; i++) {
      this.#statements(1, nesting);
      this.#emit(endOpcode);
    }
  }
}

/** A module of `targetBytes`, exceeded by less than one function (some 10 KB), that exports `run`, its last function. */
export function generateModule(targetBytes: number, seed = 1): Uint8Array {
  const random = new Random(seed);
  const bodies: number[][] = [];
  for (let size = 0; size < targetBytes; ) {
    const body = new FunctionGenerator(random, bodies.length).generate();
    bodies.push(body);
    size += body.length + 1;
  }
  const count = unsignedLeb(bodies.length);
  const tableSize = Math.min(bodies.length, 8);
  const elements = Array.from({ length: tableSize }, (_, i) => i);
  const name = [3, ...Buffer.from("run")];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, ...parameterTypes.map((type) => typeCodes[type]), 1, typeCodes.i32]),
    ...section(3, [...count, ...bodies.map(() => 0)]),
    ...section(4, [1, 0x70, 0, tableSize]),
    ...section(5, [1, 0, 1]),
    ...section(6, [1, typeCodes.i32, 1, 0x41, 0, endOpcode]),
    ...section(7, [1, ...name, 0, ...unsignedLeb(bodies.length - 1)]),
    ...section(9, [1, 0, 0x41, 0, endOpcode, tableSize, ...elements]),
    ...section(10, [...count, ...bodies.flat()]),
  ]);
}
