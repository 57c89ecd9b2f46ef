/** Which host binary to run. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HostError } from "../errors.ts";

export const hostBinaryName = "wasmburst-host";

/** Optional package that carries the binary for this platform, for example `@wasmburst/host-darwin-arm64`. */
export const hostPackageName = `@wasmburst/host-${process.platform}-${process.arch}`;

export interface LocateOptions {
  /** Takes precedence over everything else. */
  readonly path?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** Directory of the package `wasmburst`, whose host-swift/ may hold a local build. */
  readonly packageRoot?: string;
}

/** In order: `path`, the variable WASMBURST_HOST, the installed platform package, a local build. Throws HostError `hostNotFound`. */
export function locateHost(options: LocateOptions = {}): string {
  const environment = options.environment ?? process.env;
  if (options.path !== undefined) return executable(options.path, "the given host path");
  const fromEnvironment = environment.WASMBURST_HOST;
  if (fromEnvironment !== undefined && fromEnvironment !== "") return executable(fromEnvironment, "WASMBURST_HOST");

  const root = options.packageRoot ?? findPackageRoot();
  const candidates = [
    installedHost(),
    ...["release", "debug"].map((build) => join(root, "host-swift", ".build", build, hostBinaryName)),
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined) return executable(found, "the host");
  throw new HostError(
    "hostNotFound",
    `no host found: WASMBURST_HOST is not set, the package ${hostPackageName} is not installed, and there is no local build ` +
      `(swift build -c release --package-path ${join(root, "host-swift")})`,
  );
}

function executable(path: string, what: string): string {
  try {
    if (!statSync(path).isFile()) throw new Error("not a file");
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new HostError("hostNotFound", `${what} is not an executable file: ${path}`);
  }
}

function installedHost(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${hostPackageName}/${hostBinaryName}`);
  } catch {
    return undefined;
  }
}

/** The nearest directory upwards with a package.json: sources and build output lie at different depths below it. */
export function findPackageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) {
    const parent = dirname(directory);
    if (parent === directory) return directory;
    directory = parent;
  }
  return directory;
}
