/** The plots say what the bench has measured. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Run, rates, ratios, readRun } from "../../bench/plots.ts";
import { keptApart } from "../../bench/svg.ts";

const run = (instances: number, rate: number): Run => ({
  device: { id: "fake", name: "A <fake> & slow GPU" },
  rows: [
    {
      program: "one",
      instances,
      device: rate,
      deviceAlone: rate,
      baselines: [{ label: "Wasmtime, 16 cores", ratio: 100 }],
    },
    {
      program: "two",
      instances,
      device: rate * 10,
      deviceAlone: rate * 10,
      baselines: [{ label: "Wasmtime, 16 cores", ratio: 0.1 }],
    },
  ],
});

const numbers = (svg: string, pattern: RegExp): number[] => [...svg.matchAll(pattern)].map((match) => Number(match[1]));

describe("plots of throughput", () => {
  test("a bar is as long as its ratio's logarithm, to the other side below 1", () => {
    const svg = ratios([run(1024, 1000), run(512, 10)]);
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="14"/g)];
    const [[, fast, fastWidth], [, slow, slowWidth]] = bars as unknown as [string[], string[]];
    // A decade below 1 and two above share the width.
    assert.ok(Math.abs(Number(fastWidth) - 2 * Number(slowWidth)) < 0.2);
    assert.ok(Math.abs(Number(slow) + Number(slowWidth) - Number(fast)) < 0.2);
    assert.match(svg, />100x</);
    assert.match(svg, />0\.1x</);
    assert.match(svg, /1,024 instances/);
    assert.match(svg, /A &lt;fake> &amp; slow GPU/);
  });

  test("a line goes through the runs in the order of their instances", () => {
    const svg = rates([run(100_000, 1e6), run(1000, 1e4)]);
    const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) => points ?? "");
    assert.equal(lines.length, 2);
    for (const line of lines) {
      const [first, second] = line.split(" ").map((point) => point.split(",").map(Number)) as [number[], number[]];
      assert.ok((first[0] ?? 0) < (second[0] ?? 0), "to the right with instances");
      assert.ok((first[1] ?? 0) > (second[1] ?? 0), "up with the rate");
    }
    assert.equal(numbers(svg, /stroke-width="(2)"/g).length, 2);
    assert.match(svg, />1,000</);
    assert.match(svg, />100,000</);
  });

  test("labels of lines that end together keep apart; others stay at their line's end", () => {
    const rows = ["one", "two"].map((program) =>
      [1000, 8000].map((instances) => ({ ...run(instances, 5000).rows[0], program })),
    );
    const shorter = [1000, 4000].map((instances) => ({ ...run(instances, 5000).rows[0], program: "shorter" }));
    const svg = rates([{ ...run(1, 1), rows: [...rows.flat(), ...shorter] as Run["rows"] }]);
    const heightOf = (program: string): number =>
      numbers(svg, new RegExp(`y="([\\d.]+)" text-anchor="start">${program}<`, "g"))[0] ?? Number.NaN;
    assert.ok(Math.abs(heightOf("two") - heightOf("one") - 14) < 0.2);
    assert.equal(heightOf("shorter"), heightOf("one"));
  });

  test("bars are of each program's most instances that were compared with anything", () => {
    const alone: Run = {
      ...run(1e6, 1),
      rows: [{ program: "alone", instances: 1e6, device: 1, deviceAlone: 1, baselines: [] }],
    };
    const svg = ratios([run(512, 10), alone, run(2048, 20)]);
    assert.match(svg, /, 2,048 instances/);
    assert.doesNotMatch(svg, />alone</);
    assert.equal(svg.match(/>one</g)?.length, 1);
    const other: Run = {
      ...run(4096, 1),
      rows: run(4096, 1).rows.map((row) => ({ ...row, program: `other ${row.program}` })),
    };
    assert.match(ratios([other, run(512, 10)]), /, 512 to 4,096 instances/);
  });

  test("a file that is no such JSON is an error that names it", async () => {
    const missing = fileURLToPath(new URL("missing.json", import.meta.url));
    await assert.rejects(readRun(missing), { name: "RangeError", message: /missing\.json.*ENOENT/ });
    await assert.rejects(readRun(fileURLToPath(import.meta.url)), {
      name: "RangeError",
      message: /plots\.test\.ts.*JSON/,
    });
    const other = fileURLToPath(new URL("../../package.json", import.meta.url));
    await assert.rejects(readRun(other), { name: "RangeError", message: /package\.json: not what throughput/ });
  });

  test("labels keep apart, in their order, and above the end", () => {
    assert.deepEqual(keptApart([50, 10, 12], 10, 100), [50, 10, 20]);
    assert.deepEqual(keptApart([95, 99, 98], 10, 100), [80, 100, 90]);
    assert.deepEqual(keptApart([], 10, 100), []);
  });
});
