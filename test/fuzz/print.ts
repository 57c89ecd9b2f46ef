/**
 * Generated programs as WebAssembly text. Two rules make every program one whose results V8 and the specification fix:
 * - It ends. A loop counts its iterations, and all loops and calls of one invocation share `$fuel`; where that is used up
 *   a loop ends and a function returns zeros.
 * - No NaN's bits are seen, which arithmetic leaves open. What a store, a reinterpretation or the sign operand of copysign
 *   would show is made canonical first, unless it comes straight from a constant or a load, whose bits are exact.
 */

import {
  globalsOfType,
  importName,
  numberFunctions,
  numberTable,
  reference,
  tableElements,
  tableStart,
} from "./functionScope.ts";
import { importedSignatures, importModule } from "./importedFunctions.ts";
import { printFunction } from "./printFunction.ts";
import { type Program, type ProgramFunction, signatures, type Type, tables, types } from "./program.ts";

/** Loops' iterations and calls of one invocation. */
const fuel = 200;
export const memoryPages = { minimum: 1, maximum: 3 };

/** Programs that share a module share its memory, globals and fuel, but neither functions nor tables: no call leads from one to another. */
export function printModule(programs: readonly Program[]): string {
  const parts = programs.map((program, number) => suffixed(printProgram(program), number));
  const signatureTypes = Object.entries(signatures).map(
    ([name, { parameters, results }]) =>
      `(type $${name} (func (param ${parameters.join(" ")}) (result ${results.join(" ")})))`,
  );
  const numberType = "(type $number (func (result i32)))";
  const imports = importedSignatures
    .filter((name) => parts.some((part) => part.includes(`call ${importName(name)}`)))
    .map((name) => `(import "${importModule}" "${name}" (func ${importName(name)} (type $${name})))`);
  const globals = types.flatMap((type) =>
    Array.from({ length: globalsOfType }, (_, index) => printGlobal(type, index)),
  );
  return [
    "(module",
    ...signatureTypes,
    numberType,
    ...imports,
    `(memory (export "memory") ${memoryPages.minimum} ${memoryPages.maximum})`,
    "(global $fuel (mut i32) (i32.const 0))",
    ...globals,
    ...printNumberFunctions(),
    ...parts,
    printProbe(programs.length),
    ")",
    "",
  ].join("\n");
}

/** What a program's own things are called where it is program `number` of its module. */
export function exportName(name: string, number: number): string {
  return number === 0 ? name : `${name}_${number}`;
}

/** A program has fewer than ten functions: `$f32` is a type. */
function suffixed(text: string, number: number): string {
  return text.replace(/\$(?:f\d|t\d|passive|numbers|tables)\b|(?<=export ")f\d/g, (name) => exportName(name, number));
}

function printProgram(program: Program): string {
  const { functions, data } = program;
  const entry = (table: number) => (number: number) => `(${reference(functions.length, table, number)})`;
  const bytes = data.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  return [
    `(data (i32.const 1) "${bytes}")`,
    `(data $passive "${bytes}")`,
    "(table $t0 10 13 funcref)",
    "(table $t1 5 200 funcref)",
    "(table $t2 8 10 funcref)",
    ...tables.map((table) => {
      const entries = tableElements(program.elements, table).map(entry(table));
      return `(elem (table $t${table}) (i32.const ${tableStart(table)}) funcref ${entries.join(" ")})`;
    }),
    `(elem $passive funcref ${program.elements.map((number) => entry(0)(number + 1)).join(" ")})`,
    `(elem $numbers funcref ${program.elements.map((number) => entry(numberTable)(number + 1)).join(" ")})`,
    // Only functions that an element segment names may be referred to.
    `(elem declare func ${functions.map((_, index) => `$f${index}`).join(" ")})`,
    ...functions.map((_, index) => printFunction(program, index)),
    ...functions.flatMap((item, index) => (isCallable(item) ? [printExport(item, index)] : [])),
    printProgramProbe(),
  ].join("\n");
}

function printNumberFunctions(): readonly string[] {
  const numbers = Array.from({ length: numberFunctions }, (_, number) => number);
  return [
    ...numbers.map((number) => `(func $number${number} (type $number) i32.const ${number})`),
    `(elem declare func ${numbers.map((number) => `$number${number}`).join(" ")})`,
  ];
}

/** Shows which of the first elements of two tables are null, and which functions the third one has: tables cannot be read from outside. */
export const probe = "tables";

/** One call for all programs of a module, which do not reach each other's tables. */
function printProbe(programs: number): string {
  const folds = Array.from(
    { length: programs },
    (_, number) => `call ${exportName("$tables", number)} local.set $second local.set $first
  local.get $firsts i32.const 7 i32.rotl local.get $first i32.xor local.set $firsts
  local.get $seconds i32.const 7 i32.rotl local.get $second i32.xor local.set $seconds`,
  );
  const locals = ["first", "second", "firsts", "seconds"].map((name) => `(local $${name} i32)`).join(" ");
  return `(func (export "${probe}") (result i32 i32) ${locals}
  ${folds.join("\n  ")}
  local.get $firsts local.get $seconds)`;
}

function printProgramProbe(): string {
  const tests = [10, 5].flatMap((elements, table) =>
    Array.from({ length: elements }, (_, index) => `i32.const ${index} table.get $t${table} ref.is_null`),
  );
  const shifted = tests.map((test) => `i32.const 1 i32.shl ${test} i32.or`);
  const numbers = `local.get $at table.get $t2 ref.is_null
  if (result i32) i32.const 7 else local.get $at call_indirect $t2 (type $number) end`;
  return `(func $tables (result i32 i32) (local $at i32) (local $seen i32)
  i32.const 0
  ${shifted.join("\n  ")}
  loop
  ${numbers}
  local.get $seen i32.const 3 i32.shl i32.or local.set $seen
  local.get $at i32.const 1 i32.add local.tee $at i32.const 8 i32.lt_u br_if 0
  end
  local.get $seen)`;
}

/** From JavaScript. */
export function isCallable({ signature }: ProgramFunction): boolean {
  return signature !== "v128";
}

/** JavaScript cannot read a global of v128. */
function printGlobal(type: Type, index: number): string {
  const name = `g_${type}_${index}`;
  const initial = type === "v128" ? `i64x2 ${index} -1` : index * 3;
  return `(global $${name} ${type === "v128" ? "" : `(export "${name}")`} (mut ${type}) (${type}.const ${initial}))`;
}

/** What an invocation calls: it fills the fuel up. */
function printExport({ signature }: ProgramFunction, index: number): string {
  const { parameters } = signatures[signature];
  return [
    `(func (export "f${index}") (type $${signature})`,
    `i32.const ${fuel} global.set $fuel`,
    ...parameters.map((_, parameter) => `local.get ${parameter}`),
    `call $f${index})`,
  ].join(" ");
}
