import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const lz4 = instantiateExample("lz4");
const addressOf = (what: string): number => Number(lz4.exportedFunction(`${what}_address`)());

function compress(input: Uint8Array): Uint8Array {
  lz4.memory().set(input, addressOf("input"));
  const size = Number(lz4.exportedFunction("compress")(input.length));
  return lz4.memory().slice(addressOf("compressed"), addressOf("compressed") + size);
}

function decompress(block: readonly number[] | Uint8Array): Uint8Array {
  lz4.memory().set(block, addressOf("compressed"));
  const size = Number(lz4.exportedFunction("decompress")(block.length));
  return lz4.memory().slice(addressOf("output"), addressOf("output") + size);
}

/** LZ4's block format as its description has it, byte by byte, its rules for the end of a block asserted. */
function reference(block: Uint8Array): Uint8Array {
  const output: number[] = [];
  let at = 0;
  const next = (): number => {
    const byte = block[at++];
    assert.ok(byte !== undefined, "the block ends early");
    return byte;
  };
  const length = (nibble: number): number => {
    let sum = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; sum += byte) byte = next();
    return sum;
  };
  let [lastMatch, lastLiterals] = [0, 0];
  for (;;) {
    const token = next();
    lastLiterals = length(token >> 4);
    for (let i = 0; i < lastLiterals; i++) output.push(next());
    if (at === block.length) break;
    const offset = next() | (next() << 8);
    lastMatch = output.length;
    const match = length(token & 15) + 4;
    for (let i = 0; i < match; i++)
      output.push(output[output.length - offset] ?? assert.fail("an offset too far back"));
  }
  if (lastMatch > 0) assert.ok(lastLiterals >= 5 && output.length - lastMatch >= 12, "the end of the block");
  return Uint8Array.from(output);
}

const inputs: Readonly<Record<string, (i: number) => number>> = {
  zeros: () => 0,
  "a period of 3": (i) => i % 3,
  "a period of 1,000": (i) => Math.imul(i % 1000, 0x9e3779b9) >>> 24,
  "random bytes": (i) => Math.imul(Math.imul(i + 1, 0x9e3779b9) ^ (i * 31), 0x85ebca6b) >>> 24,
};

for (const [name, byteOf] of Object.entries(inputs)) {
  test(`${name} come back from the format's own description and from the example`, () => {
    for (const length of [0, 1, 4, 11, 12, 13, 14, 20, 64, 270, 5000, 65536]) {
      const input = Uint8Array.from({ length }, (_, i) => byteOf(i));
      const block = compress(input);
      assert.deepEqual(reference(block), input, `${length} bytes`);
      assert.deepEqual(decompress(block), input, `${length} bytes`);
      assert.ok(block.length <= length + Math.floor(length / 255) + 16);
    }
  });
}

test("what repeats becomes short", () => {
  assert.ok(compress(new Uint8Array(65536)).length < 300);
});

test("a run compresses text to between a quarter and two thirds", () => {
  const result = BigInt.asUintN(64, BigInt(lz4.exportedFunction("run")(5, 65536)));
  const size = Number(result >> 32n);
  assert.ok(size > 16384 && size < 43690, `${size} bytes`);
  const block = lz4.memory().slice(addressOf("compressed"), addressOf("compressed") + size);
  assert.match(Buffer.from(reference(block)).toString("latin1"), /^[a-z.,;0-9 ]+$/);
  assert.equal(
    Number(result & 0xffffffffn),
    block.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0),
  );
});

const malformed: Readonly<Record<string, readonly number[]>> = {
  "literals beyond the block": [0x50, 1, 2],
  "a length that does not end": [0xf0, 255],
  "half an offset": [0x10, 1, 1],
  "an offset of 0": [0x10, 1, 0, 0, 0x00],
  "an offset before the output": [0x10, 1, 2, 0, 0x00],
  "more output than there is room for": [0x1f, 1, 1, 0, ...Array.from({ length: 260 }, () => 255), 0],
};

for (const [name, block] of Object.entries(malformed)) {
  test(`a block with ${name} traps`, () => assert.throws(() => decompress(block), /unreachable/));
}
