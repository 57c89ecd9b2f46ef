/** The examples as the throughput bench runs them: some 0.05 to 0.3 ms of one CPU core an instance, arguments differing. */
import type { WasmValue } from "../test/support/v8.ts";

export interface BenchProgram {
  /** Name of the example. */
  readonly name: string;
  readonly exportName: string;
  readonly argumentsOf: (instance: number) => readonly WasmValue[];
  /** The memory that the program starts with: it never grows. */
  readonly memoryPages: number;
}

/** What the programs need of the execution buffer, so that hundreds of thousands of instances fit: small frames, few arguments. */
export const execution = { values: 1024, callStack: 2048, scratch: 256 } as const;

export const programs: readonly BenchProgram[] = [
  { name: "collatz", exportName: "longest", argumentsOf: (instance) => [1000 + (instance % 32)], memoryPages: 0 },
  { name: "sha256", exportName: "search", argumentsOf: (instance) => [instance, 256], memoryPages: 1 },
  {
    name: "mandelbrot",
    exportName: "iterations",
    argumentsOf: (instance) => [16, 16, 256, instance % 256],
    memoryPages: 0,
  },
  { name: "nqueens", exportName: "solve_from", argumentsOf: (instance) => [12, instance % 12], memoryPages: 1 },
  { name: "montecarlo", exportName: "price", argumentsOf: (instance) => [instance, 1000], memoryPages: 1 },
  { name: "fib", exportName: "fib", argumentsOf: (instance) => [20 + (instance % 2)], memoryPages: 0 },
];
