/** Where the official suite's archive is, and its extraction into a cache. The project holds none of its files. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpack } from "../support/unpack.ts";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
const archiveName = "wasm-spec-2.0.tar.xz";

export type Suite =
  | { readonly found: true; readonly root: string; readonly files: readonly string[] }
  | { readonly found: false; readonly reason: string };

export function locateSuite(): Suite {
  const places = [join(projectRoot, "../shared/data"), process.env.WASMBURST_TEST_DATA].filter(
    (place) => place !== undefined,
  );
  const archive = places.map((place) => join(place, archiveName)).find((path) => existsSync(path));
  if (archive === undefined) {
    const hint = process.env.WASMBURST_TEST_DATA === undefined ? "; set WASMBURST_TEST_DATA to its folder" : "";
    return { found: false, reason: `the official test suite (${archiveName}) is not in ${places.join(" or ")}${hint}` };
  }
  const root = extract(archive);
  const files = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, `${entry.name}.json`)))
    .map((entry) => entry.name)
    .sort();
  return { found: true, root, files };
}

/** Returns the folder with the suite's files. Another process may extract at the same time: the rename decides. */
function extract(archive: string): string {
  const { size, mtimeMs } = statSync(archive);
  const target = join(projectRoot, "node_modules/.cache/wasmburst", `spec-2.0-${size}-${Math.floor(mtimeMs)}`);
  if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    const temporary = mkdtempSync(`${target}-`);
    try {
      unpack(archive, temporary);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  return join(target, archiveName.replace(".tar.xz", ""));
}
