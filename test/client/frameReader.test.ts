import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import type { Message } from "vscode-jsonrpc/node";
import { FrameReader } from "../../compiler-ts/src/host/frameReader.ts";

interface Decoded extends Message {
  readonly body: Uint8Array;
}

/** What a reader makes of `pieces`, each of which is a chunk of its stream. */
function read(pieces: readonly Uint8Array[]): { readonly bodies: Uint8Array[]; readonly errors: string[] } {
  const input = new PassThrough();
  const bodies: Uint8Array[] = [];
  const errors: string[] = [];
  const reader = new FrameReader(input, (body): Decoded => ({ jsonrpc: "2.0", body }));
  reader.onError((error) => errors.push(error.message));
  reader.listen((message) => bodies.push((message as Decoded).body));
  for (const piece of pieces) input.emit("data", Buffer.from(piece));
  return { bodies, errors };
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

const frame = (body: Uint8Array, header = `Content-Length: ${body.length}`) =>
  Buffer.concat([Buffer.from(`${header}\r\n\r\n`), body]);

describe("frames", () => {
  const bodies = [0, 1, 70_000, 3].map((length, index) =>
    Uint8Array.from({ length }, (_, at) => (at * 7 + index) & 0xff),
  );
  const stream = Buffer.concat(bodies.map((body) => frame(body)));
  for (const size of [1, 2, 3, 19, 65_536, stream.length]) {
    test(`are found in chunks of ${size} bytes`, () => {
      const { bodies: found, errors } = read(cut(stream, size));
      assert.deepEqual(errors, []);
      assert.deepEqual(
        found.map((body) => Buffer.from(body)),
        bodies.map((body) => Buffer.from(body)),
      );
    });
  }

  test("have a length in any case, among other fields", () => {
    const header = "Content-Type: application/vscode-jsonrpc\r\ncontent-length:2 ";
    assert.deepEqual(
      read([frame(Uint8Array.of(1, 2), header)]).bodies.map((body) => [...body]),
      [[1, 2]],
    );
  });

  test("keep their bytes while later ones are read", () => {
    const { bodies: found } = read(
      cut(Buffer.concat([frame(new Uint8Array(9).fill(1)), frame(new Uint8Array(9).fill(2))]), 4),
    );
    assert.deepEqual([...(found[0] as Uint8Array)], Array(9).fill(1));
  });
});

test("only bodies that nobody keeps are overwritten", () => {
  const input = new PassThrough();
  const kept: Uint8Array[] = [];
  const dealtWith = new Set<ArrayBufferLike>();
  const reader = new FrameReader(input, (body): Decoded | undefined => {
    if (body[0] === 1) return { jsonrpc: "2.0", body };
    dealtWith.add(body.buffer);
    return undefined;
  });
  reader.listen((message) => kept.push((message as Decoded).body));
  const first = [0, 0, 0, 1, 0, 1, 0, 0, 0];
  const bodies = first.map((value, index) => new Uint8Array(100 - index).fill(index).fill(value, 0, 1));
  for (const piece of cut(Buffer.concat(bodies.map((body) => frame(body))), 13)) input.emit("data", Buffer.from(piece));
  assert.deepEqual(kept, [bodies[3], bodies[5]]);
  assert.equal(dealtWith.size, 3);
});

describe("what is no frame is an error, and nothing behind it is read", () => {
  const good = frame(Uint8Array.of(1));
  const cases = {
    "without Content-Length": Buffer.from("hello\r\n\r\n"),
    "a length that is no number": Buffer.from("Content-Length: x\r\n\r\n"),
    "a length with something behind it": Buffer.from("Content-Length: 1 2\r\n\r\n"),
    "a length beyond any message's": Buffer.from("Content-Length: 9999999999\r\n\r\n"),
    "a header without an end": Buffer.alloc(5000, "x"),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    test(what, () => {
      for (const size of [7, 10_000]) {
        const { bodies, errors } = read([...cut(bytes, size), good]);
        assert.deepEqual(bodies, []);
        assert.equal(errors.length, 1);
      }
    });
  }
});
