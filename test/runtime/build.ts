/** Compiles the numeric runtime of a profile, with the program that checks it, for this machine. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Profile } from "../../compiler-ts/src/metadata.ts";
import { numericFiles } from "../../compiler-ts/src/msl/runtimeFiles.ts";
import { type NumericType, type Operation, operations } from "./operations.ts";

const here = dirname(fileURLToPath(import.meta.url));

export const runtimeFolder = join(here, "../../compiler-ts/src/msl/runtime");

const shim = join(here, "../../host-swift/Sources/Metal/CPU/Shim");

/** As the host's cpu device compiles: behind its shim, no contraction, no fast math. */
const runtimeFlags = [
  ...["-x", "c++", "-std=c++14", "-O2", process.arch === "arm64" ? "-mcpu=native" : "-march=native", "-w"],
  ...["-ffp-contract=off", "-fno-math-errno", "-nostdinc", "-nostdinc++"],
  ...["-isystem", shim, "-include", join(shim, "metal_keywords")],
];

const head = "#include <metal_stdlib>\nusing namespace metal;\n";

export function runtimeText(profile: Profile): string {
  return numericFiles(profile)
    .map((file) => readFileSync(join(runtimeFolder, file), "utf8"))
    .join("\n");
}

/** As the host looks for it: `WASMBURST_CLANG`, else beside a Swift toolchain, else on `PATH`. */
function compiler(): string {
  const named = process.env.WASMBURST_CLANG;
  if (named !== undefined && named !== "") return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const toolchains = folders
    .map((folder) => join(folder, "swift"))
    .filter((swift) => existsSync(swift))
    .map((swift) => dirname(realpathSync(swift)));
  for (const folder of [...toolchains, ...folders]) {
    if (existsSync(join(folder, "clang++"))) return join(folder, "clang++");
  }
  throw new Error("no clang++ beside a Swift toolchain or on PATH, and WASMBURST_CLANG is not set");
}

function run(...arguments_: string[]): void {
  execFileSync(compiler(), arguments_, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function fromWord(type: NumericType, word: string): string {
  return type === "i32" || type === "f32" ? `uint(${word})` : word;
}

/** Scalar, because a kernel runs one instance a thread: rates are for that. */
function batch(name: string, value: string): string {
  return `extern "C" void batch_${name}(const ulong* as, const ulong* bs, ulong* results, ulong count) {
  _Pragma("clang loop vectorize(disable) interleave(disable)")
  for (ulong i = 0; i < count; i++) {
    ulong a = as[i];
    ulong b = bs[i];
    results[i] = ${value};
  }
}
`;
}

function operationBatch({ name, operands }: Operation): string {
  const values = operands.map((type, index) => fromWord(type, index === 0 ? "a" : "b"));
  return batch(name, `ulong(wb_${name}(${values.join(", ")}))`);
}

function operationLine({ name, operands, result, reference }: Operation): string {
  const macro = operands.length === 1 ? "UNARY" : "BINARY";
  return `${macro}(${[name, ...operands, result, reference].join(", ")})\n`;
}

/** Throws with the compiler's message where the runtime's text does not compile. */
export async function checkSyntax(profile: Profile, folder: string): Promise<void> {
  const source = join(folder, `${profile.name}.syntax.cpp`);
  await writeFile(source, `${head}${runtimeText(profile)}`);
  run(...runtimeFlags, "-fsyntax-only", "-I", here, source);
}

/** Returns the program's path. Its two halves are compiled apart, so that no reference value is computed under the flush mode. */
export async function buildNumerics(profile: Profile, folder: string): Promise<string> {
  const program = join(folder, profile.name);
  const plain = `#define PLAIN(name, type, expression) ${batch("plain_##name", "ulong(expression)").replaceAll("\n", "\\\n")}
#include "plain.inc"
`;
  const estimates = `extern "C" uint estimate_reciprocal(uint divisor) { return wb_u32_reciprocal(divisor); }
extern "C" uint estimate_reciprocal_root(uint radicand) { return wb_u32_reciprocal_root(radicand); }
`;
  const batches = operations.map(operationBatch).join("");
  await writeFile(join(folder, "operations.inc"), operations.map(operationLine).join(""));
  await writeFile(
    `${program}.cpp`,
    `${head}${runtimeText(profile)}\n${batches}\n${plain}${profile.f64 ? "" : estimates}`,
  );
  run(...runtimeFlags, "-I", here, "-c", `${program}.cpp`, "-o", `${program}.o`);
  const definitions = [`-DFLUSH=${!profile.f32Subnormals}`, `-DSOFTWARE_F64=${profile.f64 ? 0 : 1}`];
  const inputs = [join(here, "numerics.cpp"), `${program}.o`];
  run("-std=c++20", "-O2", "-Wall", ...definitions, "-I", here, "-I", folder, ...inputs, "-o", program);
  return program;
}
