import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteReader } from "../../compiler-ts/src/wasm/byteReader.ts";
import { diagnosticOf } from "./support.ts";

const reader = (...bytes: number[]) => new ByteReader(Uint8Array.from(bytes));

type IntegerReader = "u32" | "s32" | "s33" | "s64";

function refuses(method: IntegerReader, bytes: readonly number[], message: string, offset: number): void {
  const { kind, message: actual, offset: at } = diagnosticOf(() => reader(...bytes)[method]());
  assert.deepEqual({ kind, message: actual, offset: at }, { kind: "invalid-module", message, offset });
}

/** LEB128 by its definition, on bigints: the reader's fast paths are checked against it. */
function signedLeb(value: bigint, minimumLength = 1): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
    if (done && bytes.length + 1 >= minimumLength) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function unsignedLeb(value: bigint, minimumLength = 1): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === 0n && bytes.length + 1 >= minimumLength) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const integers: readonly {
  readonly method: IntegerReader;
  readonly minimum: bigint;
  readonly maximum: bigint;
  readonly longest: number;
  readonly encode: (value: bigint, minimumLength: number) => number[];
}[] = [
  { method: "u32", minimum: 0n, maximum: 2n ** 32n - 1n, longest: 5, encode: unsignedLeb },
  { method: "s32", minimum: -(2n ** 31n), maximum: 2n ** 31n - 1n, longest: 5, encode: signedLeb },
  { method: "s33", minimum: -(2n ** 32n), maximum: 2n ** 32n - 1n, longest: 5, encode: signedLeb },
  { method: "s64", minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n, longest: 10, encode: signedLeb },
];

for (const { method, minimum, maximum, longest, encode } of integers) {
  test(`${method} reads every value in every length up to ${longest} bytes`, () => {
    const powers = Array.from({ length: 65 }, (_, exponent) => 2n ** BigInt(exponent));
    const edges = powers.flatMap((power) => [power - 1n, power, -power, -power - 1n]);
    const check = (value: bigint) => {
      for (let length = 1; length <= longest; length++) {
        const bytes = encode(value, length);
        const cursor = reader(...bytes, 0x55);
        assert.equal(BigInt(cursor[method]()), value, `${value} in ${bytes.length} bytes`);
        assert.equal(cursor.position, bytes.length);
      }
    };
    edges.filter((value) => value >= minimum && value <= maximum).forEach(check);
    fc.assert(fc.property(fc.bigInt({ min: minimum, max: maximum }), check), { seed: 1, numRuns: 2000 });
  });

  test(`${method} refuses one byte too many, bits beyond its width, and an end within`, () => {
    const tooLong = [...new Array(longest).fill(0x80), 0x00];
    refuses(method, tooLong, "integer representation too long", longest - 1);
    for (const value of [maximum + 1n, minimum - 1n].filter((value) => encode === signedLeb || value > 0n)) {
      const bytes = encode(value, longest);
      assert.equal(bytes.length, longest);
      refuses(method, bytes, "integer too large", longest - 1);
    }
    refuses(method, new Array(longest - 1).fill(0x80), "unexpected end", longest - 1);
    refuses(method, [], "unexpected end", 0);
  });
}

test("floats are their bits, NaN payloads included", () => {
  assert.equal(reader(0x01, 0x00, 0xa0, 0x7f).bits32(), 0x7fa00001);
  assert.equal(reader(0x00, 0x00, 0x00, 0x80).bits32(), 0x80000000);
  assert.equal(reader(0x01, 0, 0, 0, 0, 0, 0xf4, 0xff).bits64(), 0xfff4000000000001n);
  assert.equal(diagnosticOf(() => reader(1, 2, 3).bits32()).message, "unexpected end");
});

test("names are UTF-8: overlong forms, surrogates and cut sequences are malformed, a byte order mark is kept", () => {
  const name = (...bytes: number[]) => reader(bytes.length, ...bytes).name();
  assert.equal(name(0xf0, 0x9f, 0x94, 0xa5), "🔥");
  assert.equal(name(0xef, 0xbb, 0xbf, 0x61), "\ufeffa");
  for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    const { message, offset } = diagnosticOf(() => name(...bytes));
    assert.deepEqual([message, offset], ["malformed UTF-8 encoding", 1]);
  }
  assert.equal(diagnosticOf(() => reader(5, 0x61).name()).message, "length out of bounds");
});

test("a count larger than the rest of the bytes is refused before anything is allocated", () => {
  const { message, offset } = diagnosticOf(() => reader(0xff, 0xff, 0xff, 0xff, 0x0f, 0).count());
  assert.deepEqual([message, offset], ["length out of bounds", 0]);
});

test("a window ends where it should and its owner goes on behind it", () => {
  const outer = reader(1, 2, 3, 4);
  const inner = outer.window(2);
  assert.deepEqual([inner.byte(), inner.byte(), outer.byte()], [1, 2, 3]);
  assert.equal(diagnosticOf(() => inner.byte()).message, "unexpected end of section or function");
  assert.equal(diagnosticOf(() => outer.window(2)).message, "length out of bounds");
});
