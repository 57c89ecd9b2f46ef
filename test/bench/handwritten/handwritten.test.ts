import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBaselines, stopAll } from "../../../bench/baselines.ts";
import { moduleBytes, programs } from "../../../bench/programs.ts";
import { WasmBurst } from "../../../compiler-ts/src/index.ts";

const bench = fileURLToPath(new URL("../../../bench", import.meta.url));
// Where test/cuda/check.ts has it.
const installed = fileURLToPath(new URL("../../../.cache/nvrtc/nvidia/cu13/lib/libnvrtc.so.13", import.meta.url));
const nvrtc = process.env.WASMBURST_NVRTC ?? installed;
/** What the benches do not ask for: nothing to do, one, and lengths that are no whole words. */
const edgesOf: Record<string, readonly (readonly number[])[]> = {
  lz4: [0, 1, 12, 13, 31, 1001, 30_007].map((length, seed) => [seed, length]),
  xxhash: [
    [7, 0, 3],
    [7, 4, 3],
    [7, 36, 1],
    [7, 60, 2],
    [7, 64, 0],
  ],
  jsontree: [0, 1, 2, 106].map((records, seed) => [seed, records]),
  quicksort: [0, 1, 2, 16, 17, 18, 1001].map((count, seed) => [seed, count]),
  loop: [
    [5, 0],
    [5, 1],
  ],
};
const hasCompilers =
  process.platform === "linux" &&
  spawnSync("cc", ["--version"]).status === 0 &&
  spawnSync("c++", ["--version"]).status === 0;

const folder = await mkdtemp(join(tmpdir(), "wasmburst-test-"));
after(() => rm(folder, { recursive: true }));

function run(command: string, ...options: readonly string[]): string {
  // NVRTC opens its builtins by name, and pip's folder is on no loader's path.
  const env = { ...process.env, WASMBURST_NVRTC: nvrtc, LD_LIBRARY_PATH: dirname(nvrtc) };
  const { status, stdout, stderr, error } = spawnSync(command, options, { encoding: "utf8", env });
  assert.equal(status, 0, `${command} ${options.join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
}

/** The baseline with a CPU for its device. */
function buildForCpu(): string {
  const [binary, object] = [join(folder, "handwritten-on-cpu"), (name: string) => join(folder, `${name}.o`)];
  const cpu = fileURLToPath(new URL("cpu.cpp", import.meta.url));
  run("cc", "-std=gnu11", "-O2", "-c", join(bench, "handwritten/main.c"), "-o", object("main"));
  run("cc", "-std=gnu11", "-O2", "-c", join(bench, "native/rounds.c"), "-o", object("rounds"));
  // Kernels have bytes that are read as words.
  const options = ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing"];
  run("c++", ...options, "-c", cpu, "-o", object("cpu"));
  run("c++", object("main"), object("rounds"), object("cpu"), "-o", binary);
  return binary;
}

test("hand-written kernels, as C++ on a CPU, have V8's results; blocks of every size and the kernels of one program agree", {
  skip: !hasCompilers && "there is no C or C++ compiler for Linux",
}, async () => {
  const choice = { v8: true, oneCore: false, wasmtime: undefined, native: undefined, handwritten: buildForCpu() };
  await using burst = await WasmBurst.launch({ device: "v8" });
  const compared: string[] = [];
  for (const program of programs) {
    await using module = await burst.compile(await moduleBytes(program), { exports: [program.exportName] });
    const type = module.functions.get(program.exportName);
    assert.ok(type !== undefined);
    // With these a block of 32 and a part of one.
    const edges = edgesOf[program.example] ?? [];
    const values = [...edges, ...Array.from({ length: 40 - edges.length }, (_, job) => program.argumentsOf(job))];
    const started = await startBaselines(choice, { program, type, values, cpuInstances: values.length });
    try {
      const [v8, handwritten] = started;
      if (v8 === undefined || handwritten === undefined) continue;
      assert.deepEqual((await handwritten.run()).results, (await v8.run()).results, program.name);
      assert.match(handwritten.note, /^\w+, \d+ threads a block(, \d+ a multiprocessor)?$/);
    } finally {
      await stopAll(started);
    }
    compared.push(program.name);
  }
  const expected = programs.filter(({ group, example }) => group !== "float32" && example !== "pbkdf2");
  assert.deepEqual(
    compared,
    expected.map(({ name }) => name),
  );
});

test("NVRTC compiles every hand-written kernel, and none but recursive functions has a stack", {
  skip: !(hasCompilers && existsSync(nvrtc)) && "there is no C compiler for Linux, or no NVRTC",
}, () => {
  run(join(bench, "handwritten/build.sh"));
  for (const architecture of ["sm_75", "sm_90"]) {
    const log = run(join(bench, "handwritten/target/handwritten-baseline"), "--check", architecture);
    const kernels = [...log.matchAll(/Function properties for (\w+)\n\D*(\d+) bytes stack frame/g)];
    const names = kernels.map(([, name]) => name).filter((name) => !name?.startsWith("_Z"));
    assert.deepEqual(names.toSorted(), [
      "collatz",
      "fib_recursive",
      "fib_stack",
      "jsontree_cells_of_16",
      "jsontree_cells_of_32",
      "jsontree_cells_of_8",
      "loop",
      "loop_ahead",
      "loop_shared",
      "lz4_cells_of_32",
      "lz4_cells_of_8",
      "lz4_contiguous",
      "mandelbrot",
      "montecarlo",
      "nqueens_recursive",
      "nqueens_stack",
      "quicksort_cells_of_32",
      "quicksort_cells_of_8",
      "quicksort_steps_cells_of_32",
      "quicksort_steps_cells_of_8",
      "sha256",
      "xxhash_cells_of_16",
      "xxhash_cells_of_32",
      "xxhash_cells_of_8",
    ]);
    const withStack = kernels.filter(([, , bytes]) => bytes !== "0").map(([, name]) => name);
    assert.ok(
      withStack.every((name) => name?.startsWith("_Z")),
      `${architecture}: ${withStack.join(", ")}`,
    );
  }
});
