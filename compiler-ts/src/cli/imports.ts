/** `--imports FILE`: a JavaScript module whose default export is what the module's imports are given. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Imports } from "../api/imports.ts";
import { messageOf } from "../errors.ts";
import { inputError } from "./arguments.ts";
import { CliError, exitCodes, usageError } from "./exitCodes.ts";

export async function readImports(path: string | undefined): Promise<Imports> {
  if (path === undefined) return {};
  await readFile(path).catch((error) => {
    throw inputError(path, error);
  });
  const { default: imports } = await load(path);
  if (!isObject(imports) || !Object.values(imports).every(isObject)) {
    throw usageError(`--imports ${path}: its default export is no object of the form { module: { name: value } }`);
  }
  return imports as Imports;
}

async function load(path: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new CliError(exitCodes.badInput, `--imports ${path}: ${messageOf(error)}`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
