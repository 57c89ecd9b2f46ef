/** Archives of test data. */
import { spawnSync } from "node:child_process";

const programs: readonly (readonly [string, (archive: string, folder: string) => readonly string[]])[] = [
  ["tar", (archive, folder) => ["-xJf", archive, "-C", folder]],
  // A Debian without its standard packages has no xz for tar, but Python's own.
  ["python3", (archive, folder) => ["-m", "tarfile", "-e", archive, folder]],
];

/** Into a folder that exists. Throws where no program of this machine can. */
export function unpack(archive: string, folder: string): void {
  const problems: string[] = [];
  for (const [program, argumentsFor] of programs) {
    const { status, error, stderr } = spawnSync(program, argumentsFor(archive, folder), { encoding: "utf8" });
    if (status === 0) return;
    problems.push(`${program}: ${error?.message ?? stderr.trim()}`);
  }
  throw new Error(`${archive} cannot be unpacked; tar with xz (xz-utils) or Python 3 does it. ${problems.join("; ")}`);
}
