/**
 * Every SIMD operation on lanes of all classes: the device against V8, for each profile that a host's device can run. The official suite has few inputs of
 * which neighbouring lanes differ in what they provoke, and lanes that are computed within words could disturb each other.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { type Opcode, opcodes } from "../../compiler-ts/src/wasm/opcodes.ts";
import { hostMissing } from "../support/host.ts";
import { wat } from "../support/wat.ts";

const instances = 256;
const operandBytes = 3 * 16;

/** An operation with its immediates; `label` names it in failures. */
interface Operation {
  readonly opcode: Opcode;
  readonly immediates: string;
  readonly label: string;
}

const shuffles = [
  "0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23",
  "31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16",
  "12 13 14 15 16 17 18 19 4 5 6 7 28 29 30 31",
  "1 1 1 1 7 30 30 2 15 0 31 16 9 9 8 10",
];

function lanesOf(opcode: Opcode): number {
  return Number(/x(\d+)/.exec(opcode.name)?.[1]);
}

function withImmediates(opcode: Opcode): readonly Operation[] {
  const made = (list: readonly string[]): Operation[] =>
    list.map((immediates) => ({ opcode, immediates, label: `${opcode.name} ${immediates}`.trim() }));
  switch (opcode.immediate) {
    case "none":
      return made([""]);
    case "lane":
      return made(Array.from({ length: lanesOf(opcode) }, (_, lane) => String(lane)));
    case "shuffle":
      return made(shuffles);
    default:
      return [];
  }
}

const operations = opcodes.filter(({ code }) => code >> 8 === 0xfd).flatMap(withImmediates);

/** Operands lie at 0, 16 and 32, results from there on. */
function instructionsFor({ opcode, immediates }: Operation, index: number): string {
  const operands = opcode.operands?.map((type, place) => `(${type}.load (i32.const ${place * 16}))`) ?? [];
  const value = `(${opcode.name} ${immediates} ${operands.join(" ")})`;
  return `(${opcode.results?.[0]}.store (i32.const ${operandBytes + index * 16}) ${value})`;
}

/** One function for each so many operations: shader compilers are superlinear in a function's size. */
const operationsPerFunction = 32;

function moduleText(): string {
  const functions: string[] = [];
  for (let first = 0; first < operations.length; first += operationsPerFunction) {
    const body = operations
      .slice(first, first + operationsPerFunction)
      .map((operation, i) => instructionsFor(operation, first + i));
    functions.push(`(func $part${first} ${body.join("\n")})`);
  }
  const calls = functions.map((_, i) => `(call $part${i * operationsPerFunction})`).join(" ");
  return `(module (memory (export "memory") 1) ${functions.join("\n")} (func (export "run") ${calls}))`;
}

const interesting8 = [0, 1, 0x7f, 0x80, 0x81, 0xff];
const interesting16 = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xff7f, 0xff80, 0xffff];
const interesting32 = [
  ...[0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_7fff, 0xffff_8000, 0xffff_ffff],
  ...[0x3f80_0000, 0xbf00_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7fa0_0000, 0x0080_0000, 0x807f_ffff],
  ...[0x4f00_0000, 0xcf00_0001, 0x4b00_0001, 0x3f00_0000],
];
const interesting64 = [
  ...[0x3ff0_0000_0000_0000n, 0xbfe0_0000_0000_0000n, 0x7ff0_0000_0000_0000n, 0x7ff8_0000_0000_0000n, 1n],
  ...[0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn, 0x41df_ffff_ffc0_0000n, 0xc1e0_0000_0020_0000n],
  ...[0x36a0_0000_0000_0000n, 0x47ef_ffff_f000_0000n, 0x0010_0000_0000_0000n, 0x4330_0000_0000_0001n],
];

/** A linear congruential generator: the same inputs in every run. */
function generator(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) % below;
  };
}

function operandsOf(random: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(operandBytes);
  const view = new DataView(bytes.buffer);
  for (let vector = 0; vector < operandBytes; vector += 16) {
    const kind = random(6);
    for (let i = 0; i < 16; i++) {
      if (kind === 0 || kind === 5) bytes[vector + i] = random(256);
      else if (kind === 1) bytes[vector + i] = interesting8[random(interesting8.length)] as number;
      else if (kind === 2 && i % 2 === 0)
        view.setUint16(vector + i, interesting16[random(interesting16.length)] as number, true);
      else if (kind === 3 && i % 4 === 0)
        view.setUint32(vector + i, interesting32[random(interesting32.length)] as number, true);
      else if (kind === 4 && i % 8 === 0)
        view.setBigUint64(vector + i, interesting64[random(interesting64.length)] as bigint, true);
    }
  }
  // As often as not the second operand repeats lanes of the first: equality and zero differences.
  for (let i = 0; i < 16; i++) if (random(4) === 0) bytes[16 + i] = bytes[i] as number;
  return bytes;
}

/** NaN lanes that may have any payload become one; operations that only move or flip bits keep theirs. */
function comparable(opcode: Opcode, result: Uint8Array): string {
  const bytes = result.slice();
  const view = new DataView(bytes.buffer);
  const exact = /\.(abs|neg|pmin|pmax|splat|extract_lane|replace_lane|eq|ne|lt|gt|le|ge)$/.test(opcode.name);
  if (!exact && opcode.name.startsWith("f32x4")) {
    for (let i = 0; i < 16; i += 4) if (Number.isNaN(view.getFloat32(i, true))) view.setUint32(i, 0x7fc0_0000, true);
  } else if (!exact && opcode.name.startsWith("f64x2")) {
    for (let i = 0; i < 16; i += 8)
      if (Number.isNaN(view.getFloat64(i, true))) view.setBigUint64(i, 0x7ff8_0000_0000_0000n, true);
  }
  return Buffer.from(bytes).toString("hex");
}

async function resultsOn(burst: WasmBurst, bytes: Uint8Array): Promise<Uint8Array[]> {
  const random = generator(1);
  const pool = await (await burst.compile(bytes)).instantiate({ instances });
  const all = Array.from({ length: instances }, (_, instance) => instance);
  await pool.memory.writeAll(all.map((instance) => ({ instance, address: 0, bytes: operandsOf(random) })));
  await pool.invoke("run", []);
  return Promise.all(all.map((instance) => pool.memory.read(instance, 0, operandBytes + operations.length * 16)));
}

async function expected(bytes: Uint8Array): Promise<Uint8Array[]> {
  const v8 = await WasmBurst.launch({ device: "v8" });
  try {
    return await resultsOn(v8, bytes);
  } finally {
    await v8.close();
  }
}

test("every SIMD opcode without memory operands is among the operations", () => {
  const covered = new Set(operations.map(({ opcode }) => opcode.name));
  const missing = opcodes
    .filter(({ code, immediate }) => code >> 8 === 0xfd && !immediate.startsWith("memory") && immediate !== "v128")
    .filter(({ name }) => !covered.has(name));
  assert.deepEqual(missing, []);
});

for (const profile of ["cpu", "native", "apple"]) {
  test(`profile ${profile}: every operation gives V8's result`, { skip: hostMissing }, async () => {
    const bytes = wat(moduleText());
    const burst = await WasmBurst.launch({ device: "cpu", profile });
    try {
      const [found, wanted] = [await resultsOn(burst, bytes), await expected(bytes)];
      const differences = operations.flatMap(({ opcode, label }, index) => {
        const part = (memory: Uint8Array) => memory.subarray(operandBytes + index * 16, operandBytes + index * 16 + 16);
        const instance = found.findIndex(
          (memory, i) => comparable(opcode, part(memory)) !== comparable(opcode, part(wanted[i] as Uint8Array)),
        );
        if (instance < 0) return [];
        const show = (memory: Uint8Array) =>
          Buffer.from(memory)
            .toString("hex")
            .replace(/.{32}(?=.)/g, "$& ");
        const operands = show((found[instance] as Uint8Array).subarray(0, operandBytes));
        const result = show(part(found[instance] as Uint8Array));
        return [`${label} (${operands}) = ${result}, not ${show(part(wanted[instance] as Uint8Array))}`];
      });
      assert.deepEqual(differences, []);
    } finally {
      await burst.close();
    }
  });
}
