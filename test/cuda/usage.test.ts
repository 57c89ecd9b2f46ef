import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUsage } from "./usage.ts";

const report = `ptxas info    : 24 bytes gmem
ptxas info    : Compiling entry function 'wasmburst_grid_wb_invoke_solve' for 'sm_90'
ptxas info    : Function properties for wasmburst_grid_wb_invoke_solve
ptxas         .     136 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 128 registers, used 0 barriers, 200 bytes cumulative stack size
ptxas info    : Compile time = 112.078 ms
ptxas info    : Function properties for _ZN45_INTERNAL_00000000_14_program_source_d31d22e25metal16f1_place_resumedERNS0_11wb_instanceEjjjjj
ptxas         .     64 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
`;

test("kernels and functions are read by their names in the text", () => {
  assert.deepEqual(parseUsage(report), [
    { name: "f1_place_resumed", registers: undefined, stack: 64, spills: 0 },
    { name: "wb_invoke_solve", registers: 128, stack: 200, spills: 20 },
  ]);
});

test("a report in other words is an error", () => {
  assert.throws(() => parseUsage(report.replace("Used 128 registers", "128 registers in use")), /cannot read/);
  assert.throws(() => parseUsage(report.replace("136 bytes stack", "136 B stack")), /cannot read/);
});
