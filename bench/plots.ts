/**
 * SVG plots of what `throughput.ts --json` has printed: how many times as fast the device is as each baseline, by program, and its rate by the number of
 * instances. README.md says how to make them.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { runBench } from "./main.ts";
import { colours, grid, haloed, keptApart, logarithmic, short, svg, text, width } from "./svg.ts";

export interface Baseline {
  readonly label: string;
  readonly ratio: number;
}

export interface Run {
  readonly device: { readonly id: string; readonly name: string };
  readonly rows: readonly {
    readonly program: string;
    readonly instances: number;
    /** Instances a second, by the client's clock and by the device's own. */
    readonly device: number;
    readonly deviceAlone: number;
    readonly baselines: readonly Baseline[];
  }[];
}

const [left, right, lineHeight] = [110, 90, 18];

/** A group of bars for each program, a bar for each baseline; of each program's row with the most instances. */
export function ratios(runs: readonly Run[]): string {
  const compared = runs.flatMap((run) => run.rows).filter(({ baselines }) => baselines.length > 0);
  const byCount = compared.toSorted((a, b) => a.instances - b.instances);
  const largest = new Map(byCount.map((row) => [row.program, row]));
  const rows = [...new Set(compared.map(({ program }) => largest.get(program) as (typeof compared)[number]))];
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
      `<path d="M${place(tick).toFixed(1)} ${top}V${y}" ${grid}/>`,
      text(place(tick), y + 14, short(tick), "middle"),
    );
  }
  const counts = [...new Set(rows.map(({ instances }) => instances))].toSorted((a, b) => a - b);
  const range = [...new Set([counts[0], counts.at(-1)])].map((count) => count?.toLocaleString("en-US")).join(" to ");
  return svg(y + 28, `${nameOf(runs)}, ${range} instances: times as fast as`, parts);
}

/** A line for each program through its numbers of instances. */
export function rates(runs: readonly Run[]): string {
  const rows = runs.flatMap((run) => run.rows);
  const [top, bottom] = [44, 420];
  const counts = [...new Set(rows.map(({ instances }) => instances))].toSorted((a, b) => a - b);
  const [least, most] = [Math.log(counts[0] ?? 1), Math.log(counts.at(-1) ?? 1)];
  const across = (instances: number): number =>
    left + ((Math.log(instances) - least) / (most - least)) * (width - right - left);
  const up = logarithmic(
    rows.map(({ device }) => device),
    bottom,
    top,
  );
  const lines = [...new Set(rows.map((row) => row.program))].map((program, i) => {
    const points = rows.filter((row) => row.program === program).toSorted((a, b) => a.instances - b.instances);
    const places = points.map(({ instances, device }) => [across(instances), up.place(device)] as const);
    const [colour, dashes] = [colours[i % colours.length] ?? colours[0], i < colours.length ? "none" : "5 3"];
    return { program, places, last: places.at(-1) as readonly [number, number], colour, dashes };
  });
  const labels = new Map<string, string>();
  for (const end of new Set(lines.map(({ last }) => last[0]))) {
    const ending = lines.filter(({ last }) => last[0] === end);
    const heights = ending.map(({ last }) => last[1]);
    for (const [i, height] of keptApart(heights, 14, bottom).entries()) {
      const { program, colour } = ending[i] as (typeof lines)[number];
      labels.set(program, haloed(colour, text(end + 6, height + 4, program)));
    }
  }
  const parts = [
    ...counts.map((count) => text(across(count), bottom + 18, count.toLocaleString("en-US"), "middle")),
    ...up.ticks.flatMap((tick) => [
      `<path d="M${left} ${up.place(tick).toFixed(1)}H${width - right}" ${grid}/>`,
      text(left - 8, up.place(tick) + 4, short(tick), "end"),
    ]),
    ...lines.map(({ places, colour, dashes }) => {
      const line = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      return `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes}"/>`;
    }),
    ...labels.values(),
  ];
  return svg(bottom + 36, `${nameOf(runs)}: instances a second by the number of instances`, parts);
}

const nameOf = (runs: readonly Run[]): string => runs[0]?.device.name ?? "";

/** Throws RangeError naming the file. */
export async function readRun(file: string): Promise<Run> {
  const run = await parsed(file);
  if (run.device?.name === undefined || !Array.isArray(run.rows) || run.rows.length === 0)
    throw new RangeError(`${file}: not what throughput.ts --json prints`);
  return { device: run.device, rows: run.rows };
}

async function parsed(file: string): Promise<Partial<Run>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Partial<Run>;
  } catch (error) {
    throw new RangeError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string", default: "." }, prefix: { type: "string", default: "" } },
  });
  if (positionals.length === 0) throw new RangeError("no file: expected what throughput.ts --json has printed");
  const runs = await Promise.all(positionals.map(readRun));
  const rows = runs.flatMap((run) => run.rows);
  await mkdir(values.out, { recursive: true });
  const write = (name: string, picture: string): Promise<void> =>
    writeFile(join(values.out, `${values.prefix}${name}.svg`), picture);
  if (rows.some(({ baselines }) => baselines.length > 0)) await write("ratios", ratios(runs));
  if (new Set(rows.map(({ instances }) => instances)).size > 1) await write("rates", rates(runs));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await runBench("plots", main);
