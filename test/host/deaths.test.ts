/**
 * Hosts that are killed at random moments of a queue of jobs; skipped, by name, where none is built. WASMBURST_KILLS=100 kills as many
 * (default 10).
 */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HostClient } from "../../compiler-ts/src/host/client.ts";
import { locateHost } from "../../compiler-ts/src/host/locate.ts";
import { type ImportContext, WasmBurst } from "../../compiler-ts/src/index.ts";
import { type JobResult, parseJobs } from "../../compiler-ts/src/jobs.ts";
import { runJobs } from "../../compiler-ts/src/runJobs.ts";
import { hostMissing } from "../support/host.ts";
import { randomFrom } from "../support/random.ts";
import { wat } from "../support/wat.ts";

const kills = Number(process.env.WASMBURST_KILLS ?? 10);

const directory = mkdtempSync(join(tmpdir(), "wasmburst-deaths-"));
after(() => rmSync(directory, { recursive: true }));

/** A host that says who it is, so that it can be killed. */
function killableHost(
  name: string,
  environment = "",
): { readonly path: string; readonly pid: () => number | undefined } {
  const path = join(directory, name);
  const pids = `${path}.pids`;
  writeFileSync(path, `#!/bin/sh\necho $$ >> '${pids}'\nexec env ${environment} '${locateHost()}' "$@"\n`);
  chmodSync(path, 0o755);
  const pid = () => (existsSync(pids) ? Number(readFileSync(pids, "utf8").trim().split("\n").at(-1)) : undefined);
  return { path, pid };
}

/** The steps of Collatz's sequence, counted 500 times over: some milliseconds a batch. */
const collatz = wat(`(module
  (func (export "steps") (param i64) (result i32) (local $n i64) (local $count i32) (local $round i32)
    (loop $rounds
      (local.set $n (local.get 0))
      (local.set $count (i32.const 0))
      (loop $steps
        (if (i64.gt_u (local.get $n) (i64.const 1))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (local.set $n (select
              (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1))
              (i64.shr_u (local.get $n) (i64.const 1))
              (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))))
            (br $steps))))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $rounds (i32.lt_u (local.get $round) (i32.const 500))))
    (local.get $count)))`);

function steps(start: number): number {
  let count = 0;
  for (let n = BigInt(start); n > 1n; n = n % 2n === 1n ? 3n * n + 1n : n / 2n) count++;
  return count;
}

async function secondsToFirstResult(): Promise<number> {
  const start = performance.now();
  await using burst = await WasmBurst.launch({ device: "cpu" });
  await using module = await burst.compile(collatz, { exports: ["steps"] });
  await using pool = await module.instantiate({ instances: 32 });
  await pool.runJobs("steps", [{ values: [1n] }]);
  return (performance.now() - start) / 1000;
}

describe("a queue of jobs whose hosts die", { skip: hostMissing, timeout: 300_000 }, () => {
  test(`no result is lost or doubled by ${kills} SIGKILLs`, async () => {
    const { path, pid } = killableHost("random");
    const notices: string[] = [];
    await using burst = await WasmBurst.launch({
      device: "cpu",
      hostPath: path,
      onNotice: (notice) => void notices.push(notice),
    });
    // Built before the first kill, and found in the cache from then on: else few would come further than the build.
    await burst.compile(collatz, { exports: ["steps"] });
    const life = Math.min(await secondsToFirstResult(), await secondsToFirstResult());
    const random = randomFrom(20_261_122);
    let left = kills;
    const kill = async () => {
      let killed: number | undefined;
      while (left > 0) {
        // Some before they have a job, most in the midst of their work.
        await sleep(random() * 4000 * life);
        const current = pid();
        if (current === undefined || current === killed) continue;
        process.kill(current, "SIGKILL");
        killed = current;
        left -= 1;
      }
    };
    let jobs = 0;
    async function* lines() {
      while (left > 0 || jobs % 64 !== 0) yield `{"invoke":"steps","args":[${++jobs}]}`;
    }
    const results: JobResult[] = [];
    const work = runJobs(
      parseJobs(lines()),
      { instances: 32, batch: 64 },
      {
        exports: new Set(["steps"]),
        compile: (exports) => burst.compile(collatz, { exports }),
        onResult: async (result) => void results.push(result),
      },
    ).finally(() => {
      left = 0;
    });
    const [summary] = await Promise.all([work, kill()]);
    assert.deepEqual(
      results,
      Array.from({ length: jobs }, (_, instance) => ({ instance, values: [steps(instance + 1)] })),
    );
    assert.equal(summary.lost + summary.errors + summary.notRun, 0);
    // One that was killed before it had said a word is not told of.
    assert.ok(notices.length > kills / 2, `${notices.length} notices of ${kills} kills`);
    for (const notice of notices)
      assert.match(notice, /the host process was ended by signal SIGKILL; another was started/);
  });

  test("a job whose import kills the host, every time, is given up by name; the others have their results", async () => {
    const { path, pid } = killableHost("poison");
    await using burst = await WasmBurst.launch({ device: "cpu", hostPath: path, onNotice: () => {} });
    const bytes = wat(`(module (import "env" "twice" (func $twice (param i32) (result i32)))
      (func (export "f") (param i32) (result i32) (call $twice (local.get 0))))`);
    const imports = {
      env: {
        twice(_: unknown, value: number) {
          if (value === 13) process.kill(Number(pid()), "SIGKILL");
          return value * 2;
        },
      },
    };
    async function* lines() {
      for (let job = 0; job < 40; job++) yield `{"invoke":"f","args":[${job}]}`;
    }
    const results: JobResult[] = [];
    const summary = await runJobs(
      parseJobs(lines()),
      { instances: 16, batch: 40, imports },
      {
        exports: new Set(["f"]),
        compile: (exports) => burst.compile(bytes, { exports }),
        onResult: async (result) => void results.push(result),
      },
    );
    assert.equal(summary.lost, 1);
    results.forEach((result, instance) => {
      if (instance !== 13) assert.deepEqual(result, { instance, values: [instance * 2] });
      else
        assert.match(
          "error" in result ? result.error : "",
          /^line 14: 3 hosts died of it: the host process was ended by signal SIGKILL/,
        );
    });
    assert.equal(results.length, 40);
  });

  test("jobs whose imports kill the host now and then have the results, and the numbers, that they have without", async () => {
    const { path, pid } = killableHost("midway");
    const notices: string[] = [];
    await using burst = await WasmBurst.launch({
      device: "cpu",
      hostPath: path,
      onNotice: (notice) => void notices.push(notice),
    });
    await using module = await burst.compile(
      wat(`(module (import "env" "step" (func $step (param i32) (result i32)))
        (import "wasmburst" "instance_index" (func $index (result i32)))
        (func (export "f") (param $n i32) (result i32 i32)
          (local $sum i32)
          (loop $again
            (local.set $sum (i32.add (local.get $sum) (call $step (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $sum) (call $index)))`),
    );
    let calls = 0;
    const kills = [40, 90, 400, 401, 900];
    await using pool = await module.instantiate({
      instances: 5,
      imports: {
        env: {
          step({ instance }: ImportContext, n: number) {
            if (kills.includes(++calls)) process.kill(Number(pid()), "SIGKILL");
            return n + instance;
          },
        },
      },
    });
    const lengths = Array.from({ length: 60 }, (_, job) => 1 + ((job * 7) % 23));
    const { outcomes } = await pool.runJobs(
      "f",
      lengths.map((length) => ({ values: [length] })),
    );
    assert.deepEqual(
      outcomes,
      lengths.map((length, job) => ({ values: [(length * (length + 1)) / 2 + length * job, job], reads: [] })),
    );
    assert.ok(notices.length >= 3, `${notices.length} hosts died`);
  });

  test("what needs no state starts a new host, what needs the old one's says why it cannot be", async () => {
    const { path, pid } = killableHost("states");
    await using burst = await WasmBurst.launch({ device: "cpu", hostPath: path, onNotice: () => {} });
    const bytes = wat(`(module (global $n (mut i32) (i32.const 0))
      (func (export "count") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`);
    const module = await burst.compile(bytes);
    const pool = await module.instantiate({ instances: 2 });
    const other = await module.instantiate({ instances: 1 });
    const kill = async () => {
      process.kill(Number(pid()), "SIGKILL");
      await assert.rejects(pool.invoke("count"), /the host process was ended by signal SIGKILL/);
    };
    await pool.invoke("count");
    await kill();
    await pool.reset();
    assert.deepEqual(await pool.invoke("count"), [{ values: [1] }, { values: [1] }]);
    await assert.rejects(other.invoke("count"), { code: "hostExited" }, "its state is gone");
    await kill();
    assert.deepEqual(await (await module.instantiate({ instances: 1 })).invoke("count"), [{ values: [1] }]);
    await kill();
    const { outcomes } = await pool.runJobs("count", [{ values: [] }, { values: [] }, { values: [] }]);
    assert.deepEqual(outcomes, Array(3).fill({ values: [1], reads: [] }));
    await kill();
    assert.equal((await burst.compile(bytes)).functions.size, 1);
    await pool.release();
    await module.release();
  });

  test("the host's own functions serve a pool of the new host, and what they log comes out where it did", async () => {
    const { path, pid } = killableHost("logging");
    let output = "";
    await using burst = await WasmBurst.launch({
      device: "cpu",
      hostPath: path,
      onNotice: () => {},
      onOutput: (text) => {
        output += text;
      },
    });
    await using module = await burst.compile(
      wat(`(module (import "wasmburst" "log" (func $log (param i32 i32)))
        (import "wasmburst" "instance_index" (func $index (result i32)))
        (memory (export "memory") 1) (data (i32.const 8) "hello")
        (func (export "say") (result i32) (call $log (i32.const 8) (i32.const 5)) (call $index)))`),
    );
    await using pool = await module.instantiate({ instances: 2 });
    const numbers = [{ values: [0] }, { values: [1] }];
    assert.deepEqual(await pool.invoke("say"), numbers);
    const before = output;
    assert.match(before, /hello[\s\S]*hello/);
    process.kill(Number(pid()), "SIGKILL");
    await assert.rejects(pool.invoke("say"), { code: "hostExited" });
    await pool.reset();
    assert.deepEqual(await pool.invoke("say"), numbers);
    assert.equal(output, before + before);
  });
});

describe("a build whose host ends", { skip: hostMissing || process.platform === "darwin" }, () => {
  for (const end of ["SIGKILL", "SIGTERM", "exit"] as const) {
    test(`by ${end}: the compiler ends too, and so do its children, and no temporary file is left`, async () => {
      const pids = join(directory, `compiler-${end}.pids`);
      const compiler = join(directory, `compiler-${end}`);
      const temporary = join(directory, `temporary-${end}`);
      mkdirSync(temporary);
      writeFileSync(
        compiler,
        `#!/bin/sh\nmktemp\nsleep 100 &\necho $$ $! > '${pids}.new'\nmv '${pids}.new' '${pids}'\nwait\n`,
      );
      chmodSync(compiler, 0o755);
      const { path, pid } = killableHost(`building-${end}`, `WASMBURST_CLANG='${compiler}' TMPDIR='${temporary}'`);
      const client = await HostClient.launch(path);
      // Whether the cpu device is usable a small build tells.
      const listing = assert.rejects(client.listDevices(), { code: end === "exit" ? "closed" : "hostExited" });
      await until(() => existsSync(pids));
      const children = readFileSync(pids, "utf8").trim().split(" ").map(Number);
      assert.equal(children.filter(isAlive).length, 2);
      assert.equal(readdirSync(temporary).length, 1);
      if (end !== "exit") process.kill(Number(pid()), end);
      else await client.close();
      await until(() => !children.some(isAlive));
      await listing;
      assert.deepEqual(readdirSync(temporary), []);
      await client.close();
    });
  }
});

function isAlive(pid: number): boolean {
  try {
    // One that has ended and that nobody has waited for is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 10_000, "not within ten seconds");
    await sleep(20);
  }
}
