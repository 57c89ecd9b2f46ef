/** Prints kernels: what the host launches. */
import type { IrFunction } from "../ir/module.ts";
import { wordsOf } from "../metadata.ts";
import type { ValueType } from "../wasm/module.ts";
import type { TextBuffer } from "./textBuffer.ts";
import { resultType } from "./types.ts";

const kernelParameters = [
  "constant wb_launch& launch [[buffer(0)]]",
  "constant uint* lanes [[buffer(1)]]",
  "device uint* status [[buffer(2)]]",
  "device uint* state [[buffer(3)]]",
  "device uchar* memory [[buffer(4)]]",
  "device uint* tables [[buffer(5)]]",
  "device uint* execution [[buffer(6)]]",
  "constant uchar* image [[buffer(7)]]",
  "uint thread_index [[thread_position_in_grid]]",
];

/** Of kernels whose functions have stacks in threadgroup memory (docs/kernel-abi.md, Threadgroup memory). */
const threadgroupParameters = [
  "threadgroup uint* near [[threadgroup(0)]]",
  "uint lane [[thread_index_in_threadgroup]]",
];

/** The entry point for one function: it takes the arguments from the instance's record, calls, and leaves the results there. */
export function writeKernel(out: TextBuffer, name: string, func: IrFunction, threadgroupMemory: boolean): void {
  const parameters = threadgroupMemory ? [...kernelParameters, ...threadgroupParameters] : kernelParameters;
  out.line("");
  out.line(`kernel void ${name}(`);
  parameters.forEach((parameter, i) => {
    out.line(`    ${parameter}${i === parameters.length - 1 ? ") {" : ","}`);
  });
  out.indented(() => {
    out.line("if (thread_index >= launch.lane_count) { return; }");
    out.line(
      "wb_instance instance = wb_enter(launch, lanes[thread_index], status, state, memory, tables, execution, image);",
    );
    if (threadgroupMemory) out.line("wb_enter_threadgroup(instance, launch, near, lane);");
    const operands = [
      "instance",
      // The outermost function's frame is the first.
      ...(func.parameters.length > func.type.parameters.length ? ["0u"] : []),
      ...records(func.type.parameters).map(({ type, word }) => `wb_argument${bitsOf(type)}(instance, ${word}u)`),
    ];
    const call = `${func.name}(${operands.join(", ")});`;
    const results = records(func.type.results);
    out.line(results.length === 0 ? call : `${resultType(func.type)} result = ${call}`);
    results.forEach(({ type, word }, i) => {
      out.line(`wb_result${bitsOf(type)}(instance, ${word}u, result${results.length > 1 ? `.r${i}` : ""});`);
    });
    out.line("wb_leave(instance);");
  });
  out.line("}");
}

function bitsOf(type: ValueType): number {
  return wordsOf(type) * 32;
}

/** Where each value of an argument or result record starts (docs/kernel-abi.md, Execution buffer). */
function records(types: readonly ValueType[]): { readonly type: ValueType; readonly word: number }[] {
  let word = 0;
  return types.map((type) => {
    const place = { type, word };
    word += wordsOf(type);
    return place;
  });
}
