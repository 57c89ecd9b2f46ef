/**
 * The operations that a module executes, counted by running it on V8: before each instruction that jumps, may jump or is jumped to, a copy of the module adds
 * what the straight line before it has done to globals. WABT turns the module into text with an instruction a line, and back.
 */

import type { WasmValue } from "../test/support/v8.ts";
import { unfoldedText, wat } from "../test/support/wat.ts";

/** Numeric instructions by the type that begins their name, and bytes of linear memory that are loaded or stored. */
export const counters = ["i32", "i64", "f32", "f64", "bytes"] as const;
export type Counter = (typeof counters)[number];
export type Operations = Readonly<Record<Counter, number>>;

const jumps = /^(loop|if|else|end|br|br_if|br_table|return|unreachable|return_call|return_call_indirect)$/;

/** Nothing that is computed: constants, moves, calls, and conversions that keep the bits or leave some out. */
const free =
  /^(block|call|call_indirect|drop|nop|select|(local|global|table|ref|elem)\..*|memory\.(size|grow)|data\.drop|[if]\d\d\.(const|reinterpret_.*)|i32\.wrap_i64|i64\.extend_i32_[su])$/;

type Cost = { readonly counter: Counter; readonly count: number };

/** Throws RangeError where an instruction is neither counted nor known to be free. */
function costOf(instruction: string): Cost | undefined {
  if (jumps.test(instruction) || free.test(instruction)) return undefined;
  const [, type, bits, operation, accessBits] = /^([if](32|64))\.((?:load|store)?(\d+)?.*)$/.exec(instruction) ?? [];
  if (type === undefined || operation === undefined) throw new RangeError(`${instruction} is not counted`);
  if (/^(load|store)/.test(operation)) return { counter: "bytes", count: Number(accessBits ?? bits) / 8 };
  return { counter: type as Counter, count: 1 };
}

/** How often a bulk instruction touches each of the bytes whose number is on top of the stack. */
const bulkAccesses: Readonly<Record<string, number>> = { "memory.fill": 1, "memory.init": 1, "memory.copy": 2 };

const exportOf = (counter: Counter): string => `operations: ${counter}`;

function added(pending: Map<Counter, number>): string[] {
  const lines = [...pending].map(
    ([counter, count]) => `global.get $count_${counter} i64.const ${count} i64.add global.set $count_${counter}`,
  );
  pending.clear();
  return lines;
}

/** The module with an exported global, a mutable i64, for each counter. Counts of a call that traps are incomplete. Throws RangeError. */
export function instrumented(bytes: Uint8Array): Uint8Array {
  const pending = new Map<Counter, number>();
  const lines = unfoldedText(bytes).trimEnd().split("\n");
  const body = lines.flatMap((line) => {
    const instruction = /^\s+([a-z][\w.]*)/.exec(line)?.[1];
    if (instruction === undefined) return [line];
    const accesses = bulkAccesses[instruction] ?? 0;
    const before = jumps.test(instruction) ? added(pending) : Array<string>(accesses).fill("call $count_access");
    const cost = accesses > 0 ? undefined : costOf(instruction);
    if (cost !== undefined) pending.set(cost.counter, (pending.get(cost.counter) ?? 0) + cost.count);
    // A function's parenthesis is closed behind its last instruction.
    const code = line
      .replace(/\(;.*?;\)/g, "")
      .replace(/;;.*/, "")
      .trimEnd();
    const closing = (code.match(/\)/g)?.length ?? 0) - (code.match(/\(/g)?.length ?? 0);
    if (closing === 0) return [...before, line];
    return [...before, code.slice(0, -closing), ...added(pending), ")".repeat(closing)];
  });
  const globals = counters.map(
    (counter) => `(global $count_${counter} (export "${exportOf(counter)}") (mut i64) (i64.const 0))`,
  );
  const access = `(func $count_access (param i32) (result i32)
    global.get $count_bytes local.get 0 i64.extend_i32_u i64.add global.set $count_bytes local.get 0)`;
  return wat(`${body.join("\n").replace(/\)$/, "")}\n${globals.join("\n")}\n${access})`);
}

/** What calls of an export execute on average, one after the other in the same instance. Throws RangeError. */
export function meanOperations(
  bytes: Uint8Array,
  exportName: string,
  calls: readonly (readonly WasmValue[])[],
): Operations {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(instrumented(bytes)));
  const exported = exports[exportName];
  if (typeof exported !== "function") throw new RangeError(`no exported function ${exportName}`);
  for (const values of calls) exported(...values);
  const mean = (counter: Counter): number => {
    const counted = exports[exportOf(counter)];
    if (!(counted instanceof WebAssembly.Global)) throw new Error(`no global for ${counter}`);
    return Number(counted.value) / calls.length;
  };
  return { i32: mean("i32"), i64: mean("i64"), f32: mean("f32"), f64: mean("f64"), bytes: mean("bytes") };
}
