import assert from "node:assert/strict";
import { test } from "node:test";
import { Packr } from "msgpackr";
import { base64ToBytes, bytesToBase64 } from "../../protocol/bytes.ts";
import { decodeMessagePack, encodeMessagePack, encodeMessagePackParts } from "../../protocol/msgpack.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

const integers: readonly (readonly [number, string])[] = [
  [0, "00"],
  [-0, "00"],
  [127, "7f"],
  [128, "cc80"],
  [65536, "ce00010000"],
  [2 ** 32 - 1, "ceffffffff"],
  [2 ** 32, "d30000000100000000"],
  [2 ** 53 - 1, "d3001fffffffffffff"],
  [-1, "ff"],
  [-33, "d0df"],
  [-(2 ** 31), "d280000000"],
  [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
  [-(2 ** 53) + 1, "d3ffe0000000000001"],
];

for (const [value, expected] of integers) {
  test(`the integer ${value} is written as ${expected} and read back as the same number`, () => {
    assert.equal(hex(encodeMessagePack(value)), expected);
    assert.equal(decodeMessagePack(bytes(expected)), value + 0);
  });
}

test("an integral float64 and an unsigned 64-bit integer are taken as integers", () => {
  assert.equal(decodeMessagePack(bytes("cb4008000000000000")), 3);
  assert.equal(decodeMessagePack(bytes("cf0000000100000000")), 2 ** 32);
});

test("integers of more than 53 bits are refused", () => {
  assert.throws(() => decodeMessagePack(bytes("cfffffffffffffffff")), /more than 53 bits/);
});

test("absent fields are left out, null stays", () => {
  assert.deepEqual(decodeMessagePack(encodeMessagePack({ a: undefined, b: null })), { b: null });
});

test("large bytes are parts of their own, and the bytes of all parts are those of the library", () => {
  const large = new Uint8Array(100_000).fill(7);
  const lists = [15, 16, 70_000].map((length) =>
    Array.from({ length }, (_, index) => [index & 7, large.subarray(0, 3)]),
  );
  for (const list of lists) {
    const message = { list: [...list, [large]], plain: [1, "a"], large, absent: undefined, last: 2 ** 40 };
    const parts = encodeMessagePackParts(message);
    assert.equal(parts.filter((part) => part === large).length, 2);
    const { absent: _, ...present } = message;
    assert.deepEqual(decodeMessagePack(encodeMessagePack(message)), present);
    const library = new Packr({ useRecords: false, variableMapSize: true });
    assert.ok(Buffer.concat(parts).equals(library.pack({ ...present, last: BigInt(present.last) })));
  }
});

for (const body of ["", "93", "8161", "0102", "c1", "d40001", "d6ff00000000"]) {
  test(`the body ${body || "(empty)"} is refused with a TypeError`, () => {
    assert.throws(() => decodeMessagePack(bytes(body)), TypeError);
  });
}

test("a message nested without end is refused, not a stack overflow", () => {
  assert.throws(() => decodeMessagePack(bytes(`${"91".repeat(10_000)}c0`)), TypeError);
});

test("every Bytes field of a message is base64 in JSON, also inside arrays", () => {
  const writes = [{ instance: 0, address: 4, bytes: bytes("ff00") }];
  const json = bytesToBase64("memory/write", "parameters", { pool: 1, writes });
  assert.deepEqual(json, { pool: 1, writes: [{ instance: 0, address: 4, bytes: "/wA=" }] });
  assert.deepEqual(base64ToBytes("memory/write", "parameters", json), { pool: 1, writes });
  assert.deepEqual(base64ToBytes("memory/read", "result", { bytes: ["/wA=", ""] }), {
    bytes: [bytes("ff00"), bytes("")],
  });
});

test("text that is not base64 is refused", () => {
  for (const text of ["/wA", "/w A", "$$$$", "A==="]) {
    assert.throws(() => base64ToBytes("state/read", "result", { bytes: text }), TypeError, text);
  }
});
