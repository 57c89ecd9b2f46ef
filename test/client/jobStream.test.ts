import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunJobsParameters } from "../../protocol/messages.ts";
import { compiled, creates, fakeBackend, loads } from "../support/fakeBackend.ts";
import type { Handler } from "../support/fakeHost.ts";

describe("large runs of jobs travel in parts", () => {
  const jobs = 100_000;
  const records = Uint32Array.from({ length: jobs * 3 }, (_, index) => index * 7);

  /** A host that answers with the first two words of each record: `early` bytes in notifications, the rest and `more` in the answer. */
  const reflecting = (early: number, more = 0): Handler => {
    return async ({ arguments: first, jobs, streamToken }: RunJobsParameters, _token, rpc) => {
      const parts = [first];
      let received = first.length;
      await new Promise<void>((resolve) => {
        rpc.onNotification("$/jobArguments", ({ token, arguments: part }: { token: number; arguments: Uint8Array }) => {
          assert.equal(token, streamToken);
          parts.push(part);
          received += part.length;
          if (received >= jobs * 12) resolve();
        });
      });
      const all = new Uint32Array(new Uint8Array(Buffer.concat(parts)).buffer);
      assert.equal(all.length, jobs * 3);
      const results = new Uint8Array(
        Uint32Array.from({ length: jobs * 2 }, (_, index) => all[(index >> 1) * 3 + (index & 1)] ?? 0).buffer,
      );
      const half = early >> 1;
      for (const part of [results.subarray(0, half), results.subarray(half, early)]) {
        await rpc.sendNotification("$/jobResults", { token: streamToken, results: part });
      }
      await rpc.sendNotification("$/jobResults", { token: (streamToken ?? 0) + 1, results: results.subarray(0, 8) });
      const rest = new Uint8Array([...results.subarray(early), ...new Uint8Array(more)]);
      return {
        status: new Uint8Array(),
        results: rest,
        deviceSeconds: 1,
        laneSlices: 0,
        busyLaneSlices: 0,
        seconds: 1,
      };
    };
  };

  for (const early of [0, 300_001, jobs * 8]) {
    test(`${early} of ${jobs * 8} bytes of results come before the answer`, async () => {
      const { module } = await fakeBackend({ ...loads, ...creates, "pool/run": reflecting(early) });
      const pool = await module.instantiate({ instances: 5 });
      const { results } = await pool.runJobRecords("f", jobs, records);
      assert.equal(results.length, jobs * 2);
      assert.ok(results.every((word, index) => word === (((index >> 1) * 3 + (index & 1)) * 7) >>> 0));
    });
  }

  for (const [version, streams] of [
    ["1.0", false],
    ["1.1", true],
    ["1.10", true],
  ] as const) {
    test(`a host of protocol ${version} gets ${streams ? "the beginning of the" : "all"} arguments in the request`, async () => {
      const whole: Handler = ({ arguments: sent, streamToken }: RunJobsParameters) => {
        assert.equal(sent.length, jobs * 12);
        assert.equal(streamToken, undefined);
        const numbers = { deviceSeconds: 1, laneSlices: 0, busyLaneSlices: 0, seconds: 1 };
        return { status: new Uint8Array(), results: new Uint8Array(jobs * 8).fill(3), ...numbers };
      };
      const runs = { "pool/run": streams ? reflecting(0) : whole };
      const { module } = await fakeBackend({ ...loads, ...creates, ...runs }, compiled, version);
      const pool = await module.instantiate({ instances: 5 });
      assert.equal((await pool.runJobRecords("f", jobs, records)).results.length, jobs * 2);
    });
  }

  test("results that are too many are a violation of the protocol", async () => {
    const { module } = await fakeBackend({ ...loads, ...creates, "pool/run": reflecting(300_000, 4) });
    const pool = await module.instantiate({ instances: 5 });
    await assert.rejects(pool.runJobRecords("f", jobs, records), { code: "protocolViolation" });
  });
});
