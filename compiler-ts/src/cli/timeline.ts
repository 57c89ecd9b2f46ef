/** `--timeline`: one page with everything in it, which draws what the device did over time. */
import type { TimelineEvent } from "../api/timeline.ts";

/** As rows of numbers: a long run has many thousand slices. */
interface Rows {
  readonly title: string;
  /** At, seconds, lanes, live. */
  readonly slices: readonly (readonly [number, number, number, number])[];
  /** At, seconds, slices. */
  readonly bursts: readonly (readonly [number, number, number])[];
  readonly coolDowns: readonly (readonly [number, number])[];
  readonly hostCalls: readonly (readonly [number, number, number])[];
  /** At, state. */
  readonly heat: readonly (readonly [number, string])[];
}

export function timelinePage(title: string, events: readonly TimelineEvent[]): string {
  const begin = events.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const at = (event: TimelineEvent) => rounded(event.at - begin);
  const rows: Rows = {
    title,
    slices: events.flatMap((e) => (e.kind === "slice" ? [[at(e), rounded(e.seconds), e.lanes, e.live] as const] : [])),
    bursts: events.flatMap((e) => (e.kind === "burst" ? [[at(e), rounded(e.seconds), e.slices] as const] : [])),
    coolDowns: events.flatMap((e) => (e.kind === "coolDown" ? [[at(e), rounded(e.seconds)] as const] : [])),
    hostCalls: events.flatMap((e) => (e.kind === "hostCalls" ? [[at(e), rounded(e.seconds), e.calls] as const] : [])),
    heat: events.flatMap((e) => (e.kind === "thermal" ? [[at(e), e.thermal.state] as const] : [])),
  };
  // "<" must not end the script early, whatever a title holds.
  return page.replace("ROWS", () => JSON.stringify(rows).replaceAll("<", "\\u003c"));
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1e5) / 1e5;
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>WasmBurst timeline</title>
<style>
  body { font: 14px system-ui, sans-serif; margin: 24px; color: #1f2328; background: white; }
  canvas { width: 100%; height: 330px; display: block; cursor: crosshair; }
  #at { min-height: 1.5em; color: #59636e; }
</style>
<h1></h1>
<p id="sums"></p>
<canvas></canvas>
<p id="at">Wheel: zoom. Drag: move. Double click: everything.</p>
<script>
const rows = ROWS;
const colours = { slice: "#2da44e", burst: "#0969da", coolDown: "#bf8700", hostCalls: "#8250df", live: "#57606a",
  nominal: "#dafbe1", fair: "#fff8c5", serious: "#ffd8b5", critical: "#ffcecb" };
const tracks = [["heat", 0], ["bursts", 40], ["slices", 80], ["cool-downs", 120], ["host calls", 160], ["live lanes", 200]];
const left = 90, height = 330;
const spans = [rows.slices, rows.bursts, rows.coolDowns, rows.hostCalls];
const end = Math.max(0.001, ...spans.map((list) => list.reduce((most, [at, seconds]) => Math.max(most, at + seconds), 0)),
  ...rows.heat.map(([at]) => at));
let view = [0, end];
const canvas = document.querySelector("canvas");
const pen = canvas.getContext("2d");
const total = (list) => list.reduce((sum, [, seconds]) => sum + seconds, 0);
document.querySelector("h1").textContent = rows.title;
document.querySelector("#sums").textContent = end.toFixed(2) + " s: " + rows.slices.length + " slices, " + total(rows.slices).toFixed(2)
  + " s on the device, duty " + (100 * total(rows.slices) / end).toFixed(1) + " %; " + rows.bursts.length + " bursts, "
  + total(rows.coolDowns).toFixed(2) + " s of cool-down, " + total(rows.hostCalls).toFixed(2) + " s of host calls.";
function draw() {
  const width = canvas.clientWidth, ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  pen.font = "12px system-ui, sans-serif";
  const x = (at) => left + (at - view[0]) / (view[1] - view[0]) * (width - left - 8);
  const bar = (at, seconds, y, tall, colour) => {
    const from = Math.max(x(at), left), to = Math.min(x(at + seconds), width - 8);
    if (to < left || from > width - 8) return;
    pen.fillStyle = colour;
    pen.fillRect(from, y, Math.max(to - from, 0.5), tall);
  };
  pen.fillStyle = "#eaeef2";
  const step = roundStep((view[1] - view[0]) / 6), ticks = [];
  for (let at = Math.ceil(view[0] / step) * step; at <= view[1] + step / 1e6; at += step) ticks.push(at);
  for (const at of ticks) pen.fillRect(x(at), 0, 1, 300);
  const heat = rows.heat.filter(([, state], index) => state !== rows.heat[index - 1]?.[1]);
  heat.forEach(([at, state], index) => {
    bar(at, (heat[index + 1]?.[0] ?? end) - at, 4, 24, colours[state]);
    pen.fillStyle = "#1f2328";
    if (x(at) < width - 60) pen.fillText(state, Math.max(x(at), left) + 6, 20);
  });
  for (const [at, seconds] of rows.bursts) bar(at, seconds, 44, 24, colours.burst);
  for (const [at, seconds] of rows.slices) bar(at, seconds, 84, 24, colours.slice);
  for (const [at, seconds] of rows.coolDowns) bar(at, seconds, 124, 24, colours.coolDown);
  for (const [at, seconds] of rows.hostCalls) bar(at, seconds, 164, 24, colours.hostCalls);
  const most = rows.slices.reduce((most, row) => Math.max(most, row[3]), 1);
  for (const [at, seconds, , live] of rows.slices) bar(at, seconds, 300 - 96 * live / most, 96 * live / most, colours.live);
  pen.fillStyle = "#1f2328";
  for (const [name, y] of tracks) pen.fillText(name, 0, y + 20);
  pen.fillText("(of " + most + ")", 0, 236);
  pen.fillRect(left, 300, width - left - 8, 1);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  for (const at of ticks) {
    pen.textAlign = x(at) > width - 40 ? "right" : "center";
    pen.fillText(at.toFixed(digits) + " s", x(at), 322);
  }
  pen.textAlign = "left";
}
// 1, 2 or 5 times a power of ten.
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}
const timeAt = (event) => view[0] + (event.offsetX - left) / (canvas.clientWidth - left - 8) * (view[1] - view[0]);
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const at = timeAt(event), factor = event.deltaY > 0 ? 1.25 : 0.8;
  view = [Math.max(0, at - (at - view[0]) * factor), Math.min(end, at + (view[1] - at) * factor)];
  draw();
}, { passive: false });
canvas.addEventListener("mousemove", (event) => {
  const at = timeAt(event);
  if (event.buttons === 1) {
    const by = -event.movementX / (canvas.clientWidth - left - 8) * (view[1] - view[0]);
    if (view[0] + by >= 0 && view[1] + by <= end) view = [view[0] + by, view[1] + by];
    draw();
  }
  const slice = rows.slices.find(([from, seconds]) => from <= at && at < from + seconds);
  const calls = rows.hostCalls.find(([from, seconds]) => from <= at && at < from + seconds);
  document.querySelector("#at").textContent = at.toFixed(4) + " s"
    + (slice ? ": a slice of " + (slice[1] * 1000).toFixed(2) + " ms, " + slice[2] + " lanes of " + slice[3] + " live" : "")
    + (calls ? ": " + calls[2] + " host calls in " + (calls[1] * 1000).toFixed(2) + " ms" : "");
});
canvas.addEventListener("dblclick", () => { view = [0, end]; draw(); });
addEventListener("resize", draw);
draw();
</script>
</html>
`;
