#!/usr/bin/env node
// The command from an installed package or from a clone: the build output where there is one that is not older than the sources,
// else the sources themselves through tsx, which a clone has as a development dependency.
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, "dist", "compiler-ts", "src", "cli.js");
const source = join(root, "compiler-ts", "src", "cli.ts");

if (existsSync(built) && !isStale()) {
  await import(pathToFileURL(built).href);
} else if (existsSync(source)) {
  const { register } = await loader();
  register();
  await import(pathToFileURL(source).href);
} else {
  process.stderr.write("wasmburst: the package is incomplete: neither dist/ nor compiler-ts/src/ is there\n");
  process.exitCode = 70;
}

function isStale() {
  const builtAt = statSync(built).mtimeMs;
  return ["compiler-ts/src", "protocol"].some((folder) => newest(join(root, folder)) > builtAt);
}

function newest(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(ts|metal)$/.test(String(name)))
    .reduce((latest, name) => Math.max(latest, statSync(join(folder, String(name))).mtimeMs), 0);
}

async function loader() {
  try {
    return await import("tsx/esm/api");
  } catch {
    process.stderr.write("wasmburst: not built yet: run `npm install && npm run build`\n");
    process.exit(70);
  }
}
