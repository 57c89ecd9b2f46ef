/**
 * `npm run check:cuda`: registers, stack and spills of the golden texts and the examples on NVIDIA GPUs, against the expected text beside this file, so that a change which
 * costs registers is seen in its diff. Needs no GPU, but NVRTC and Swift, and says so where there are none. BLESS=1 writes the text.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { moduleBytes, programs } from "../../bench/programs.ts";
import { compileModule } from "../../compiler-ts/src/compile.ts";
import { profiles } from "../../compiler-ts/src/metadata.ts";
import { wat } from "../support/wat.ts";
import { parseUsage } from "./usage.ts";

const architectures = ["sm_75", "sm_80", "sm_90"] as const;
const expectedFile = new URL("usage.expected.txt", import.meta.url);
const goldenFolder = new URL("../golden/", import.meta.url);
const hostPackage = fileURLToPath(new URL("../../host-swift", import.meta.url));
const scratchPath = fileURLToPath(new URL("../../.cache/cuda-usage", import.meta.url));
// Where `install` puts it; WASMBURST_NVRTC names another.
const installed = fileURLToPath(new URL("../../.cache/nvrtc/nvidia/cu13/lib/libnvrtc.so.13", import.meta.url));
const install = "pip install --target .cache/nvrtc nvidia-cuda-nvrtc==13.0.88";

class Skipped extends Error {}

/** The tool that asks NVRTC as the host does, built if it has to be. */
function usageTool(): (...options: readonly string[]) => string {
  // In a folder of its own and without the host's packages, which it does not need: the host's build stays as it is.
  const build = ["build", "--package-path", hostPackage, "--scratch-path", scratchPath, "--product", "CUDAUsage"];
  const built = spawnSync("swift", build, { encoding: "utf8", env: { ...process.env, WASMBURST_HOST_DEPS: "none" } });
  if (built.error !== undefined) throw new Skipped("there is no Swift on this machine");
  if (built.status !== 0) throw new Error(`swift ${build.join(" ")}:\n${built.stdout}${built.stderr}`);
  const nvrtc = process.env.WASMBURST_NVRTC ?? (existsSync(installed) ? installed : "");
  // NVRTC opens its builtins by name, and pip's folder is on no loader's path.
  const loaderPath = [dirname(nvrtc), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  const env = nvrtc ? { ...process.env, WASMBURST_NVRTC: nvrtc, LD_LIBRARY_PATH: loaderPath } : process.env;
  return (...options) => {
    const run = spawnSync(join(scratchPath, "debug/CUDAUsage"), options, { encoding: "utf8", env });
    if (run.status !== 0) throw new Error(`CUDAUsage ${options.join(" ")}: ${run.error?.message ?? run.stderr}`);
    return run.stdout.trim();
  };
}

interface Input {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly exports?: readonly string[];
}

async function inputs(): Promise<readonly Input[]> {
  const golden = readdirSync(goldenFolder)
    .filter((file) => file.endsWith(".wat"))
    .map((file) => ({ name: `golden ${file}`, bytes: wat(readFileSync(new URL(file, goldenFolder), "utf8"), file) }));
  // fib25 is fib.
  const examples = programs.filter(({ name, example }) => name === example);
  return [
    ...golden,
    ...(await Promise.all(
      examples.map(async (program) => ({
        name: `example ${program.name}`,
        bytes: await moduleBytes(program),
        exports: [program.exportName],
      })),
    )),
  ];
}

/** A line a function, "registers/stack/spills" by architecture. Functions that are no kernels only where they have a frame of their own. */
function linesOf({ name, bytes, exports }: Input, tool: ReturnType<typeof usageTool>, scratch: string): string[] {
  const lines: string[] = [];
  for (const [profile, arithmetic] of [
    [profiles.native, "ieee"],
    [profiles.apple, "ftz"],
  ] as const) {
    const file = join(scratch, "text.metal");
    writeFileSync(file, compileModule(bytes, exports === undefined ? { profile } : { profile, exports }).text);
    const cells = new Map<string, Map<string, string>>();
    for (const architecture of architectures) {
      for (const { name, registers, stack, spills } of parseUsage(tool(architecture, arithmetic, file))) {
        if (registers === undefined && stack + spills === 0) continue;
        const row = cells.get(name) ?? new Map<string, string>();
        cells.set(name, row.set(architecture, `${registers ?? "-"}/${stack}/${spills}`));
      }
    }
    lines.push(`${name}, ${profile.name}`);
    for (const function_ of [...cells.keys()].toSorted()) {
      const columns = architectures.map((architecture) => (cells.get(function_)?.get(architecture) ?? "").padEnd(13));
      lines.push(`  ${function_.padEnd(36)} ${columns.join(" ")}`.trimEnd());
    }
  }
  return lines;
}

async function check(): Promise<void> {
  const tool = usageTool();
  const version = tool("version");
  if (version === "") throw new Skipped(`there is no NVRTC: ${install}`);
  const header = [
    `NVRTC ${version}`,
    "registers of a thread / bytes of stack / bytes of spill stores and loads",
    `${"".padEnd(39)}${architectures.map((name) => name.padEnd(14)).join("")}`.trimEnd(),
  ];
  const blesses = process.env.BLESS === "1";
  const expected = existsSync(expectedFile) ? readFileSync(expectedFile, "utf8").split("\n") : [];
  if (!blesses && expected[0] !== header[0]) {
    throw new Skipped(`the expected text is of ${expected[0] ?? "no version"}, this is ${header[0]}: ${install}`);
  }
  const scratch = mkdtempSync(join(tmpdir(), "wasmburst-cuda-"));
  try {
    const actual = [...header, ...(await inputs()).flatMap((input) => linesOf(input, tool, scratch)), ""];
    if (blesses) {
      writeFileSync(expectedFile, actual.join("\n"));
      console.log(`check:cuda: wrote ${fileURLToPath(expectedFile)}`);
      return;
    }
    if (actual.join("\n") === expected.join("\n")) {
      console.log(`check:cuda: ${actual.length - header.length - 1} lines as expected, NVRTC ${version}`);
      return;
    }
    const actualFile = join(scratch, "usage.txt");
    writeFileSync(actualFile, actual.join("\n"));
    // With the program above each group of lines that differ.
    const options = ["-U0", "--show-function-line=^[a-z]"];
    spawnSync("diff", [...options, fileURLToPath(expectedFile), actualFile], { stdio: ["ignore", 2, 2] });
    console.error("check:cuda: the usage differs; after a review, BLESS=1 accepts it");
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

try {
  await check();
} catch (error) {
  if (!(error instanceof Skipped)) throw error;
  console.log(`skipped: check:cuda: ${error.message}`);
}
