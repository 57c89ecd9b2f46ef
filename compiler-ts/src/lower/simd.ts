/**
 * SIMD instructions with immediates. Loads and stores of parts of a vector become scalar accesses and pure operations on lanes: memory knows scalars and
 * whole vectors alone. Instructions that are not here are what their name says. Sections 4.4.3 and 4.4.7 of the specification.
 */
import { expectedAlignment } from "../ir/access.ts";
import { apply, i32, type NameSource, read, vector } from "../ir/builder.ts";
import type { Expression, Statement } from "../ir/module.ts";
import type { Instruction, ValueType } from "../wasm/module.ts";
import type { OpcodeName } from "../wasm/opcodes.ts";

export interface LoweredInstruction {
  readonly statements: readonly Statement[];
  readonly result: Expression | undefined;
}

interface ScalarAccess {
  readonly access: OpcodeName;
  readonly type: ValueType;
  /** Makes a vector of the loaded value, or puts it into a lane of one, or takes the stored value from a lane: applied first to last. */
  readonly operations: readonly string[];
}

function scalar(access: OpcodeName, ...operations: readonly string[]): ScalarAccess {
  return { access, type: access.startsWith("i64") ? "i64" : "i32", operations };
}

const partialLoads: ReadonlyMap<string, ScalarAccess> = new Map<OpcodeName, ScalarAccess>([
  ["v128.load8x8_s", scalar("i64.load", "v128.zero_extend_i64", "i16x8.extend_low_i8x16_s")],
  ["v128.load8x8_u", scalar("i64.load", "v128.zero_extend_i64", "i16x8.extend_low_i8x16_u")],
  ["v128.load16x4_s", scalar("i64.load", "v128.zero_extend_i64", "i32x4.extend_low_i16x8_s")],
  ["v128.load16x4_u", scalar("i64.load", "v128.zero_extend_i64", "i32x4.extend_low_i16x8_u")],
  ["v128.load32x2_s", scalar("i64.load", "v128.zero_extend_i64", "i64x2.extend_low_i32x4_s")],
  ["v128.load32x2_u", scalar("i64.load", "v128.zero_extend_i64", "i64x2.extend_low_i32x4_u")],
  ["v128.load8_splat", scalar("i32.load8_u", "i8x16.splat")],
  ["v128.load16_splat", scalar("i32.load16_u", "i16x8.splat")],
  ["v128.load32_splat", scalar("i32.load", "i32x4.splat")],
  ["v128.load64_splat", scalar("i64.load", "i64x2.splat")],
  ["v128.load32_zero", scalar("i32.load", "v128.zero_extend_i32")],
  ["v128.load64_zero", scalar("i64.load", "v128.zero_extend_i64")],
]);

const laneLoads: ReadonlyMap<string, ScalarAccess> = new Map<OpcodeName, ScalarAccess>([
  ["v128.load8_lane", scalar("i32.load8_u", "i8x16.replace_lane")],
  ["v128.load16_lane", scalar("i32.load16_u", "i16x8.replace_lane")],
  ["v128.load32_lane", scalar("i32.load", "i32x4.replace_lane")],
  ["v128.load64_lane", scalar("i64.load", "i64x2.replace_lane")],
]);

const laneStores: ReadonlyMap<string, ScalarAccess> = new Map<OpcodeName, ScalarAccess>([
  ["v128.store8_lane", scalar("i32.store8", "i8x16.extract_lane_u")],
  ["v128.store16_lane", scalar("i32.store16", "i16x8.extract_lane_u")],
  ["v128.store32_lane", scalar("i32.store", "i32x4.extract_lane")],
  ["v128.store64_lane", scalar("i64.store", "i64x2.extract_lane")],
]);

/** `operands` are as the opcode table lists them. `undefined` where the instruction has no rule here. */
export function lowerSimd(
  instruction: Instruction,
  operands: readonly Expression[],
  names: NameSource,
  memory: number,
): LoweredInstruction | undefined {
  const { name, results } = instruction.opcode;
  const [first, second] = operands as [Expression, Expression];
  switch (instruction.immediate) {
    case "lane":
      return pure(apply(results?.[0] as ValueType, name, [...operands, i32(instruction.lane)]));
    case "shuffle":
      return pure(shuffle(first, second, instruction.lanes));
    case "memory": {
      const partial = partialLoads.get(name);
      if (partial === undefined) return undefined;
      return load(partial, first, instruction, names, memory, (operation, value) => apply("v128", operation, [value]));
    }
    case "memoryLane": {
      const lane = i32(instruction.lane);
      const loaded = laneLoads.get(name);
      if (loaded !== undefined) {
        return load(loaded, first, instruction, names, memory, (operation, value) =>
          apply("v128", operation, [second, value, lane]),
        );
      }
      const stored = laneStores.get(name) as ScalarAccess;
      const alignment = expectedAlignment(stored.access, instruction.align);
      return storeLane(stored, { memory, address: first, offset: instruction.memoryOffset, alignment }, second, lane);
    }
    default:
      return undefined;
  }
}

function pure(result: Expression): LoweredInstruction {
  return { statements: [], result };
}

function load(
  { access, type, operations }: ScalarAccess,
  address: Expression,
  { memoryOffset: offset, align }: { readonly memoryOffset: number; readonly align: number },
  names: NameSource,
  memory: number,
  applied: (operation: string, value: Expression) => Expression,
): LoweredInstruction {
  const target = names.temporary(type);
  const alignment = expectedAlignment(access, align);
  return {
    statements: [{ kind: "load", operation: access, memory, target, address, offset, alignment }],
    result: operations.reduce((value, operation) => applied(operation, value), read(target)),
  };
}

function storeLane(
  { access, type, operations }: ScalarAccess,
  at: Pick<Extract<Statement, { kind: "store" }>, "memory" | "address" | "offset" | "alignment">,
  vector: Expression,
  lane: Expression,
): LoweredInstruction {
  const value = apply(type, operations[0] as string, [vector, lane]);
  return { statements: [{ kind: "store", operation: access, ...at, value }], result: undefined };
}

/** Lanes of 32 and 64 bits arrive as bytes: where whole words stay together, words are selected. */
function shuffle(first: Expression, second: Expression, lanes: Uint8Array): Expression {
  const wholeWords = lanes.every((lane, place) => lane % 4 === place % 4 && lane - (place % 4) === lanes[place & ~3]);
  if (!wholeWords) return apply("v128", "i8x16.shuffle", [first, second, vector(lanes)]);
  const words = [0, 4, 8, 12].map((place) => i32((lanes[place] as number) >> 2));
  return apply("v128", "i32x4.shuffle", [first, second, ...words]);
}
