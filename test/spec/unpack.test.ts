/** The suite's archive is unpacked by what a machine has. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unpack } from "../support/unpack.ts";

const python = spawnSync("python3", ["-c", "import lzma, sys; print(sys.executable)"], { encoding: "utf8" });

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "wasmburst-unpack-"));
  const { PATH } = process.env;
  try {
    work(folder);
  } finally {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  }
}

test("without xz, Python unpacks", { skip: python.status === 0 ? false : "no Python with lzma" }, () => {
  inFolder((folder) => {
    writeFileSync(join(folder, "word"), "unpacked");
    const archive = join(folder, "archive.tar.xz");
    const packed = spawnSync("python3", ["-m", "tarfile", "-c", archive, "word"], { cwd: folder });
    assert.equal(packed.status, 0);
    rmSync(join(folder, "word"));
    symlinkSync(python.stdout.trim(), join(folder, "python3"));
    process.env.PATH = folder;
    unpack(archive, folder);
    assert.equal(readFileSync(join(folder, "word"), "utf8"), "unpacked");
  });
});

test("where nothing can, the error says what would", () => {
  inFolder((folder) => {
    process.env.PATH = folder;
    assert.throws(
      () => unpack("/archive.tar.xz", folder),
      /archive\.tar\.xz cannot be unpacked; tar with xz.*Python 3/,
    );
  });
});
