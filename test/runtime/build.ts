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

/** As the host's cpu device compiles: no contraction, no fast math. */
const runtimeFlags = ["-std=c++14", "-O2", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-w"];

export function runtimeText(profile: Profile): string {
  return numericFiles(profile)
    .map((file) => readFileSync(join(runtimeFolder, file), "utf8"))
    .join("\n");
}

/** `WASMBURST_CLANG`, else the clang++ beside a Swift toolchain or on `PATH`; any other C++20 compiler does as well. */
function compiler(): string {
  const named = process.env.WASMBURST_CLANG;
  if (named !== undefined && named !== "") return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const toolchains = folders
    .filter((folder) => existsSync(join(folder, "swift")))
    .map((folder) => dirname(realpathSync(join(folder, "swift"))));
  for (const name of ["clang++", "g++"]) {
    for (const folder of [...toolchains, ...folders]) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error(
    "the numeric runtime's tests need a C++ compiler: no clang++ or g++ on PATH, and WASMBURST_CLANG is not set",
  );
}

function run(...arguments_: string[]): void {
  execFileSync(compiler(), arguments_, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function fromWord(type: NumericType, word: string): string {
  return type === "i32" || type === "f32" ? `uint(${word})` : word;
}

/** Scalar, because a kernel runs one instance a thread: rates are for that. GCC vectorizes such loops only above -O2. */
const scalar = `#ifdef __clang__
#define SCALAR _Pragma("clang loop vectorize(disable) interleave(disable)")
#else
#define SCALAR
#endif
`;

function batch(name: string, value: string): string {
  return `extern "C" void batch_${name}(const ulong* as, const ulong* bs, ulong* results, ulong count) {
  SCALAR for (ulong i = 0; i < count; i++) {
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
  await writeFile(source, `#include "prelude.h"\n${runtimeText(profile)}`);
  run(...runtimeFlags, "-fsyntax-only", "-I", here, source);
}

/** Returns the program's path. Its two halves are compiled apart, so that no reference value is computed under the flush mode. */
export async function buildNumerics(profile: Profile, folder: string): Promise<string> {
  const program = join(folder, profile.name);
  const plain = `#define PLAIN(name, type, expression) ${batch("plain_##name", "ulong(expression)").replaceAll("\n", "\\\n")}
#include "plain.inc"
`;
  const batches = operations.map(operationBatch).join("");
  await writeFile(join(folder, "operations.inc"), operations.map(operationLine).join(""));
  await writeFile(`${program}.cpp`, `#include "prelude.h"\n${runtimeText(profile)}\n${scalar}${batches}\n${plain}`);
  run(...runtimeFlags, "-I", here, "-c", `${program}.cpp`, "-o", `${program}.o`);
  const flush = `-DFLUSH=${profile.f32Subnormals ? "false" : "true"}`;
  run(
    "-std=c++20",
    "-O2",
    "-Wall",
    flush,
    "-I",
    here,
    "-I",
    folder,
    join(here, "numerics.cpp"),
    `${program}.o`,
    "-o",
    program,
  );
  return program;
}
