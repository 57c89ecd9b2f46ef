import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MissingProgram, startProcessBaseline } from "../../bench/processBaseline.ts";

const folder = await mkdtemp(join(tmpdir(), "wasmburst-test-"));
after(() => rm(folder, { recursive: true }));

/** A shell script as the baseline's binary; its arguments are MODULE EXPORT ARGUMENTS RESULTS THREADS. */
async function start(script: string, records = Uint32Array.of(1, 2, 0xffffffff)) {
  const binary = join(folder, "baseline");
  await writeFile(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return startProcessBaseline(binary, 2, { module: new URL("file:///x/fib.wasm"), exportName: "fib", records });
}

test("every round brings the time and the results that the process wrote", async () => {
  await using baseline = await start(
    '[ "$1 $2 $5" = "/x/fib.wasm fib 2" ] || exit 1; echo ready; while read line; do cp "$3" "$4"; echo 0.25; done',
  );
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await baseline.run(), { seconds: 0.25, results: Uint32Array.of(1, 2, 0xffffffff) });
  }
});

test("what the process says behind ready is its note", async () => {
  await using silent = await start("echo ready; read line");
  assert.equal(silent.note, "");
  await using noted = await start("echo ready 128 threads a block; read line");
  assert.equal(noted.note, "128 threads a block");
  await assert.rejects(start("echo readying; read line"), /said "readying"/);
});

test("status 3 means that the binary lacks the program", async () => {
  await assert.rejects(start("echo no such program >&2; exit 3"), (error) => {
    return error instanceof MissingProgram && error.message.includes("no such program");
  });
});

test("what ends or answers wrongly is an error with its diagnostics", async () => {
  await assert.rejects(start("echo broken >&2; exit 1"), /ended \(status 1\): broken/);
  await assert.rejects(start("echo hello; read line"), /said "hello"/);
  await using ending = await start('echo ready; read line; echo "job 3: trap" >&2; exit 1');
  await assert.rejects(ending.run(), /job 3: trap/);
  await using wrong = await start("echo ready; read line; echo soon; read line");
  await assert.rejects(wrong.run(), /answered "soon", not a time/);
});

test("a binary that is not there is an error", async () => {
  await assert.rejects(
    startProcessBaseline(join(folder, "none"), 1, {
      module: new URL("file:///x/fib.wasm"),
      exportName: "fib",
      records: new Uint32Array(1),
    }),
    /cannot start .*none/,
  );
});
