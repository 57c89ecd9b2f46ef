import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobsInvocation, JobsResult } from "../../compiler-ts/src/api/backend.ts";
import { HostError } from "../../compiler-ts/src/errors.ts";
import { SharedQueue } from "../../compiler-ts/src/spread/jobs.ts";
import type { Part } from "../../compiler-ts/src/spread/pool.ts";
import { jobStatus } from "../../protocol/messages.ts";
import { fakeParts, jobsInvocation, jobsResult } from "./fakes.ts";

type Run = (invocation: JobsInvocation) => Promise<JobsResult>;

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const tenfold = (jobs: number) => Uint32Array.from({ length: jobs }, (_, job) => job * 10);

/** Runs a queue on devices of 8 lanes each, and says what each was given. */
async function share(jobs: number, runs: readonly Run[], more: { signal?: AbortSignal; lost?: Set<number> } = {}) {
  const given: number[][] = runs.map(() => []);
  const pools = runs.map((run, device) => ({
    runJobs: (invocation: JobsInvocation) => {
      given[device]?.push(invocation.jobs);
      return run(invocation);
    },
  }));
  const parts = fakeParts(8 * runs.length, pools);
  const lost = new Set<Part>([...(more.lost ?? [])].map((device) => parts[device] as Part));
  const notices: string[] = [];
  const fractions: number[] = [];
  const result = new SharedQueue(parts, lost, jobsInvocation(jobs, more.signal), {
    onLoss: (reason) => void notices.push(reason),
    onProgress: ({ fraction = -1 }) => void fractions.push(fraction),
  }).run();
  return { given, lost, notices, fractions, result, parts };
}

const ends: Run = async (invocation) => {
  await tick();
  return jobsResult(invocation);
};

describe("a queue of jobs on several devices", () => {
  for (const [jobs, devices] of [
    [0, 2],
    [1, 3],
    [5, 2],
    [1000, 1],
    [1000, 2],
    [1001, 3],
  ] as const) {
    test(`${jobs} jobs on ${devices}: each runs once, and results are in the order of the jobs`, async () => {
      const { given, result } = await share(jobs, Array(devices).fill(ends));
      const { results, status, failure, deviceSeconds } = await result;
      assert.deepEqual(results, tenfold(jobs));
      assert.deepEqual(status, new Uint32Array(jobs * 2));
      assert.equal(failure, undefined);
      assert.equal(
        given.flat().reduce((sum, count) => sum + count, 0),
        jobs,
      );
      assert.equal(deviceSeconds, given.flat().length);
    });
  }

  test("a device that is free takes more: one ten times as slow gets its first part and nothing more", async () => {
    let clock = 0;
    const waiting: { readonly at: number; readonly wake: () => void }[] = [];
    const at = (time: number) => new Promise<void>((wake) => void waiting.push({ at: time, wake }));
    const endTimes = [0, 0];
    const takes =
      (device: number, seconds: number): Run =>
      async (invocation) => {
        await at(clock + invocation.jobs * seconds);
        endTimes[device] = clock;
        return jobsResult(invocation);
      };
    const { given, result } = await share(10_000, [takes(0, 1), takes(1, 10)]);
    let isOver = false;
    const ended = result.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await tick();
      waiting.sort((a, b) => b.at - a.at);
      const next = waiting.pop();
      if (next === undefined) continue;
      clock = next.at;
      next.wake();
    }
    assert.deepEqual((await ended).results, tenfold(10_000));
    const [fast = 0, slow = 0] = given.map((counts) => counts.reduce((sum, count) => sum + count, 0));
    assert.equal(fast + slow, 10_000);
    // A quarter of what the other had left.
    assert.deepEqual(given[1], [1875]);
    assert.ok((given[0]?.length ?? 0) < 40, `${given[0]?.length} requests`);
    assert.ok((endTimes[0] ?? 0) <= (endTimes[1] ?? 0));
  });

  test("no device gets less than its lanes can take while there are more", async () => {
    const { given, result } = await share(100, [ends, ends]);
    await result;
    for (const counts of given) for (const count of counts.slice(0, -1)) assert.ok(count >= 8, String(count));
  });

  test("what a device that dies has not run the others do, and it is told once; the next queue does without it", async () => {
    let runs = 0;
    const dies: Run = async (invocation) => {
      await tick();
      if (runs++ === 0) return jobsResult(invocation);
      throw new HostError("hostExited", "the host process was ended by signal SIGKILL");
    };
    const { given, lost, notices, result, parts } = await share(1000, [ends, dies, ends]);
    assert.deepEqual((await result).results, tenfold(1000));
    assert.equal((await result).failure, undefined);
    assert.deepEqual(notices, ["gpu:1: the host process was ended by signal SIGKILL"]);
    assert.equal(given[1]?.length, 2);
    assert.deepEqual(lost, new Set([parts[1]]));
    await new SharedQueue(parts, lost, jobsInvocation(10), {}).run();
    assert.equal(given[1]?.length, 2);
  });

  test("what a device ran before it gave up is kept, and what it had in flight and had not run the others do", async () => {
    const givesUp: Run = async (invocation) => {
      const result = jobsResult(invocation, 3, "timeout");
      result.status[2] = jobStatus.lost;
      return { ...result, reasons: new Map([[1, "the device failed: timeout"]]) };
    };
    const { result, notices, given } = await share(100, [givesUp, ends]);
    const { status, results, reasons, failure } = await result;
    assert.equal(failure, undefined);
    assert.equal(reasons.size, 0);
    assert.deepEqual(status, new Uint32Array(200));
    assert.deepEqual(results, tenfold(100));
    assert.deepEqual(notices, ["gpu:0: timeout"]);
    assert.deepEqual(given[0], [25]);
  });

  test("a job that a device gave up for good is no other's, though the device failed as well", async () => {
    const givesUp: Run = async (invocation) => {
      const result = jobsResult(invocation, 2, "timeout");
      result.status.set([jobStatus.lost, 1, jobStatus.lost, 0]);
      const reasons = new Map([
        [0, "timeout, 3 times with it alone"],
        [1, "timeout"],
      ]);
      return { ...result, reasons };
    };
    const { status, results, reasons, failure } = await (await share(100, [givesUp, ends])).result;
    assert.equal(failure, undefined);
    assert.deepEqual([...reasons], [[0, "gpu:0: timeout, 3 times with it alone"]]);
    assert.deepEqual([...status.subarray(0, 4)], [jobStatus.lost, 1, 0, 0]);
    assert.deepEqual(results.subarray(1), tenfold(100).subarray(1));
  });

  test("jobs keep their numbers, and failures of imports are theirs, on whichever device", async () => {
    const failure = { import: "env.f", message: "no" };
    const odd: Run = async (invocation) => {
      const numbers = invocation.numbers ?? [];
      assert.deepEqual(numbers, [...invocation.arguments]);
      const failures = [...numbers.entries()].filter(([, number]) => number % 2 === 1);
      return { ...jobsResult(invocation), failures: new Map(failures.map(([job]) => [job, failure])) };
    };
    const { failures } = await (await share(101, [odd, odd])).result;
    const expected = Array.from({ length: 50 }, (_, index) => index * 2 + 1);
    assert.deepEqual(
      [...failures.keys()].sort((a, b) => a - b),
      expected,
    );
  });

  test("jobs that a device has given up by name are lost under its name", async () => {
    const givesOneUp: Run = async (invocation) => {
      const result = jobsResult(invocation);
      result.status[2] = jobStatus.lost;
      return { ...result, reasons: new Map([[1, "3 hosts died of it"]]) };
    };
    const { result, notices } = await share(10, [givesOneUp]);
    const { status, reasons, failure } = await result;
    assert.equal(failure, undefined);
    assert.deepEqual(notices, []);
    assert.deepEqual(reasons.get(1), "gpu:0: 3 hosts died of it");
    assert.deepEqual([status[0], status[2], status[4]], [0, jobStatus.lost, 0]);
  });

  test("where the last device dies the rest was not run, and where nothing had ended that is an error", async () => {
    const dies: Run = async () => {
      throw new HostError("hostExited", "gone");
    };
    const some = await share(100, [async (invocation) => jobsResult(invocation, 1, "broken"), dies]);
    const { status, failure } = await some.result;
    assert.match(failure ?? "", /^gpu:[01]: (broken|gone)$/);
    assert.equal(status[0], 0);
    assert.equal([...status].filter((word, index) => index % 2 === 0 && word === jobStatus.notRun).length, 99);
    await assert.rejects((await share(100, [dies, dies])).result, { code: "hostExited", message: /^gpu:[01]: gone$/ });
  });

  test("a queue of devices all of which were lost before tries them again", async () => {
    const { result, lost } = await share(10, [ends, ends], { lost: new Set([0, 1]) });
    assert.deepEqual((await result).results, tenfold(10));
    assert.equal(lost.size, 0);
  });

  test("an abort keeps what had ended, and nothing new begins", async () => {
    const controller = new AbortController();
    const untilAborted: Run = async (invocation) => {
      controller.abort();
      assert.equal(invocation.signal?.aborted, true);
      return jobsResult(invocation, 2);
    };
    const { given, result, notices } = await share(100, [untilAborted, ends], { signal: controller.signal });
    const { status, failure, results } = await result;
    assert.equal(failure, undefined);
    assert.deepEqual(notices, []);
    assert.equal(given.flat().length, 1);
    assert.deepEqual([...results.subarray(0, 3)], [0, 10, 0]);
    assert.equal(status[4], jobStatus.notRun);
    assert.equal(status[198], jobStatus.notRun);
  });

  test("what is the request's own fault ends the others, too, and is thrown", async () => {
    let seen: AbortSignal | undefined;
    const waits: Run = async (invocation) => {
      seen = invocation.signal;
      while (seen?.aborted === false) await tick();
      return jobsResult(invocation, 0);
    };
    const refuses: Run = async () => {
      await tick();
      throw new TypeError("no");
    };
    await assert.rejects((await share(100, [waits, refuses])).result, { name: "TypeError", message: "no" });
    assert.equal(seen?.aborted, true);
  });

  test("progress is that of all jobs: it grows to the end", async () => {
    const tells: Run = async (invocation) => {
      for (const fraction of [0.5, 1]) {
        invocation.onProgress?.({ message: "running", fraction });
        await tick();
      }
      return jobsResult(invocation);
    };
    const { fractions, result } = await share(100, [tells, tells]);
    await result;
    assert.deepEqual(
      fractions,
      [...fractions].sort((a, b) => a - b),
    );
    assert.equal(fractions.at(-1), 1);
    assert.equal(fractions[0], 0.125);
  });
});
