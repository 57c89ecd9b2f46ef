/** What the plots share: text, axes on logarithmic scales, labels that keep apart. Plain SVG, for which a library of charts would bring sixty packages. */

export const colours = [
  "#2563eb",
  "#d97706",
  "#059669",
  "#db2777",
  "#7c3aed",
  "#0891b2",
  "#65a30d",
  "#dc2626",
] as const;
export const grid = `stroke="#9ca3af" stroke-opacity="0.5"`;
export const width = 760;

/** Content is escaped. */
export function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end" = "start"): string {
  const escaped = content.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped}</text>`;
}

/** Text that lines may cross. Twice, since not every viewer knows paint-order. */
export const haloed = (colour: string, label: string): string =>
  `<g stroke="#ffffff" stroke-width="3">${label}</g><g fill="${colour}">${label}</g>`;

export function svg(height: number, title: string, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#374151">`;
  return `${[open, `<rect width="${width}" height="${height}" fill="#ffffff"/>`, text(16, 22, title), ...parts, "</svg>"].join("\n")}\n`;
}

export interface Scale {
  readonly place: (value: number) => number;
  /** Whole powers of ten. */
  readonly ticks: readonly number[];
}

/** From whole powers of ten around the values, all above 0, to pixels. */
export function logarithmic(values: readonly number[], from: number, to: number): Scale {
  const least = Math.floor(Math.log10(Math.min(...values)));
  const most = Math.max(Math.ceil(Math.log10(Math.max(...values))), least + 1);
  const place = (value: number): number => from + ((Math.log10(value) - least) / (most - least)) * (to - from);
  const ticks = Array.from({ length: most - least + 1 }, (_, step) => 10 ** (least + step));
  return { place, ticks };
}

export const short = (value: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 }).format(value);

/** Positions in the same order, moved down no further than it takes for `gap` between neighbours, and up where they would pass `end`. */
export function keptApart(positions: readonly number[], gap: number, end: number): number[] {
  const placed = [...positions];
  const order = placed.map((_, index) => index).toSorted((a, b) => (placed[a] ?? 0) - (placed[b] ?? 0));
  let least = -Infinity;
  for (const index of order) {
    least = Math.max(placed[index] ?? 0, least + gap);
    placed[index] = least;
  }
  let most = end;
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index] ?? 0, most);
    most = (placed[index] ?? 0) - gap;
  }
  return placed;
}
