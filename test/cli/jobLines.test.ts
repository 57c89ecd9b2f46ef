/** The lines of a jobs file as the command line reads them, however the bytes come. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitLines } from "../../compiler-ts/src/cli/jobLines.ts";
import type { JobText } from "../../compiler-ts/src/jobs.ts";
import { file, modulePath, wasmburst } from "../support/commandLine.ts";

async function linesOf(bytes: Uint8Array, size: number, longest?: number): Promise<JobText[]> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const lines: JobText[] = [];
  for await (const line of splitLines(chunks(), longest)) lines.push(line);
  return lines;
}

describe("lines of a jobs file", () => {
  const sizes = [1, 2, 3, 5, 7, 1000];

  it("are the same in chunks of any size, with and without an end of the last one", async () => {
    const text = "\uFEFFfirst\r\n\n\u{1F600} third\n\n  fifth";
    for (const ending of ["", "\n"]) {
      for (const size of sizes) {
        assert.deepEqual(await linesOf(Buffer.from(text + ending), size), text.split("\n"), `chunks of ${size}`);
      }
    }
  });

  it("are none in an empty file", async () => {
    assert.deepEqual(await linesOf(new Uint8Array(), 1), []);
  });

  it("that are not UTF-8 are errors of their own", async () => {
    const bytes = Buffer.concat([Buffer.from("a\n\n"), Buffer.of(0xff, 10), Buffer.from("é\n"), Buffer.of(0xc3)]);
    const expected = ["a", "", { error: "not UTF-8" }, "é", { error: "not UTF-8" }];
    for (const size of sizes) assert.deepEqual(await linesOf(bytes, size), expected, `chunks of ${size}`);
  });

  it("that are too long are errors of their own", async () => {
    const bytes = Buffer.from("12345678\n123456789\n1\n");
    const expected = ["12345678", { error: "the line is longer than 8 bytes" }, "1"];
    for (const size of [1, 2, 3, 5]) assert.deepEqual(await linesOf(bytes, size, 8), expected, `chunks of ${size}`);
  });

  it("take time by their length alone", async () => {
    const bytes = Buffer.alloc(2 ** 25, "x");
    const begin = performance.now();
    const [line] = await linesOf(bytes, 2 ** 12);
    assert.equal((line as string).length, bytes.length);
    // Joined anew with every chunk it took minutes.
    assert.ok(performance.now() - begin < 5_000);
  });
});

it("a jobs file's bad bytes are an error of their line alone", async () => {
  const lines = [Buffer.from('{"invoke":"add","args":[1,2]}\n{"invoke":"'), Buffer.of(0xfe), Buffer.from('"}\n')];
  const path = file("bytes.ndjson", Buffer.concat([...lines, Buffer.from('{"invoke":"add","args":[3,4]}')]));
  const { code, stdout } = await wasmburst(["run", modulePath, "--device", "v8", "--jobs", path]);
  assert.equal(code, 65);
  assert.deepEqual(stdout.trim().split("\n"), [
    '{"instance":0,"values":[3]}',
    '{"instance":1,"error":"line 2: not UTF-8"}',
    '{"instance":2,"values":[7]}',
  ]);
});
