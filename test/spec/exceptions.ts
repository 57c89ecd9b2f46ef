/**
 * The exact list of what does not pass yet: engine, reason, file, lines. A run fails when a listed command passes and
 * when one that is not listed fails, so the list can only tell the truth. `BLESS=1` rewrites it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Verdict } from "./runner.ts";

const path = new URL("./exceptions.json", import.meta.url);

/** reason → file → lines */
type ByReason = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

export interface FileFailures {
  readonly file: string;
  readonly verdicts: readonly Verdict[];
}

export class Exceptions {
  private readonly list: ByReason;

  constructor(list: ByReason) {
    this.list = list;
  }

  static of(engine: string): Exceptions {
    return new Exceptions(readLists()[engine] ?? {});
  }

  /** What differs between the list and a run of `file`, one sentence each. Blocked commands have no entry of their own. */
  differences(file: string, verdicts: readonly Verdict[]): string[] {
    const failures = verdicts.filter((verdict) => verdict.status === "failed");
    const isListed = (line: number, reason: string) => this.list[reason]?.[file]?.includes(line) === true;
    const unlisted = failures
      .filter(({ line, reason }) => !isListed(line, reason ?? ""))
      .map(({ line, command, reason, detail }) => `${file}:${line} ${command} failed: ${reason} (${detail})`);
    const stale = Object.entries(this.list).flatMap(([reason, files]) =>
      (files[file] ?? [])
        .filter((line) => !failures.some((verdict) => verdict.line === line && verdict.reason === reason))
        .map((line) => `${file}:${line} is listed for "${reason}", but did not fail so`),
    );
    return [...unlisted, ...stale];
  }
}

/** Replaces the list of one engine; for a partial run, of the files that ran only. */
export function bless(engine: string, runs: readonly FileFailures[]): void {
  const lists = readLists();
  const ran = new Set(runs.map((run) => run.file));
  const entries: { readonly reason: string; readonly file: string; readonly line: number }[] = [];
  for (const [reason, files] of Object.entries(lists[engine] ?? {})) {
    for (const [file, lines] of Object.entries(files)) {
      if (!ran.has(file)) for (const line of lines) entries.push({ reason, file, line });
    }
  }
  for (const { file, verdicts } of runs) {
    for (const { status, reason, line } of verdicts) {
      if (status === "failed" && reason !== undefined) entries.push({ reason, file, line });
    }
  }
  writeFileSync(path, format({ ...lists, [engine]: group(entries) }));
}

function group(entries: readonly { reason: string; file: string; line: number }[]): ByReason {
  const byReason: Record<string, Record<string, number[]>> = {};
  const ordered = [...entries].sort(
    (a, b) => compare(a.reason, b.reason) || compare(a.file, b.file) || a.line - b.line,
  );
  for (const { reason, file, line } of ordered) {
    byReason[reason] ??= {};
    byReason[reason][file] ??= [];
    const lines = byReason[reason][file];
    if (!lines.includes(line)) lines.push(line);
  }
  return byReason;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readLists(): Record<string, ByReason> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, ByReason>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** One line a file, so that a change of the list reads well in a diff. */
function format(lists: Readonly<Record<string, ByReason>>): string {
  const object = (entries: readonly string[], indent: string) =>
    entries.length === 0 ? "{}" : `{\n${entries.map((entry) => `${indent}  ${entry}`).join(",\n")}\n${indent}}`;
  const engines = Object.entries(lists).sort(([a], [b]) => compare(a, b));
  const text = engines.map(([engine, reasons]) => {
    const byReason = Object.entries(reasons).map(([reason, files]) => {
      const byFile = Object.entries(files).map(([file, lines]) => `${JSON.stringify(file)}: [${lines.join(", ")}]`);
      return `${JSON.stringify(reason)}: ${object(byFile, "    ")}`;
    });
    return `${JSON.stringify(engine)}: ${object(byReason, "  ")}`;
  });
  return `${object(text, "")}\n`;
}
