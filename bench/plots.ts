/**
 * SVG plots of what `throughput.ts --json` has printed: how many times as fast the device is as each baseline, by program, and its rate by the number of
 * instances. README.md says how to make them. Two plain charts on logarithmic scales, for which a library of charts would bring sixty packages.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runBench } from "./main.ts";

export interface Baseline {
  readonly label: string;
  readonly ratio: number;
}

export interface Run {
  readonly device: { readonly id: string; readonly name: string };
  readonly rows: readonly {
    readonly program: string;
    readonly instances: number;
    readonly device: number;
    readonly baselines: readonly Baseline[];
  }[];
}

const colours = ["#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2", "#65a30d", "#dc2626"];
const [width, left, right, lineHeight] = [760, 110, 90, 18];

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end" = "start"): string {
  const escaped = content.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped}</text>`;
}

function svg(height: number, title: string, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#374151">`;
  return `${[open, `<rect width="${width}" height="${height}" fill="#ffffff"/>`, text(16, 22, title), ...parts, "</svg>"].join("\n")}\n`;
}

/** From whole powers of ten around the values to pixels. */
function logarithmic(values: readonly number[], from: number, to: number) {
  const least = Math.floor(Math.log10(Math.min(...values)));
  const most = Math.max(Math.ceil(Math.log10(Math.max(...values))), least + 1);
  const place = (value: number): number => from + ((Math.log10(value) - least) / (most - least)) * (to - from);
  const ticks = Array.from({ length: most - least + 1 }, (_, step) => 10 ** (least + step));
  return { place, ticks };
}

const short = (value: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 }).format(value);

/** A group of bars for each program, a bar for each baseline. */
export function ratios({ device, rows }: Run): string {
  const labels = [...new Set(rows.flatMap(({ baselines }) => baselines.map(({ label }) => label)))];
  const bars = rows.flatMap(({ program, baselines }) => baselines.map((baseline) => ({ program, ...baseline })));
  const { place, ticks } = logarithmic([1, ...bars.map(({ ratio }) => ratio)], left, width - right);
  const top = 40 + labels.length * lineHeight;
  const parts = labels.flatMap((label, i) => [
    `<rect x="16" y="${32 + i * lineHeight}" width="12" height="12" fill="${colours[i % colours.length]}"/>`,
    text(34, 42 + i * lineHeight, label),
  ]);
  let y = top;
  for (const { program, baselines } of rows) {
    parts.push(text(left - 8, y + (baselines.length * lineHeight) / 2 + 4, program, "end"));
    for (const { label, ratio } of baselines) {
      const [start, end] = [place(1), place(ratio)].toSorted((a, b) => a - b) as [number, number];
      const colour = colours[labels.indexOf(label) % colours.length];
      parts.push(
        `<rect x="${start.toFixed(1)}" y="${y + 2}" width="${(end - start).toFixed(1)}" height="${lineHeight - 4}" fill="${colour}"/>`,
        text(end + 4, y + 13, `${short(ratio)}x`),
      );
      y += lineHeight;
    }
    y += 8;
  }
  for (const tick of ticks) {
    parts.push(
      `<path d="M${place(tick).toFixed(1)} ${top}V${y}" stroke="#9ca3af" stroke-opacity="0.5"/>`,
      text(place(tick), y + 14, short(tick), "middle"),
    );
  }
  const count = (rows[0]?.instances ?? 0).toLocaleString("en-US");
  return svg(y + 28, `${device.name}, ${count} instances: times as fast as`, parts);
}

/** A line for each program through the runs' numbers of instances. */
export function rates(runs: readonly Run[]): string {
  const rows = runs.flatMap((run) => run.rows);
  const [top, bottom] = [44, 420];
  const across = logarithmic(
    rows.map(({ instances }) => instances),
    left,
    width - right,
  );
  const up = logarithmic(
    rows.map(({ device }) => device),
    bottom,
    top,
  );
  const parts = [
    ...across.ticks.map((tick) => text(across.place(tick), bottom + 18, short(tick), "middle")),
    ...up.ticks.flatMap((tick) => [
      `<path d="M${left} ${up.place(tick).toFixed(1)}H${width - right}" stroke="#9ca3af" stroke-opacity="0.5"/>`,
      text(left - 8, up.place(tick) + 4, short(tick), "end"),
    ]),
  ];
  for (const [i, program] of [...new Set(rows.map((row) => row.program))].entries()) {
    const points = rows.filter((row) => row.program === program).toSorted((a, b) => a.instances - b.instances);
    const places = points.map(({ instances, device }) => [across.place(instances), up.place(device)] as const);
    const colour = colours[i % colours.length];
    const line = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    const [x, y] = places[places.length - 1] as readonly [number, number];
    parts.push(
      `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<g fill="${colour}">${text(x + 6, y + 4, program)}</g>`,
    );
  }
  return svg(bottom + 36, `${runs[0]?.device.name}: instances a second by the number of instances`, parts);
}

/** Throws RangeError naming the file. */
async function readRun(file: string): Promise<Run> {
  const run = JSON.parse(await readFile(file, "utf8")) as Partial<Run>;
  if (run.device === undefined || run.rows === undefined || run.rows.length === 0)
    throw new RangeError(`${file}: not what throughput.ts --json prints`);
  return { device: run.device, rows: run.rows };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string", default: "." } },
  });
  if (positionals.length === 0) throw new RangeError("no file: expected what throughput.ts --json has printed");
  const runs = await Promise.all(positionals.map(readRun));
  const instancesOf = (run: Run): number => run.rows[0]?.instances ?? 0;
  const [largest] = runs.toSorted((a, b) => instancesOf(b) - instancesOf(a)) as [Run];
  await mkdir(values.out, { recursive: true });
  await writeFile(join(values.out, "ratios.svg"), ratios(largest));
  if (new Set(runs.map(instancesOf)).size > 1) await writeFile(join(values.out, "rates.svg"), rates(runs));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await runBench("plots", main);
