import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import type { TimelineEvent } from "../../compiler-ts/src/api/timeline.ts";
import { Activity, progressText } from "../../compiler-ts/src/cli/activity.ts";
import { scheduleOf } from "../../compiler-ts/src/cli/schedule.ts";
import { timelinePage } from "../../compiler-ts/src/cli/timeline.ts";

describe("schedule flags", () => {
  test("none given: nothing is set; those given are", () => {
    assert.equal(scheduleOf({}), undefined);
    assert.deepEqual(scheduleOf({ policy: "sustained", "burst-ms": "250", "cooldown-ms": "0", "slice-ms": "12.5" }), {
      policy: "sustained",
      burst: 250,
      coolDown: 0,
      slice: 12.5,
    });
  });

  const bad: readonly (readonly [Parameters<typeof scheduleOf>[0], RegExp])[] = [
    [{ policy: "fast" }, /--policy fast: there are adaptive, sustained, unthrottled/],
    [{ "burst-ms": "501" }, /--burst-ms 501: expected 1 to 500/],
    [{ "burst-ms": "0" }, /--burst-ms 0/],
    [{ "cooldown-ms": "-1" }, /--cooldown-ms -1/],
    [{ "slice-ms": "51" }, /--slice-ms 51: expected 1 to 50/],
    [{ "burst-ms": "20", "slice-ms": "30" }, /--slice-ms 30: expected 1 to 20/],
    [{ "slice-ms": "1e1" }, /--slice-ms 1e1/],
  ];
  for (const [values, message] of bad) {
    test(`${JSON.stringify(values)} is refused`, () => assert.throws(() => scheduleOf(values), message));
  }
});

const slice = (at: number, seconds: number): TimelineEvent => ({
  kind: "slice",
  device: "cpu",
  at,
  seconds,
  pool: 1,
  lanes: 4,
  live: 8,
});

describe("the progress line", () => {
  test("says what is known, and nothing else", () => {
    const activity = new Activity(false);
    assert.equal(progressText({ jobs: 0, seconds: 0 }, activity), "0 jobs");
    activity.add([
      { kind: "thermal", device: "cpu", at: 0, thermal: { state: "fair", source: "system", lowPowerMode: false } },
      slice(0, 0.5),
      slice(1, 0.5),
    ]);
    assert.equal(
      progressText({ jobs: 2500, seconds: 10, fraction: 0.1 }, activity, 0.876),
      "2,500 jobs, 250/s, 1 min 30 s left, lane use 88%, fair, duty 67%",
    );
    assert.deepEqual(activity.events, []);
  });

  test("of several devices: the duty of all, and the heat of the hottest", () => {
    const activity = new Activity(false);
    const heat = { source: "system", lowPowerMode: false } as const;
    activity.add([
      slice(0, 1),
      { ...slice(0, 0.5), device: "cuda:1" },
      slice(1, 1),
      { kind: "thermal", device: "cuda:1", at: 0, thermal: { state: "serious", ...heat } },
      { kind: "thermal", device: "cpu", at: 1, thermal: { state: "nominal", ...heat } },
    ]);
    assert.equal(activity.duty, 0.625);
    assert.equal(activity.heat?.state, "serious");
  });

  test("the duty is that of the last ten seconds", () => {
    const activity = new Activity(true);
    for (let at = 0; at < 100; at++) activity.add([slice(at, at < 50 ? 1 : 0.25)]);
    assert.ok(Math.abs((activity.duty ?? 0) - 0.27) < 0.02, String(activity.duty));
    assert.equal(activity.events.length, 100);
  });
});

/** Runs the page's script against a canvas that notes what is drawn: texts with their heights, and colours. */
function draw(page: string) {
  const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? "";
  const drawn: (readonly [string, number])[] = [];
  const colours = new Set<string>();
  const texts: Record<string, { textContent: string }> = {};
  const pen = {
    fillStyle: "",
    scale: () => {},
    fillRect: () => colours.add(pen.fillStyle),
    fillText: (text: string, _: number, y: number) => drawn.push([text, y]),
  };
  const canvas = { clientWidth: 800, getContext: () => pen, addEventListener: () => {} };
  const element = (name: string) => {
    texts[name] ??= { textContent: "" };
    return texts[name];
  };
  runInNewContext(script, {
    document: { querySelector: (name: string) => (name === "canvas" ? canvas : element(name)) },
    devicePixelRatio: 1,
    addEventListener: () => {},
  });
  return { texts, drawn, colours };
}

describe("the timeline", () => {
  const events: readonly TimelineEvent[] = [
    slice(100, 0.01),
    { kind: "burst", device: "cpu", at: 100, seconds: 0.4, slices: 1, busy: 0.01 },
    { kind: "coolDown", device: "cpu", at: 100.4, seconds: 0.8 },
    { kind: "hostCalls", device: "cpu", at: 100.1, seconds: 0.2, calls: 7 },
    { kind: "thermal", device: "cpu", at: 99, thermal: { state: "serious", source: "system", lowPowerMode: false } },
  ];

  test("is one page that loads nothing, whatever the title holds, and draws every track", () => {
    const page = timelinePage("</script><script>alert(1)</script>", events);
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.doesNotMatch(page, /(src|href)=|https?:|import /);
    const { texts, drawn, colours } = draw(page);
    assert.equal(texts.h1?.textContent, "</script><script>alert(1)</script>");
    assert.match(texts["#sums"]?.textContent ?? "", /1 slices.* 0\.80 s of cool-down, 0\.20 s of host calls/);
    for (const track of ["heat", "bursts", "slices", "cool-downs", "host calls", "live lanes"]) {
      assert.ok(
        drawn.some(([text]) => text === track),
        track,
      );
    }
    // Of the six tracks, the lines of the ticks, and the axis.
    assert.equal(colours.size, 8);
  });

  test("each of several devices has its tracks, one below the other, and its name", () => {
    const second = events.map((event) => ({ ...event, device: "cuda:1", at: event.at + 1 }));
    const page = timelinePage("two", [...second, ...events]);
    const { texts, drawn } = draw(page);
    assert.match(page, /canvas \{ width: 100%; height: 630px/);
    assert.equal(drawn.filter(([text]) => text === "slices").length, 2);
    const [[, cpu = 0] = [], [, cuda = 0] = []] = ["cpu", "cuda:1"].map((name) =>
      drawn.find(([text]) => text === name),
    );
    assert.equal(cuda - cpu, 300);
    assert.match(texts["#sums"]?.textContent ?? "", /2 slices, 0\.02 s on 2 devices, .* 1\.60 s of cool-down/);
  });

  test("a run without events is an empty page, not a broken one", () => {
    assert.match(timelinePage("empty", []), /"slices":\[\]/);
  });
});
