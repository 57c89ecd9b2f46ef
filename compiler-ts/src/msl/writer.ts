/** Prints a legalized module as MSL. It decides nothing: what is not in the IR is not in the text. */
import { CompileError } from "../diagnostics.ts";
import type { IrFunction } from "../ir/module.ts";
import type { LegalizedModule } from "../legalize/index.ts";
import type { KernelMetadata, Layout, Profile } from "../metadata.ts";
import type { FunctionType } from "../wasm/module.ts";
import { FunctionWriter } from "./functionWriter.ts";
import { writeKernel } from "./kernels.ts";
import { runtimeNames, runtimeText } from "./runtime.ts";
import { TextBuffer } from "./textBuffer.ts";
import { declaration, mslType, resultType } from "./types.ts";

export interface WriterInput {
  readonly legalized: LegalizedModule;
  readonly profile: Profile;
  readonly layout: Layout;
  readonly kernels: readonly KernelMetadata[];
  readonly instantiateKernel: string;
}

/** MSL compilers stop at 256 open brackets, and expressions have up to 24 more. */
const maximumNesting = 100;

/**
 * Of one function. Functions are split long before (legalize/splitting.ts); one with thousands of values live at once cannot be. clang takes a minute and a half for
 * this many lines at -O2 and grows with their square; Apple's compiler is said not to end for ten times as many.
 */
const maximumFunctionLines = 20_000;

export function writeModule(input: WriterInput): string {
  const { module, order, outOfLine } = input.legalized;
  const functions = order.map((index) => module.functions.get(index) as IrFunction);
  const body = new TextBuffer();
  const structs = new Map<string, FunctionType>();
  for (const func of functions) if (func.type.results.length > 1) structs.set(resultType(func.type), func.type);
  for (const [name, type] of structs) writeResultStruct(body, name, type);
  const writer = new FunctionWriter(body, module);
  for (const func of functions) body.line(`${heading(func, outOfLine.has(func.index))};`);
  for (const func of functions) {
    body.line("");
    body.line(`// ${printable(func.displayName)}`);
    const start = body.lines;
    body.scope(`${heading(func, outOfLine.has(func.index))} {`, () => writer.body(func));
    assertFunctionLines(func, body.lines - start);
  }
  const kernels = new TextBuffer();
  const threadgroupMemory = input.layout.nearWords > 0;
  for (const kernel of input.kernels)
    writeKernel(kernels, kernel.kernel, module.functions.get(kernel.functionIndex) as IrFunction, threadgroupMemory);
  writeKernel(kernels, input.instantiateKernel, module.instantiate, threadgroupMemory);
  if (body.deepest > maximumNesting) {
    throw new CompileError({
      kind: "limit",
      message: `control flow is nested ${body.deepest} levels deep in the text, over the limit of ${maximumNesting} that keeps shader compilers safe`,
    });
  }
  const kernelText = kernels.toString();
  const names = new Set([...writer.runtimeNames, ...runtimeNames(kernelText)]);
  return `${preamble(input)}\n${runtimeText(input.profile, names)}\n\n${body.toString()}${kernelText}`;
}

function assertFunctionLines(func: IrFunction, lines: number): void {
  if (lines <= maximumFunctionLines) return;
  const index = func.partOf ?? func.copyOf ?? func.index;
  throw new CompileError({
    kind: "limit",
    message: `function ${index} takes ${lines} lines of the text, over the limit of ${maximumFunctionLines}, and has too many live values to be split`,
    function: func.displayName,
  });
}

function preamble({ profile, layout, legalized }: WriterInput): string {
  const out = new TextBuffer();
  out.line(`// Emitted by WasmBurst for the device profile "${profile.name}".`);
  out.line("#include <metal_stdlib>");
  out.line("using namespace metal;");
  out.line("#pragma METAL fp math_mode(safe)");
  out.line("#pragma METAL fp contract(off)");
  out.line("");
  out.line("// Layout of the per-instance regions; the only place where these numbers stand.");
  out.line(`constant constexpr uint wb_tile_width = ${layout.tileWidth}u;`);
  out.line(`constant constexpr uint wb_memory_cell = ${layout.memoryCell}u;`);
  out.line(`constant constexpr uint wb_state_words = ${legalized.module.stateWords}u;`);
  out.line(`constant constexpr uint wb_table_words = ${legalized.module.tableWords}u;`);
  return out.toString();
}

/** A wasm name is any text; a comment line must not end in a backslash or hold a line break. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x5b\x5d-\x7e]/g, "?").slice(0, 120);
}

function writeResultStruct(out: TextBuffer, name: string, type: FunctionType): void {
  const members = type.results.map((result, i) => `${mslType(result)} r${i};`);
  out.line(`struct ${name} { ${members.join(" ")} };`);
  out.line("");
}

function heading(func: IrFunction, outOfLine: boolean): string {
  const parameters = func.parameters.map((parameter) => `, ${declaration(parameter)}`).join("");
  const attribute = outOfLine ? "static __attribute__((noinline)) " : "static inline ";
  return `${attribute}${resultType(func.type)} ${func.name}(thread wb_instance& instance${parameters})`;
}
