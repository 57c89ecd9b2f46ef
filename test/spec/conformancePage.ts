/** docs/conformance.md: a row for each engine, which a whole run of the suite compares with what it counted. `BLESS=1` writes it. */
import { readFileSync, writeFileSync } from "node:fs";
import type { FileFailures } from "./exceptions.ts";
import type { Verdict } from "./runner.ts";

const page = new URL("../../docs/conformance.md", import.meta.url);

/** Problems of the page as it is, none after a blessing. */
export function checkConformance(engine: string, runs: readonly FileFailures[], blessing: boolean): readonly string[] {
  const text = readFileSync(page, "utf8");
  const row = rowOf(engine, runs);
  const known = text.split("\n").find((line) => line.startsWith(`| ${engine} |`));
  if (known === row) return [];
  if (!blessing)
    return [
      `docs/conformance.md has "${known ?? "no row"}" for ${engine}; this run gives "${row}" (BLESS=1 writes it)`,
    ];
  writeFileSync(page, known === undefined ? `${text.trimEnd()}\n${row}\n` : text.replace(known, row));
  return [];
}

function rowOf(engine: string, runs: readonly FileFailures[]): string {
  const verdicts = runs.flatMap((run) => run.verdicts);
  const count = (status: Verdict["status"]): number => verdicts.filter((verdict) => verdict.status === status).length;
  const counts = [runs.length, verdicts.length, ...(["passed", "failed", "blocked", "skipped"] as const).map(count)];
  return `| ${[engine, ...counts.map((number) => number.toLocaleString("en"))].join(" | ")} |`;
}
