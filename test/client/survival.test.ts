import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobsInvocation, JobsResult } from "../../compiler-ts/src/api/backend.ts";
import { HostError } from "../../compiler-ts/src/errors.ts";
import { runSurviving } from "../../compiler-ts/src/host/survival.ts";
import { jobStatus } from "../../protocol/messages.ts";
import { jobsInvocation } from "../spread/fakes.ts";

const death = () => new HostError("hostExited", "the host process was ended by signal SIGSEGV");

/** Gives each job ten times its argument. */
function answer(part: JobsInvocation): JobsResult {
  return {
    status: new Uint32Array(part.jobs * 2),
    results: part.arguments.map((argument) => argument * 10),
    reads: [],
    reasons: new Map(),
    failures: new Map(),
    deviceSeconds: 1,
    laneSlices: 0,
    busyLaneSlices: 0,
    hostSeconds: 0,
    failure: undefined,
  };
}

describe("jobs of hosts that die", () => {
  for (const poison of [[], [0], [999], [500, 501], [3, 400, 998]]) {
    test(`jobs ${poison.join(", ") || "none"} of 1,000 kill every host: they alone are given up, after three tries`, async () => {
      const runs = new Map<number, number>();
      let isDead = false;
      const result = await runSurviving(jobsInvocation(1000), {
        revive: async () => {
          isDead = false;
        },
        renew: async () => false,
        run: async (part) => {
          assert.equal(isDead, false);
          isDead = part.arguments.some((job) => poison.includes(job));
          if (part.jobs === 1) for (const job of part.arguments) runs.set(job, (runs.get(job) ?? 0) + 1);
          if (isDead) throw death();
          return answer(part);
        },
      });
      for (let job = 0; job < 1000; job++) {
        const isPoison = poison.includes(job);
        assert.equal(result.status[job * 2], isPoison ? jobStatus.lost : 0, `job ${job}`);
        assert.equal(result.results[job], isPoison ? 0 : job * 10);
        if (isPoison) assert.equal(runs.get(job), 3);
      }
      assert.deepEqual([...result.reasons.keys()], poison);
      for (const reason of result.reasons.values()) assert.match(reason, /3 hosts died of it: .*SIGSEGV/);
      assert.equal(result.failure, undefined);
    });
  }

  test("hosts that die whatever they are given are not started for ever", async () => {
    let runs = 0;
    const result = await runSurviving(jobsInvocation(60_000), {
      revive: async () => {},
      renew: async () => false,
      run: async () => {
        runs += 1;
        throw death();
      },
    });
    assert.equal(runs, 64);
    assert.match(result.failure ?? "", /64 hosts died one after the other/);
    assert.equal(result.status.at(-2), jobStatus.notRun);
  });

  /** A pool that a device gave up: its first `inFlight` jobs were in the slice that failed, the rest was not run. */
  function givenUp(part: JobsInvocation, inFlight: number): JobsResult {
    const status = new Uint32Array(part.jobs * 2);
    const reasons = new Map<number, string>();
    for (let job = 0; job < part.jobs; job++) {
      status[job * 2] = job < inFlight ? jobStatus.lost : jobStatus.notRun;
      if (job < inFlight) reasons.set(job, "the device failed: timeout");
    }
    return { ...answer(part), status, results: new Uint32Array(part.jobs), reasons, failure: "timeout" };
  }

  test("where the device gives a pool up, the rest goes on in another, and then the jobs that were in flight are run again", async () => {
    const pools: number[][] = [];
    const result = await runSurviving(jobsInvocation(100), {
      revive: async () => {},
      renew: async () => true,
      run: async (part) => {
        pools.push([...part.arguments]);
        return pools.length === 1 ? givenUp(part, 3) : answer(part);
      },
    });
    assert.deepEqual(
      pools.map((jobs) => [jobs[0], jobs.length]),
      [
        [0, 100],
        [3, 97],
        [0, 2],
        [2, 1],
      ],
    );
    assert.deepEqual(
      [...result.results],
      Array.from({ length: 100 }, (_, job) => job * 10),
    );
    assert.deepEqual(result.status, new Uint32Array(200));
    assert.equal(result.reasons.size, 0);
    assert.equal(result.failure, undefined);
  });

  for (const poison of [[0], [99], [17, 80]]) {
    test(`jobs ${poison.join(" and ")} of 100 fail the device whenever they run: they alone are lost, with the reason`, async () => {
      const alone = new Map<number, number>();
      const result = await runSurviving(jobsInvocation(100), {
        revive: async () => {},
        renew: async () => true,
        run: async (part) => {
          if (part.jobs === 1) for (const job of part.arguments) alone.set(job, (alone.get(job) ?? 0) + 1);
          return part.arguments.some((job) => poison.includes(job)) ? givenUp(part, part.jobs) : answer(part);
        },
      });
      assert.deepEqual([...result.reasons.keys()].sort(), poison);
      for (const reason of result.reasons.values())
        assert.equal(reason, "the device failed: timeout, 3 times with it alone");
      for (const job of poison) assert.equal(alone.get(job), 3);
      for (let job = 0; job < 100; job++) {
        // The second word: not to be run again.
        assert.deepEqual(
          [...result.status.subarray(job * 2, job * 2 + 2)],
          poison.includes(job) ? [jobStatus.lost, 1] : [0, 0],
        );
        if (!poison.includes(job)) assert.equal(result.results[job], job * 10);
      }
      assert.equal(result.failure, undefined);
    });
  }

  test("a device on which nothing ends is not tried for ever: eight pools in a row end it, and the rest is not run", async () => {
    const pools: number[] = [];
    const result = await runSurviving(jobsInvocation(100), {
      revive: async () => {},
      renew: async () => true,
      run: async (part) => {
        pools.push(part.jobs);
        return givenUp(part, 1);
      },
    });
    assert.deepEqual(pools, [100, 99, 98, 97, 96, 95, 94, 93]);
    assert.deepEqual([...result.reasons.keys()], [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(result.status[16], jobStatus.notRun);
    assert.equal(result.failure, "8 pools one after the other ended no job: timeout");
  });

  test("a device that fails every job, all of which it has lanes for, is not tried for ever either", async () => {
    let pools = 0;
    const result = await runSurviving(jobsInvocation(1000), {
      revive: async () => {},
      renew: async () => true,
      run: async (part) => {
        pools += 1;
        return givenUp(part, part.jobs);
      },
    });
    assert.equal(pools, 64);
    assert.equal(result.reasons.size, 1000);
    assert.equal(result.failure, "64 pools one after the other ended no job: timeout");
  });

  test("where no other pool can be made, what was in flight is lost", async () => {
    const result = await runSurviving(jobsInvocation(10), {
      revive: async () => {},
      renew: async () => false,
      run: async (part) => givenUp(part, 2),
    });
    assert.deepEqual([...result.reasons.keys()], [0, 1]);
    assert.equal(result.status[4], jobStatus.notRun);
    assert.equal(result.failure, "timeout");
  });

  for (const poison of [[5], [0, 63], [17, 18, 40, 41]]) {
    test(`jobs ${poison.join(", ")} of 64 fail with their command buffers, of eight each: they alone are given up, each with its reason`, async () => {
      let pools = 0;
      const result = await runSurviving(jobsInvocation(64), {
        revive: async () => {},
        renew: async () => {
          pools += 1;
          return true;
        },
        run: async (part) => {
          const ended = answer(part);
          const reasons = new Map<number, string>();
          for (let first = 0; first < part.jobs; first += 8) {
            const positions = [...part.arguments.keys()].slice(first, first + 8);
            const found = positions.filter((position) => poison.includes(part.arguments[position] ?? -1));
            if (found.length === 0) continue;
            for (const position of positions) {
              ended.status[position * 2] = jobStatus.lost;
              reasons.set(position, `of ${found.map((position) => part.arguments[position])}`);
            }
          }
          return { ...ended, reasons, failure: reasons.size === 0 ? undefined : "a fault" };
        },
      });
      for (let job = 0; job < 64; job++) {
        assert.equal(result.status[job * 2], poison.includes(job) ? jobStatus.lost : 0, `job ${job}`);
        if (!poison.includes(job)) assert.equal(result.results[job], job * 10);
      }
      assert.deepEqual(
        [...result.reasons].toSorted(([a], [b]) => a - b),
        poison.map((job) => [job, `of ${job}, 3 times with it alone`]),
      );
      assert.equal(result.failure, undefined);
      assert.ok(pools < 50, `${pools} pools`);
    });
  }

  test("a command buffer that does not end is not waited for again", async () => {
    const runs: number[] = [];
    const result = await runSurviving(jobsInvocation(10), {
      revive: async () => {},
      renew: async () => true,
      run: async (part) => {
        const ended = answer(part);
        if (runs.push(part.jobs) > 1) return ended;
        const status = Uint32Array.from(ended.status, (_, index) => {
          if (index % 2 === 0) return index < 8 ? jobStatus.lost : jobStatus.notRun;
          return index < 8 ? 1 : 0;
        });
        return {
          ...ended,
          status,
          reasons: new Map([0, 1, 2, 3].map((job) => [job, "no answer"])),
          failure: "no answer",
        };
      },
    });
    assert.deepEqual(runs, [10, 6]);
    assert.deepEqual([...result.reasons.keys()], [0, 1, 2, 3]);
    assert.equal(result.results[9], 90);
  });

  test("an abort between two hosts keeps what had ended", async () => {
    const controller = new AbortController();
    let runs = 0;
    const result = await runSurviving(jobsInvocation(4, controller.signal), {
      revive: async () => {},
      renew: async () => false,
      run: async (part) => {
        runs += 1;
        if (runs === 2) return answer(part);
        if (runs === 3) controller.abort();
        throw death();
      },
    });
    assert.deepEqual([...result.results], [0, 10, 0, 0]);
    assert.deepEqual([result.status[0], result.status[4]], [0, jobStatus.notRun]);
  });

  test("what is no death is thrown on", async () => {
    const refused = new HostError("invalidParams", "no");
    const host = { revive: async () => {}, renew: async () => false, run: () => Promise.reject(refused) };
    await assert.rejects(runSurviving(jobsInvocation(4), host), refused);
  });
});
