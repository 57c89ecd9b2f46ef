import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModule } from "../../compiler-ts/src/wasm/decode.ts";
import type { Instruction } from "../../compiler-ts/src/wasm/module.ts";
import {
  type Opcode,
  type OpcodeName,
  opcodeNamed,
  opcodes,
  plainOpcode,
  prefixedOpcode,
} from "../../compiler-ts/src/wasm/opcodes.ts";
import { assemble } from "./support.ts";

/** Immediates as text, and what they have to decode to. */
function immediateOf(opcode: Opcode): { readonly text: string; readonly fields: Record<string, unknown> } {
  switch (opcode.immediate) {
    case "none":
      return { text: "", fields: {} };
    case "block":
      return { text: "(result i32)", fields: { blockType: { parameters: [], results: ["i32"] } } };
    case "index":
      if (/^memory/.test(opcode.name)) return { text: "", fields: { index: 0 } };
      return { text: "1", fields: { index: 1 } };
    case "indexPair":
      if (opcode.name === "memory.copy") return { text: "", fields: { first: 0, second: 0 } };
      if (opcode.name === "memory.init") return { text: "1", fields: { first: 1, second: 0 } };
      // The text has the table first, the binary the element segment.
      if (opcode.name === "table.init") return { text: "2 0", fields: { first: 0, second: 2 } };
      return { text: "2 0", fields: { first: 2, second: 0 } };
    case "labelTable":
      return { text: "0 0 0", fields: { labels: [0, 0], defaultLabel: 0 } };
    case "callIndirect":
      return { text: "1 (type 0)", fields: { typeIndex: 0, tableIndex: 1 } };
    case "memory":
      return { text: "offset=4000000000 align=1", fields: { align: 0, memoryOffset: 4_000_000_000 } };
    case "memoryLane":
      return { text: "offset=300 align=1 1", fields: { align: 0, memoryOffset: 300, lane: 1 } };
    case "i32":
      return { text: "-2147483648", fields: { value: -2147483648 } };
    case "i64":
      return { text: "-9223372036854775807", fields: { value: -9223372036854775807n } };
    case "f32":
      return { text: "-nan:0x200001", fields: { bits: 0xffa00001 } };
    case "f64":
      return { text: "nan:0x4000000000001", fields: { bits: 0x7ff4000000000001n } };
    case "v128":
      return {
        text: "i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c",
        fields: { bytes: Uint8Array.from({ length: 16 }, (_, i) => i) },
      };
    case "lane":
      return { text: "1", fields: { lane: 1 } };
    case "shuffle":
      return {
        text: "31 30 29 28 27 26 25 24 0 1 2 3 4 5 6 7",
        fields: { lanes: Uint8Array.of(31, 30, 29, 28, 27, 26, 25, 24, 0, 1, 2, 3, 4, 5, 6, 7) },
      };
    case "valueTypes":
      return { text: "(result f32)", fields: { types: ["f32"] } };
    case "referenceType":
      return { text: "extern", fields: { type: "externref" } };
  }
}

/** Around the instruction under test: at least two of everything that an immediate may name. */
function moduleAround(code: string, signature = ""): Uint8Array {
  return assemble(`(module
    (type (func))
    (func (type 0)) (func (type 0))
    (memory 1) (global i32 (i32.const 0)) (global (mut i32) (i32.const 0))
    (table 2 externref) (table 2 funcref) (table 2 externref)
    (elem (table 0) (i32.const 0) externref) (elem declare func 0 1) (data "a") (data "b")
    (func ${signature} (local i32 i32) ${code}))`);
}

const ifElse = "unreachable if (result i32) unreachable else unreachable end drop";

/** Instructions that need others around them; the rest stands between two `unreachable`. */
const surroundings: Partial<Record<OpcodeName, string>> = {
  block: "unreachable block (result i32) unreachable end drop",
  loop: "unreachable loop (result i32) unreachable end drop",
  if: ifElse,
  else: ifElse,
  end: "unreachable block unreachable end",
  br: "block unreachable br 1 end",
  br_if: "block unreachable br_if 1 end",
  "select t": "unreachable select (result f32) unreachable",
};

function instructionUnderTest(opcode: Opcode): Instruction | undefined {
  const code = surroundings[opcode.name] ?? `unreachable ${opcode.name} ${immediateOf(opcode).text} unreachable`;
  const body = parseModule(moduleAround(code)).functions.at(-1);
  return body?.instructions.find((instruction) => instruction.opcode === opcode);
}

test("the table has the 2.0 instruction set: 183 of one byte, 18 of prefix 0xfc, 236 of prefix 0xfd", () => {
  const count = (prefix: number) => opcodes.filter((opcode) => opcode.code >> 8 === prefix).length;
  assert.deepEqual([count(0), count(0xfc), count(0xfd)], [183, 18, 236]);
});

test("codes and names are unique and every lookup finds its row", () => {
  assert.equal(new Set(opcodes.map((opcode) => opcode.code)).size, opcodes.length);
  assert.equal(new Set(opcodes.map((opcode) => opcode.name)).size, opcodes.length);
  for (const opcode of opcodes) {
    const prefix = opcode.code >> 8;
    assert.equal(prefix === 0 ? plainOpcode(opcode.code) : prefixedOpcode(prefix, opcode.code & 0xff), opcode);
    assert.equal(opcodeNamed(opcode.name), opcode);
  }
  assert.equal(prefixedOpcode(0xfc, 0x100), undefined);
  assert.equal(plainOpcode(0xff), undefined);
});

for (const opcode of opcodes) {
  test(`${opcode.name} assembles, validates and decodes to the same instruction and immediates`, () => {
    const instruction = instructionUnderTest(opcode);
    assert.ok(instruction, "the instruction is in the decoded body");
    const { opcode: decoded, offset, immediate, ...fields } = instruction;
    assert.equal(decoded, opcode);
    assert.equal(immediate, opcode.immediate);
    assert.ok(offset > 8);
    assert.deepEqual(fields, immediateOf(opcode).fields);
  });
}

test("the signatures of the table are the instruction's: V8 validates a function that has exactly them", () => {
  const fixed = opcodes.filter((opcode) => opcode.operands !== undefined);
  for (const opcode of fixed) {
    const operands = opcode.operands?.map((type) => `(param ${type})`).join(" ");
    const results = opcode.results?.map((type) => `(result ${type})`).join(" ");
    const push = opcode.operands?.map((_, index) => `local.get ${index}`).join(" ");
    const code = `${push} ${opcode.name} ${immediateOf(opcode).text}`;
    assert.ok(WebAssembly.validate(moduleAround(code, `${operands} ${results}`)), opcode.name);
  }
  assert.ok(fixed.length > 380);
});
