/** Shares of a device's peaks are rates times operations, and the picture puts programs where they belong. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Operations } from "../../bench/operations.ts";
import type { Run } from "../../bench/plots.ts";
import { achieved, fullest, table } from "../../bench/roofline.ts";
import { rooflinePlot } from "../../bench/rooflinePlot.ts";
import type { Roof } from "../../bench/roofs.ts";

const roof: Roof = { bandwidth: 1e12, peaks: { i32: 4e12, i64: 2e12, f32: 8e12, f64: 4e12 } };
const row = (program: string, instances: number, deviceAlone: number): Run["rows"][number] => ({
  program,
  instances,
  device: deviceAlone / 2,
  deviceAlone,
  baselines: [],
});
const none: Operations = { i32: 0, i64: 0, f32: 0, f64: 0, bytes: 0 };

describe("roofline", () => {
  test("the rate is the device's own, times an instance's operations, and each type has its peak", () => {
    const found = achieved(row("one", 1024, 1e6), { i32: 1e6, i64: 5e5, f32: 2e6, f64: 1e6, bytes: 5e5 }, roof);
    assert.deepEqual([found.integer, found.float, found.bytes], [1.5e12, 3e12, 5e11]);
    assert.deepEqual(found.shares, { integer: 0.5, float: 0.5, bandwidth: 0.5 });
    assert.match(table([found]), /one +1,024 +1,500 +3,000 +500 +50\.0% +50\.0% +50\.0%/);
  });

  test("no share of a peak that nobody knows, no rate without a clock", () => {
    const found = achieved(row("one", 1024, 1e6), { ...none, i32: 10 }, undefined);
    assert.equal(found.shares, undefined);
    assert.match(table([found]), /one .* - +- +-$/);
    assert.throws(() => achieved(row("one", 1, Number.NaN), none, roof), {
      name: "RangeError",
      message: /one: no rate/,
    });
  });

  test("of each program the row with the most instances, from any file, in the order of the files", () => {
    const device = { id: "fake", name: "fake" };
    const rows = fullest([
      { device, rows: [row("one", 4096, 2), row("one", 1024, 1)] },
      { device, rows: [row("two", 512, 3), row("one", 2048, 4)] },
    ]);
    assert.deepEqual(
      rows.map(({ program, deviceAlone }) => [program, deviceAlone]),
      [
        ["one", 2],
        ["two", 3],
      ],
    );
  });

  test("points lie on the memory's slope where bytes bound them, and aside where there are none", () => {
    const rows = [
      achieved(row("on the slope", 1, 1e6), { ...none, i32: 5e5, bytes: 1e6 }, roof),
      achieved(row("without memory", 1, 1e6), { ...none, f32: 1e6, i32: 10 }, roof),
    ];
    const svg = rooflinePlot("fake", rows, roof);
    const slope = /d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" stroke="#374151"/.exec(svg);
    const [x1, y1, x2, y2] = (slope ?? []).slice(1).map(Number) as [number, number, number, number];
    const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((match) =>
      match.slice(1).map(Number),
    );
    // The first is the legend's. Ten integer operations in a million are not drawn.
    assert.equal(circles.length, 2);
    const [x, y] = circles[1] as [number, number];
    assert.ok(Math.abs(y1 + ((x - x1) / (x2 - x1)) * (y2 - y1) - y) < 0.3, "on the slope");
    const squares = [...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="8"/g)].map(([, at]) => Number(at));
    assert.equal(squares.length, 2);
    assert.ok((squares[1] ?? 0) > x2, "behind the ridge");
    assert.match(svg, />i32, f64: 4T\/s</);
    assert.doesNotMatch(rooflinePlot("fake", rows, undefined), /\/s</);
  });
});
