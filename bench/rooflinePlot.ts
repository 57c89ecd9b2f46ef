/** A roofline: operations a second over operations for each byte of linear memory, under the device's peaks and its memory's bandwidth. */
import type { Achieved } from "./roofline.ts";
import type { Roof } from "./roofs.ts";
import { colours, grid, haloed, keptApart, logarithmic, type Scale, short, svg, text } from "./svg.ts";

const [left, right, top, bottom] = [70, 480, 62, 460];
/** Where programs stand that touch no memory. */
const aside = 600;
/** Fewer of a program's operations than this share are not drawn. */
const negligible = 0.01;

const kinds = [
  {
    kind: "integer",
    colour: colours[0],
    mark: (x: number, y: number) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4.5"/>`,
  },
  {
    kind: "float",
    colour: colours[1],
    mark: (x: number, y: number) => `<rect x="${(x - 4).toFixed(1)}" y="${(y - 4).toFixed(1)}" width="8" height="8"/>`,
  },
] as const;

const giga = (value: number): string => short(value).replace("B", "G");

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Room for a point's label beside it, on the first side where it covers nothing. */
function beside(x: number, y: number, content: string, taken: readonly Box[]): Box {
  const size = { width: content.length * 7, height: 13 };
  const sides = [0, -11, 11, -24, 24].flatMap((shift) =>
    [x + 8, x - 8 - size.width].map((start) => ({ x: start, y: y - 7 + shift, ...size })),
  );
  const free = sides.find(
    (side) => side.x > left && side.x + side.width < right && !taken.some((box) => overlap(side, box)),
  );
  return free ?? { x: x + 8, y: y - 7, ...size };
}

interface Point {
  readonly program: string;
  readonly colour: string;
  readonly mark: string;
  readonly x: number;
  readonly y: number;
}

/** Those that touch memory have their labels beside them, the others in a column. */
function marks(points: readonly Point[]): string[] {
  const taken: Box[] = points.map(({ x, y }) => ({ x: x - 5, y: y - 5, width: 10, height: 10 }));
  const column = points.filter(({ x }) => x === aside);
  const heights = keptApart(
    column.map(({ y }) => y),
    14,
    bottom,
  );
  return points.flatMap((point) => {
    const { program, colour, mark, x, y } = point;
    const labelled = (labelX: number, labelY: number): string[] => [
      `<g fill="${colour}">${mark}</g>`,
      haloed(colour, text(labelX, labelY, program)),
    ];
    if (x === aside) {
      const height = heights[column.indexOf(point)] ?? y;
      const leader = `<path d="M${x} ${y.toFixed(1)}L${x + 14} ${height.toFixed(1)}" stroke="${colour}"/>`;
      return [leader, ...labelled(x + 17, height + 4)];
    }
    const room = beside(x, y, program, taken);
    taken.push(room);
    return labelled(room.x, room.y + 11);
  });
}

/** The memory's slope, and a line for each peak from the slope on. */
function roofLines({ bandwidth, peaks }: Roof, across: Scale, up: Scale): string[] {
  const stroke = `stroke="#374151" stroke-width="1.5" fill="none"`;
  const [leastX = 1, leastY = 1] = [across.ticks[0], up.ticks[0]];
  const start = Math.max(leastX, leastY / bandwidth);
  const end = Math.max(...Object.values(peaks)) / bandwidth;
  const line = (x1: number, y1: number, x2: number, y2: number): string =>
    `<path d="M${across.place(x1).toFixed(1)} ${up.place(y1).toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" ${stroke}/>`;
  const typesOf = (level: number): string =>
    Object.entries(peaks)
      .filter(([, peak]) => peak === level)
      .map(([type]) => type)
      .join(", ");
  return [
    line(start, start * bandwidth, across.place(end), up.place(end * bandwidth)),
    text(across.place(start) + 14, up.place(start * bandwidth) + 4, `memory: ${giga(bandwidth)}B/s`),
    ...[...new Set(Object.values(peaks))].flatMap((peak) => [
      line(peak / bandwidth, peak, aside + 10, up.place(peak)),
      haloed("#374151", text(aside - 12, up.place(peak) - 4, `${typesOf(peak)}: ${giga(peak)}/s`, "end")),
    ]),
  ];
}

/** Where `roof` is not known, points alone. */
export function rooflinePlot(device: string, rows: readonly Achieved[], roof: Roof | undefined): string {
  const drawn = rows.flatMap((row) =>
    kinds
      .filter(({ kind }) => row[kind] > negligible * (row.integer + row.float))
      .map((kind) => ({ ...kind, program: row.program, rate: row[kind.kind], intensity: row[kind.kind] / row.bytes })),
  );
  const intensities = drawn.map(({ intensity }) => intensity).filter(Number.isFinite);
  const peaks = Object.values(roof?.peaks ?? {});
  // The slope is to be seen up to its end, on the highest peak.
  const ridges = peaks.map((peak) => peak / (roof?.bandwidth ?? peak));
  const across = logarithmic([1, ...intensities, ...ridges], left, right);
  const up = logarithmic([...drawn.map(({ rate }) => rate), ...peaks], bottom, top);
  const points = drawn.map(({ program, colour, mark, rate, intensity }) => {
    const [x, y] = [Number.isFinite(intensity) ? across.place(intensity) : aside, up.place(rate)];
    return { program, colour, mark: mark(x, y), x, y };
  });
  return svg(bottom + 50, `${device}: operations a second`, [
    ...kinds.flatMap(({ kind, colour, mark }, i) => [
      `<g fill="${colour}">${mark(22 + i * 90, 42)}</g>`,
      text(32 + i * 90, 46, kind),
    ]),
    ...up.ticks.flatMap((tick) => [
      `<path d="M${left} ${up.place(tick).toFixed(1)}H${aside + 10}" ${grid}/>`,
      text(left - 8, up.place(tick) + 4, giga(tick), "end"),
    ]),
    ...across.ticks.flatMap((tick) => [
      `<path d="M${across.place(tick).toFixed(1)} ${top}V${bottom}" ${grid}/>`,
      text(across.place(tick), bottom + 18, tick.toLocaleString("en-US"), "middle"),
    ]),
    text((left + right) / 2, bottom + 38, "operations for each byte loaded or stored", "middle"),
    text(aside, bottom + 18, "no memory", "middle"),
    ...(roof === undefined ? [] : roofLines(roof, across, up)),
    ...marks(points),
  ]);
}
