/** A device whose context a fault poisons, as it is on a GPU, in a real host; skipped, by name, where none is built. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { type JobResult, parseJobs } from "../../compiler-ts/src/jobs.ts";
import { runJobs } from "../../compiler-ts/src/runJobs.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const directory = mkdtempSync(join(tmpdir(), "wasmburst-faults-"));
after(() => rmSync(directory, { recursive: true }));

const bytes = wat(`(module (memory 1)
  (global $n (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
  (func (export "triple") (param i32) (result i32)
    (i32.store (i32.const 0) (local.get 0))
    (i32.mul (i32.load (i32.const 0)) (i32.const 3))))`);

/** Hosts of which the first that comes to command buffer `number` loses its device there; only so many of them start at all. */
async function launch(name: string, number: number, { device = "cpu", starts = 1000 } = {}) {
  const path = join(directory, name);
  const struck = `${path}.struck`;
  writeFileSync(
    path,
    `#!/bin/sh\necho $$ >> '${path}.starts'\n[ $(wc -l < '${path}.starts') -le ${starts} ] || exit 3\nexec env WASMBURST_TEST_FAULT='${number}:${struck}' '${locateHost()}' "$@"\n`,
  );
  chmodSync(path, 0o755);
  const notices: string[] = [];
  const burst = await WasmBurst.launch({ device, hostPath: path, onNotice: (notice) => void notices.push(notice) });
  return { burst, notices, hasStruck: () => existsSync(struck) };
}

const lost = /the host process was given up: .*nothing can run on it in this process any more: pageFault/;

describe("a device that is lost to a fault", {
  skip: hostMissing || process.platform === "darwin",
  timeout: 120_000,
}, () => {
  for (const number of [2, 5, 9]) {
    test(`jobs: the slice that was interrupted is redone on another host (command buffer ${number})`, async () => {
      const { burst, notices, hasStruck } = await launch(`jobs-${number}`, number);
      await using _ = burst;
      const pool = await (await burst.compile(bytes)).instantiate({ instances: 32 });
      const jobs = Array.from({ length: 200 }, (_, job) => ({ values: [job] }));
      const { outcomes, failure } = await pool.runJobs("triple", jobs);
      assert.deepEqual(
        outcomes,
        Array.from({ length: 200 }, (_, job) => ({ values: [job * 3], reads: [] })),
      );
      assert.equal(failure, undefined);
      assert.equal(hasStruck(), true);
      assert.equal(notices.length, 1);
      assert.match(notices[0] ?? "", lost);
      assert.match(notices[0] ?? "", /another was started$/);
    });
  }

  test("an invocation says that the device and its instances are lost; reset brings the pool back, and others begin anew", async () => {
    const { burst, hasStruck } = await launch("invocation", 4);
    await using _ = burst;
    const module = await burst.compile(bytes);
    const pool = await module.instantiate({ instances: 3 });
    const other = await module.instantiate({ instances: 1 });
    const counts = (value: number) => Array(3).fill({ values: [value] });
    let failure: unknown;
    for (let call = 1; failure === undefined; call++) {
      await pool.invoke("count").then(
        (results) => assert.deepEqual(results, counts(call)),
        (error: unknown) => {
          failure = error;
        },
      );
    }
    assert.equal(hasStruck(), true);
    assert.match((failure as Error).message, lost);
    await assert.rejects(pool.invoke("count"), { code: "hostExited" }, "its state is gone");
    await assert.rejects(other.memory.read(0, 0, 1), { code: "hostExited" });
    await pool.reset();
    assert.deepEqual(await pool.invoke("count"), counts(1));
    const third = await module.instantiate({ instances: 3 });
    assert.deepEqual(await third.invoke("count"), counts(1));
  });

  test("the fault comes while a pool is being made: another host makes it", async () => {
    const { burst, notices, hasStruck } = await launch("instantiation", 0);
    await using _ = burst;
    const pool = await (await burst.compile(bytes)).instantiate({ instances: 3 });
    assert.equal(hasStruck(), true);
    assert.equal(notices.length, 1);
    assert.deepEqual(await pool.invoke("count"), Array(3).fill({ values: [1] }));
  });

  test("pools that run jobs on the same device at the same time all get their results", async () => {
    const { burst, hasStruck } = await launch("several", 12);
    await using _ = burst;
    const module = await burst.compile(bytes);
    const results = await Promise.all(
      Array.from({ length: 4 }, async (_, number) => {
        const pool = await module.instantiate({ instances: 8 });
        const jobs = Array.from({ length: 100 }, (_, job) => ({ values: [job + number] }));
        return (await pool.runJobs("triple", jobs)).outcomes.map((outcome) =>
          "values" in outcome ? outcome.values[0] : outcome,
        );
      }),
    );
    assert.equal(hasStruck(), true);
    results.forEach((values, number) => {
      assert.deepEqual(
        values,
        Array.from({ length: 100 }, (_, job) => (job + number) * 3),
      );
    });
  });

  for (const device of ["cpu", "cpu,cpu"])
    test(`jobs whose module imports functions are run again, too, on ${device}`, async () => {
      const { burst, hasStruck } = await launch(`imports-${device.length}`, 6, { device });
      await using _ = burst;
      const calling = wat(`(module (import "env" "twice" (func $twice (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (i32.add (call $twice (local.get 0)) (i32.const 1))))`);
      async function* lines() {
        for (let job = 0; job < 40; job++) yield `{"invoke":"f","args":[${job}]}`;
      }
      const results: JobResult[] = [];
      const summary = await runJobs(
        parseJobs(lines()),
        { instances: 16, batch: 40, imports: { env: { twice: (_: unknown, value: number) => value * 2 } } },
        {
          exports: new Set(["f"]),
          compile: (exports) => burst.compile(calling, { exports }),
          onResult: async (result) => void results.push(result),
        },
      );
      assert.equal(hasStruck(), true);
      assert.equal(summary.lost + summary.traps + summary.errors, 0);
      assert.deepEqual(
        results,
        Array.from({ length: 40 }, (_, instance) => ({ instance, values: [instance * 2 + 1] })),
      );
    });

  test("of two devices the instances of the lost one trap, and jobs have all their results", async () => {
    const { burst, notices, hasStruck } = await launch("two", 5, { device: "cpu,cpu" });
    await using _ = burst;
    const module = await burst.compile(bytes);
    const pool = await module.instantiate({ instances: 4 });
    let traps = 0;
    for (let call = 1; traps === 0; call++) {
      const results = await pool.invoke("count");
      for (const result of results) {
        if (!("trap" in result)) assert.deepEqual(result, { values: [call] });
        else {
          traps += 1;
          assert.equal(result.trap, "device failed");
          assert.match(result.message ?? "", /^cpu( \(2\))?: the host process was given up/);
        }
      }
    }
    assert.equal(traps, 2);
    assert.equal(hasStruck(), true);
    const jobs = Array.from({ length: 100 }, (_, job) => ({ values: [job] }));
    const { outcomes } = await pool.runJobs("triple", jobs);
    assert.deepEqual(
      outcomes,
      Array.from({ length: 100 }, (_, job) => ({ values: [job * 3], reads: [] })),
    );
    await pool.reset();
    assert.deepEqual(await pool.invoke("count"), Array(4).fill({ values: [1] }));
    assert.equal(notices.length, 1);
  });

  test("where one of two devices is lost for good, the other runs its jobs, those in flight included", async () => {
    const { burst, notices, hasStruck } = await launch("for-good", 5, { device: "cpu,cpu", starts: 2 });
    await using _ = burst;
    const pool = await (await burst.compile(bytes)).instantiate({ instances: 16 });
    const jobs = Array.from({ length: 300 }, (_, job) => ({ values: [job] }));
    const expected = Array.from({ length: 300 }, (_, job) => ({ values: [job * 3], reads: [] }));
    for (let round = 0; round < 2; round++) assert.deepEqual((await pool.runJobs("triple", jobs)).outcomes, expected);
    assert.equal(hasStruck(), true);
    assert.equal(notices.length, 1);
    assert.match(notices[0] ?? "", /^cpu( \(2\))?: .*; the other devices go on with its jobs$/s);
  });

  test("where one of the hosts does not start, that is the error, and the others are not left behind", async () => {
    await assert.rejects(launch("no-start", 5, { device: "cpu,cpu,cpu", starts: 2 }), {
      code: "hostExited",
      message: /exit code 3/,
    });
    const starts = readFileSync(join(directory, "no-start.starts"), "utf8").trim().split("\n");
    const pids = starts.map(Number);
    assert.equal(pids.length, 3);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });
});
