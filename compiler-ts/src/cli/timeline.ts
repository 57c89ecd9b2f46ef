/** `--timeline`: one page with everything in it, which draws what each device did over time. */
import type { TimelineEvent } from "../api/timeline.ts";

/** As rows of numbers: a long run has many thousand slices. */
interface DeviceRows {
  readonly name: string;
  /** At, seconds, lanes, live. */
  readonly slices: readonly (readonly [number, number, number, number])[];
  /** At, seconds, slices. */
  readonly bursts: readonly (readonly [number, number, number])[];
  readonly coolDowns: readonly (readonly [number, number])[];
  readonly hostCalls: readonly (readonly [number, number, number])[];
  /** At, state. */
  readonly heat: readonly (readonly [number, string])[];
}

/** Of a device's tracks, and of the axis below them all. */
const groupHeight = 300;
const axisHeight = 30;

export function timelinePage(title: string, events: readonly TimelineEvent[]): string {
  const begin = events.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const names = [...new Set(events.map(({ device }) => device))].sort();
  // Without events there is one device that did nothing.
  const devices = (names.length === 0 ? [""] : names).map((name) =>
    rowsOf(
      name,
      events.filter(({ device }) => device === name),
      begin,
    ),
  );
  const height = groupHeight * devices.length + axisHeight;
  return (
    page
      .replaceAll("HEIGHT", String(height))
      .replaceAll("GROUP", String(groupHeight))
      // "<" must not end the script early, whatever a title holds.
      .replace("ROWS", () => JSON.stringify({ title, devices }).replaceAll("<", "\\u003c"))
  );
}

function rowsOf(name: string, events: readonly TimelineEvent[], begin: number): DeviceRows {
  const at = (event: TimelineEvent) => rounded(event.at - begin);
  return {
    name,
    slices: events.flatMap((e) => (e.kind === "slice" ? [[at(e), rounded(e.seconds), e.lanes, e.live] as const] : [])),
    bursts: events.flatMap((e) => (e.kind === "burst" ? [[at(e), rounded(e.seconds), e.slices] as const] : [])),
    coolDowns: events.flatMap((e) => (e.kind === "coolDown" ? [[at(e), rounded(e.seconds)] as const] : [])),
    hostCalls: events.flatMap((e) => (e.kind === "hostCalls" ? [[at(e), rounded(e.seconds), e.calls] as const] : [])),
    heat: events.flatMap((e) => (e.kind === "thermal" ? [[at(e), e.thermal.state] as const] : [])),
  };
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
  canvas { width: 100%; height: HEIGHTpx; display: block; cursor: crosshair; }
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
const left = 90, height = HEIGHT, group = GROUP, several = rows.devices.length > 1;
const all = (kind) => rows.devices.flatMap((device) => device[kind]);
const spans = [all("slices"), all("bursts"), all("coolDowns"), all("hostCalls")];
const end = Math.max(0.001, ...spans.map((list) => list.reduce((most, [at, seconds]) => Math.max(most, at + seconds), 0)),
  ...all("heat").map(([at]) => at));
let view = [0, end];
const canvas = document.querySelector("canvas");
const pen = canvas.getContext("2d");
const total = (list) => list.reduce((sum, [, seconds]) => sum + seconds, 0);
document.querySelector("h1").textContent = rows.title;
document.querySelector("#sums").textContent = end.toFixed(2) + " s: " + spans[0].length + " slices, " + total(spans[0]).toFixed(2)
  + " s on " + (several ? rows.devices.length + " devices" : "the device") + ", duty "
  + (100 * total(spans[0]) / end / rows.devices.length).toFixed(1) + " %; " + spans[1].length + " bursts, "
  + total(spans[2]).toFixed(2) + " s of cool-down, " + total(spans[3]).toFixed(2) + " s of host calls.";
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
  for (const at of ticks) pen.fillRect(x(at), 0, 1, height - 30);
  rows.devices.forEach((device, index) => drawDevice(device, index * group, x, bar, width));
  pen.fillStyle = "#1f2328";
  pen.fillRect(left, height - 30, width - left - 8, 1);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  for (const at of ticks) {
    pen.textAlign = x(at) > width - 40 ? "right" : "center";
    pen.fillText(at.toFixed(digits) + " s", x(at), height - 8);
  }
  pen.textAlign = "left";
}
function drawDevice(rows, top, x, bar, width) {
  const heat = rows.heat.filter(([, state], index) => state !== rows.heat[index - 1]?.[1]);
  heat.forEach(([at, state], index) => {
    bar(at, (heat[index + 1]?.[0] ?? end) - at, top + 4, 24, colours[state]);
    pen.fillStyle = "#1f2328";
    if (x(at) < width - 60) pen.fillText(state, Math.max(x(at), left) + 6, top + 20);
  });
  for (const [at, seconds] of rows.bursts) bar(at, seconds, top + 44, 24, colours.burst);
  for (const [at, seconds] of rows.slices) bar(at, seconds, top + 84, 24, colours.slice);
  for (const [at, seconds] of rows.coolDowns) bar(at, seconds, top + 124, 24, colours.coolDown);
  for (const [at, seconds] of rows.hostCalls) bar(at, seconds, top + 164, 24, colours.hostCalls);
  const most = rows.slices.reduce((most, row) => Math.max(most, row[3]), 1);
  for (const [at, seconds, , live] of rows.slices) bar(at, seconds, top + group - 96 * live / most, 96 * live / most, colours.live);
  pen.fillStyle = "#1f2328";
  for (const [name, y] of tracks) pen.fillText(name, 0, top + y + 20);
  pen.fillText("(of " + most + ")", 0, top + 236);
  if (several) pen.fillText(rows.name, 0, top + 276);
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
  const device = rows.devices[Math.min(Math.floor(event.offsetY / group), rows.devices.length - 1)];
  const slice = device.slices.find(([from, seconds]) => from <= at && at < from + seconds);
  const calls = device.hostCalls.find(([from, seconds]) => from <= at && at < from + seconds);
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
