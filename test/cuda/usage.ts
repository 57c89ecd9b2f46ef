/** What ptxas reports of a text's functions (`--ptxas-options=-v`). */

export interface Usage {
  /** Name in the MSL text. */
  readonly name: string;
  /** Of a kernel alone: other functions use their callers'. */
  readonly registers: number | undefined;
  /** Bytes in local memory: the function's own frame, and those of what it calls where ptxas adds them up. */
  readonly stack: number;
  /** Bytes of spill stores and loads, as instructions in the code. */
  readonly spills: number;
}

const entryPrefix = "wasmburst_grid_";

/** By name. @throws Error for a report that names a function and not its usage: another version of ptxas says it in other words. */
export function parseUsage(report: string): readonly Usage[] {
  const sections = report.split(/Function properties for /).slice(1);
  const found = sections.map((section): Usage => {
    const symbol = section.slice(0, section.search(/\s/));
    const frame = /(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads/.exec(section);
    const registers = /Used (\d+) registers/.exec(section)?.[1];
    const isKernel = symbol.startsWith(entryPrefix);
    if (frame === null || isKernel !== (registers !== undefined))
      throw new Error(`cannot read ptxas's report of ${symbol}: ${section}`);
    const cumulative = /(\d+) bytes cumulative stack size/.exec(section)?.[1];
    const [, own, stores, loads] = frame.map(Number);
    return {
      name: isKernel ? symbol.slice(entryPrefix.length) : sourceName(symbol),
      registers: registers === undefined ? undefined : Number(registers),
      stack: Math.max(own ?? 0, Number(cumulative ?? 0)),
      spills: (stores ?? 0) + (loads ?? 0),
    };
  });
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The function's own part of a C++ symbol: what stands in namespace `metal`. */
function sourceName(symbol: string): string {
  const nested = /5metal(\d+)(\w+)/.exec(symbol);
  return nested?.[2]?.slice(0, Number(nested[1])) ?? symbol;
}
