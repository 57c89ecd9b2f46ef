/** The hand-written MSL runtime: which files a profile has, and which of their definitions a text needs. */
import { readFileSync } from "node:fs";
import type { Profile } from "../metadata.ts";
import { numericFiles } from "./runtimeFiles.ts";

interface Definition {
  readonly name: string;
  readonly text: string;
  /** Other names of the runtime that the text mentions. */
  readonly uses: ReadonlySet<string>;
}

const directory = new URL("./runtime/", import.meta.url);
const parsedFiles = new Map<string, readonly Definition[]>();

/** In the order in which definitions must stand: each file uses names of itself and of files before it. */
function runtimeFiles(profile: Profile): readonly string[] {
  const contiguous = profile.tileWidth === 1 && !profile.strictAlignment;
  return [
    ...numericFiles(profile),
    "instance.metal",
    "state.metal",
    "branch_tables.metal",
    "convergence.metal",
    ...(contiguous ? ["memory_contiguous.metal"] : ["memory_tiled.metal", "window.metal"]),
    "suspension.metal",
    "stack.metal",
    "memory.metal",
    "linked_memory.metal",
    "tables.metal",
  ];
}

/** The definitions that the names in `roots` need, transitively, in file order. */
export function runtimeText(profile: Profile, roots: ReadonlySet<string>): string {
  const definitions = runtimeFiles(profile).flatMap(definitionsOf);
  // Overloads share a name.
  const byName = new Map<string, Definition[]>();
  for (const definition of definitions) {
    const overloads = byName.get(definition.name);
    if (overloads === undefined) byName.set(definition.name, [definition]);
    else overloads.push(definition);
  }
  const needed = new Set<Definition>();
  const pending = [...roots];
  while (pending.length > 0) {
    for (const definition of byName.get(pending.pop() as string) ?? []) {
      if (needed.has(definition)) continue;
      needed.add(definition);
      pending.push(...definition.uses);
    }
  }
  return definitions
    .filter((definition) => needed.has(definition))
    .map((definition) => definition.text)
    .join("\n\n");
}

const runtimeName = /\bwb_\w+/g;

export function runtimeNames(text: string): Set<string> {
  return new Set(text.match(runtimeName) ?? []);
}

/** A file is definitions separated by blank lines; comments stand directly above theirs. */
function definitionsOf(file: string): readonly Definition[] {
  const known = parsedFiles.get(file);
  if (known !== undefined) return known;
  const definitions: Definition[] = [];
  for (const chunk of readFileSync(new URL(file, directory), "utf8").split(/\n\s*\n/)) {
    const text = chunk.trim();
    const code = text.replace(/^\/\/.*$/gm, "").trim();
    if (code === "") continue;
    const name = definedName(code);
    if (name === undefined) throw new Error(`runtime/${file}: no definition in "${code.slice(0, 60)}"`);
    definitions.push({ name, text, uses: runtimeNames(code) });
  }
  parsedFiles.set(file, definitions);
  return definitions;
}

function definedName(code: string): string | undefined {
  return (/^(?:struct|typedef \w+) (wb_\w+)/.exec(code) ?? /\b(wb_\w+)\s*(?:=|\()/.exec(code))?.[1];
}
