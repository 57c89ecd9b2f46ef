/** What is in scope where an instruction of a generated function stands: its locals, the open labels, the program's tables and functions. */
import { type Program, type ProgramFunction, type SignatureName, signatures, type Type, types } from "./program.ts";

const localsOfType = 2;
export const globalsOfType = 2;

/** The table of functions that answer with their number, `$number0` and those after it. */
export const numberTable = 2;
export const numberFunctions = 4;

/** The instruction that makes the reference a number stands for, in a program of so many functions. */
export function reference(functions: number, table: number, number: number): string {
  if (number % 5 === 4) return "ref.null func";
  return table === numberTable ? `ref.func $number${number % numberFunctions}` : `ref.func $f${number % functions}`;
}

export function importName(signature: SignatureName): string {
  return `$import_${signature}`;
}

/** The functions that a table has at first, from its entry `tableStart` on. */
export function tableElements(elements: readonly number[], table: number): readonly number[] {
  return table === 0 ? elements : elements.slice(0, 4).reverse();
}

export function tableStart(table: number): number {
  return table;
}

export type Types = readonly Type[];
export type Lines = readonly string[];

/** As a branch counts it, 0 the innermost. */
interface Target {
  readonly depth: number;
  readonly types: Types;
}

export class FunctionScope {
  readonly program: Program;
  readonly function: ProgramFunction;
  /** What branches to the open labels carry; the function's own is the first. `undefined`: no target. */
  readonly #labels: (Types | undefined)[];
  readonly #locals: Record<Type, string[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  #counters = 0;

  constructor(program: Program, index: number) {
    this.program = program;
    this.function = program.functions[index] as ProgramFunction;
    const { parameters, results } = signatures[this.function.signature];
    this.#labels = [results];
    parameters.forEach((type, parameter) => {
      this.#locals[type].push(`$p${parameter}`);
    });
    for (const type of types) {
      for (let local = 0; local < localsOfType; local++) this.#locals[type].push(`$${type}_${local}`);
    }
  }

  /** A local of its own for a loop. */
  counter(): string {
    return `$n${this.#counters++}`;
  }

  /** Of all locals so far. */
  declarations(): string {
    return [
      ...types.flatMap((type) => [
        ...Array.from({ length: localsOfType }, (_, index) => `(local $${type}_${index} ${type})`),
        `(local $nan_${type} ${type})`,
      ]),
      ...Array.from({ length: this.#counters }, (_, index) => `(local $n${index} i32)`),
    ].join(" ");
  }

  local(type: Type, index: number): string {
    const names = this.#locals[type];
    return names[index % names.length] as string;
  }

  global(type: Type, index: number): string {
    return `$g_${type}_${index % globalsOfType}`;
  }

  /** Values from locals: for branches, whose types only the surroundings tell. */
  leaves(types: Types, from: number): Lines {
    return types.map((type, index) => `local.get ${this.local(type, from + index)}`);
  }

  popToLocals(types: Types, from: number): Lines {
    return types.map((type, index) => `local.set ${this.local(type, from + index)}`).reverse();
  }

  target(number: number): Target {
    const open = this.#labels.flatMap((types, label) => (types === undefined ? [] : [{ types, label }]));
    const { types, label } = open[open.length - 1 - (number % open.length)] as { types: Types; label: number };
    return { depth: this.#labels.length - 1 - label, types };
  }

  /** A block, loop or if, branches to which carry `label`; without one nothing generated branches there. */
  within(opening: string, label: Types | undefined, inside: () => Lines): Lines {
    this.#labels.push(label);
    const lines = inside();
    this.#labels.pop();
    return [opening, ...lines, "end"];
  }

  reference({ table, function: number }: { readonly table: number; readonly function: number }): string {
    return reference(this.program.functions.length, table, number);
  }
}
