import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { instantiateExample } from "./example.ts";

const sha256 = instantiateExample("sha256");
const hash = sha256.exportedFunction("hash");
const search = sha256.exportedFunction("search");

function hashInWasm(message: Uint8Array): string {
  const address = Number(sha256.exportedFunction("message_address")());
  sha256.memory().set(message.subarray(0, 55), address);
  const digest = Number(hash(message.length));
  return Buffer.from(sha256.memory().subarray(digest, digest + 32)).toString("hex");
}

function leadingZeroBits(seed: number, nonce: number): number {
  const message = Buffer.alloc(8);
  message.writeUInt32BE(seed, 0);
  message.writeUInt32BE(nonce, 4);
  const digest = createHash("sha256").update(message).digest();
  const firstByte = digest.findIndex((byte) => byte !== 0);
  return firstByte * 8 + Math.clz32(digest.readUInt8(firstByte)) - 24;
}

test("the digest of 'abc' is FIPS 180-4's", () => {
  assert.equal(hashInWasm(Buffer.from("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("messages of every length up to 55 hash as node:crypto hashes them", () => {
  for (let length = 0; length <= 55; length++) {
    const message = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length) & 0xff));
    assert.equal(hashInWasm(message), createHash("sha256").update(message).digest("hex"), `length ${length}`);
  }
});

test("a message that does not fit in one block traps", () => {
  assert.throws(() => hash(56), /unreachable/);
});

test("the search finds the first nonce with the most leading zero bits", () => {
  const count = 2000;
  for (const seed of [0, 1, 0x7fffffff, 0xdeadbeef]) {
    let [bestNonce, bestZeros] = [0, 0];
    for (let nonce = 0; nonce < count; nonce++) {
      const zeros = leadingZeroBits(seed, nonce);
      if (zeros > bestZeros) [bestNonce, bestZeros] = [nonce, zeros];
    }
    const found = BigInt(search(seed | 0, count));
    assert.deepEqual([Number(found & 0xffffffffn), Number(found >> 32n)], [bestNonce, bestZeros], `seed ${seed}`);
  }
});
