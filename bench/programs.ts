/** The examples as the benches run them, arguments differing from instance to instance. */
import { readFile } from "node:fs/promises";
import type { WasmValue } from "../test/support/v8.ts";

/** `compute`: hardly any memory. `memory`: bound by loads and stores. `vectorvisor`: what that system was measured with (docs/performance.md). `float32`: for what exact f32 costs. */
export const programGroups = ["compute", "memory", "vectorvisor", "float32"] as const;
export type ProgramGroup = (typeof programGroups)[number];

export interface BenchProgram {
  readonly name: string;
  readonly group: ProgramGroup;
  /** The example that it is. */
  readonly example: string;
  readonly exportName: string;
  readonly argumentsOf: (instance: number) => readonly WasmValue[];
  /** The memory that the program starts with: it never grows. */
  readonly memoryPages: number;
}

/** Cool-downs are not what these measure. */
export const schedule = { policy: "unthrottled" } as const;

/** What the programs need of the execution buffer, so that hundreds of thousands of instances fit: small frames, few arguments. */
export const execution = { values: 1024, callStack: 2048, scratch: 256 } as const;

export const programs: readonly BenchProgram[] = [
  program("compute", "collatz", "longest", 0, (instance) => [1000 + (instance % 32)]),
  program("compute", "sha256", "search", 1, (instance) => [instance, 256]),
  program("compute", "mandelbrot", "iterations", 0, (instance) => [16, 16, 256, instance % 256]),
  program("compute", "nqueens", "solve_from", 1, (instance) => [12, instance % 12]),
  program("compute", "montecarlo", "price", 1, (instance) => [instance, 1000]),
  program("compute", "fib", "fib", 0, (instance) => [20 + (instance % 2)]),
  program("memory", "lz4", "run", 4, (instance) => [instance, 65536]),
  program("memory", "xxhash", "run", 2, (instance) => [instance, 65536, 16]),
  program("memory", "jsontree", "run", 1, (instance) => [instance, 100]),
  program("memory", "quicksort", "run", 2, (instance) => [instance, 16384]),
  { ...program("vectorvisor", "fib", "fib", 0, () => [25]), name: "fib25" },
  // All instances at the same addresses, and each at its own: what a lane of a tile reads is beside what its neighbours read, or anywhere.
  program("vectorvisor", "loop", "run", 1, () => [1, 100_000]),
  { ...program("vectorvisor", "loop", "run", 1, (instance) => [instance, 100_000]), name: "loop-apart" },
  program("vectorvisor", "pbkdf2", "derive", 1, (instance) => [instance, 1000]),
  {
    ...program("float32", "float32", "mandelbrot", 1, (instance) => [16, 16, 256, instance % 256]),
    name: "mandelbrot32",
  },
  { ...program("float32", "float32", "nbody", 1, (instance) => [instance, 8]), name: "nbody32" },
  { ...program("float32", "float32", "filter", 1, (instance) => [instance, 2]), name: "filter32" },
];

function program(
  group: ProgramGroup,
  example: string,
  exportName: string,
  memoryPages: number,
  argumentsOf: BenchProgram["argumentsOf"],
): BenchProgram {
  return { name: example, group, example, exportName, memoryPages, argumentsOf };
}

export function modulePath({ example }: BenchProgram): URL {
  return new URL(`../examples/wasm/${example}.wasm`, import.meta.url);
}

export async function moduleBytes(of: BenchProgram): Promise<Uint8Array> {
  return await readFile(modulePath(of));
}

/** Names of programs or of groups, separated by commas. Throws a RangeError for any other. */
export function chosenPrograms(names: string): BenchProgram[] {
  return names.split(",").flatMap((name) => {
    const found = programs.filter((program) => program.name === name || program.group === name);
    if (found.length > 0) return found;
    const known = [...programGroups, ...programs.map((program) => program.name)].join(", ");
    throw new RangeError(`no program ${name}; there are ${known}`);
  });
}
