/** An interrupted jobs file on a real host; skipped, by name, where none is built. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const root = join(import.meta.dirname, "../..");
const directory = mkdtempSync(join(tmpdir(), "wasmburst-interrupt-"));
after(() => rmSync(directory, { recursive: true }));

describe("an interrupt of jobs on the cpu device", { skip: hostMissing }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends it within moments, keeps what has ended and says what was not run`, async () => {
      const module = join(directory, `${signal}.wasm`);
      const jobs = join(directory, `${signal}.ndjson`);
      writeFileSync(
        module,
        wat(`(module (func (export "f") (param i32) (result i32)
        (loop $l (br_if $l (i32.eqz (local.get 0)))) (local.get 0)))`),
      );
      const lines = Array.from({ length: 100 }, (_, job) => `{"invoke":"f","args":[${job === 7 ? 0 : job + 1}]}`);
      writeFileSync(jobs, lines.join("\n"));
      const child = spawn(
        process.execPath,
        [
          "--import",
          "tsx",
          join(root, "compiler-ts/src/cli.ts"),
          "run",
          module,
          "--device",
          "cpu",
          "--jobs",
          jobs,
          "--progress",
        ],
        { cwd: root },
      );
      let stdout = "";
      let stderr = "";
      const running = new Promise<void>((resolve) => {
        child.stderr.on("data", (chunk) => {
          stderr += chunk;
          if (/99 jobs/.test(stderr)) resolve();
        });
      });
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      const closed = once(child, "close");
      await Promise.race([running, closed]);
      const start = performance.now();
      child.kill(signal);
      const [code] = await closed;
      assert.equal(code, 130, stderr);
      assert.ok(performance.now() - start < 2_000);
      const results = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.deepEqual(
        results.map(({ instance, values }) => [instance, values[0]]),
        lines.map((_, job) => [job, job + 1]).filter(([job]) => job !== 7),
      );
      assert.match(stderr, /interrupted: 99 jobs done; not run: 1 job that had been read, and what/);
    });
  }
});
