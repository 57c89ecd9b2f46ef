/** Command lines: `--invoke NAME ARGS…` and the flags around it. */
import { readFile } from "node:fs/promises";
import type { Libraries } from "../link/program.ts";
import { type MemoryCell, memoryCells } from "../metadata.ts";
import { CliError, codeOf, exitCodes, usageError } from "./exitCodes.ts";

export interface InvokeArguments {
  readonly name: string;
  readonly args: readonly string[];
}

/** Numbers that begin with a minus sign are arguments, not flags. */
const negativeNumber = /^-(?:\d|\.\d|inf|nan)/i;

/**
 * Takes `--invoke NAME ARGS…` out, which `parseArgs` cannot express: the arguments are what follows up to the next flag, negative
 * numbers included. `rest` is for `parseArgs`.
 */
export function takeInvoke(argv: readonly string[]): {
  readonly invoke: InvokeArguments | undefined;
  readonly rest: readonly string[];
} {
  const end = argv.indexOf("--");
  const flags = end === -1 ? argv : argv.slice(0, end);
  const at = flags.findIndex((word) => word === "--invoke" || word.startsWith("--invoke="));
  if (at === -1) return { invoke: undefined, rest: argv };
  const flag = argv[at] as string;
  const attached = flag.startsWith("--invoke=");
  const name = attached ? flag.slice("--invoke=".length) : argv[at + 1];
  if (name === undefined || name === "" || (!attached && isFlag(name))) {
    throw usageError("--invoke needs the name of an exported function");
  }
  const first = attached ? at + 1 : at + 2;
  const length = argv.slice(first).findIndex(isFlag);
  const after = length === -1 ? argv.length : first + length;
  return { invoke: { name, args: argv.slice(first, after) }, rest: [...argv.slice(0, at), ...argv.slice(after)] };
}

function isFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-" && !negativeNumber.test(word);
}

/** `--flag -5` as `--flag=-5`, which parseArgs refuses as ambiguous: what the flag takes can say better what is wrong. */
export function attachNegatives(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (const word of argv) {
    const flag = words.at(-1);
    if (flag !== undefined && /^--[^=]+$/.test(flag) && negativeNumber.test(word))
      words[words.length - 1] = `${flag}=${word}`;
    else words.push(word);
  }
  return words;
}

/** A whole number from `minimum`; `undefined` stays. */
export function wholeNumber(text: string | undefined, flag: string, minimum = 1): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw usageError(`${flag} ${text}: expected a whole number of at least ${minimum}`);
  }
  return value;
}

/** `--memory-cell N`; `undefined` stays. */
export function memoryCell(text: string | undefined): MemoryCell | undefined {
  const cell = memoryCells.find((bytes) => `${bytes}` === text);
  if (text !== undefined && cell === undefined)
    throw usageError(`--memory-cell ${text}: expected one of ${memoryCells.join(", ")}`);
  return cell;
}

/** A positive number of seconds, fractions allowed; `undefined` stays. */
export function seconds(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && Number.isFinite(value)))
    throw usageError(`${flag} ${text}: expected a positive number of seconds`);
  return value;
}

/** The one module that a subcommand takes. */
export function modulePath(positionals: readonly string[]): string {
  const [path, ...more] = positionals;
  if (path === undefined) throw usageError("which module? give the path of a .wasm file");
  if (more.length > 0) throw usageError(`unexpected argument "${more[0]}"`);
  return path;
}

/** `--link NAME=LIBRARY.wasm`, which may be repeated: the files are read, in the order given. */
export async function readLibraries(flags: readonly string[] | undefined): Promise<Libraries> {
  const libraries: Record<string, Uint8Array> = {};
  for (const flag of flags ?? []) {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(flag) ?? [];
    if (name === undefined || path === undefined)
      throw usageError(`--link ${flag}: expected NAME=LIBRARY.wasm, with the name that imports give`);
    if (Object.hasOwn(libraries, name)) throw usageError(`--link: two libraries are named ${name}`);
    libraries[name] = await readModule(path);
  }
  return libraries;
}

/** What is no module at all is named for what it is; the compiler finds everything else. */
export async function readModule(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error) => {
    throw inputError(path, error);
  });
  const problem = notAModule(bytes);
  if (problem !== undefined) throw new CliError(exitCodes.badInput, `${path} ${problem}`);
  return new Uint8Array(bytes);
}

function notAModule(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return "is empty";
  const isBinary = bytes.readUInt8() === 0;
  if (isBinary)
    return bytes.length >= 8 && bytes.readUInt32LE(4) === componentVersion
      ? "is a WebAssembly component: WasmBurst runs core modules"
      : undefined;
  return /^\s*(?:\(|;;)/.test(bytes.toString("latin1", 0, 4096))
    ? "looks like WebAssembly text: make a module of it first, as with wat2wasm"
    : "is not a WebAssembly module: those begin with 00 61 73 6d";
}

/** In the place of a module's version 1: version 13, layer 1. */
const componentVersion = 0x1_000d;

export function inputError(path: string, error: unknown): CliError {
  if (codeOf(error) === "ENOENT") return new CliError(exitCodes.noInput, `no such file: ${path}`);
  return new CliError(exitCodes.io, `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
}
