/**
 * Several modules as one program: exports of libraries take the place of imports, transitively, and all that the modules define lies in common index spaces.
 * So an instance of the program holds one instance of each module, and what they share they share per instance.
 */
import { CompileError } from "../diagnostics.ts";
import { type ExternalType, importedType, typeAt } from "../wasm/inspect.ts";
import {
  type ExternalKind,
  type Import,
  type ImportDescription,
  importedCount,
  instantiationParts,
  type Limits,
  type Module,
} from "../wasm/module.ts";
import { functionDisplayNames } from "../wasm/names.ts";
import { describeType, matches } from "./matching.ts";
import { type Renumbering, renumberBody, renumberConstant } from "./renumber.ts";

export interface Library {
  /** Under which other modules import from it. */
  readonly name: string;
  readonly module: Module;
}

/**
 * The program has the exports of `main` alone. What names no library stays an import of the program, once however many modules import it. A library may import
 * from those before it. Modules are instantiated in the order given, `main` last. Memory 0 is an imported one, else that of `main`, else the first library's.
 *
 * @throws CompileError of kind `link` for an export that is missing or of another type, in the specification's words.
 */
export function linkModules(main: Module, libraries: readonly Library[]): Module {
  return libraries.length === 0 ? main : new Linker(main, libraries).link();
}

const kinds: readonly ExternalKind[] = ["function", "table", "memory", "global"];

/** Something that has an index in the program; modules that import it share the object. */
interface Item {
  readonly type: ExternalType;
  index: number;
}

interface Unit {
  /** `undefined`: the main module. */
  readonly name: string | undefined;
  readonly module: Module;
  /** Its index spaces. */
  readonly items: Readonly<Record<ExternalKind, Item[]>>;
  /** Of its own items in the program. */
  readonly firstType: number;
  readonly firstElement: number;
  readonly firstData: number;
}

interface HostImport {
  readonly item: Item;
  /** As the first unit has it, but for limits, which are what all of them ask for. */
  import: Import;
  readonly displayName: string | undefined;
}

class Linker {
  /** The main module first, so that its indices change least. */
  readonly #units: readonly Unit[];
  readonly #libraries: ReadonlyMap<string, Unit>;
  readonly #imports = new Map<string, HostImport>();

  constructor(main: Module, libraries: readonly Library[]) {
    const units: Unit[] = [];
    const first = { firstType: 0, firstElement: 0, firstData: 0 };
    for (const { name, module } of [{ name: undefined, module: main }, ...libraries]) {
      units.push({ name, module, ...first, items: { function: [], table: [], memory: [], global: [] } });
      first.firstType += module.types.length;
      first.firstElement += module.elements.length;
      first.firstData += module.data.length;
    }
    this.#units = units;
    this.#libraries = new Map(units.flatMap((unit) => (unit.name === undefined ? [] : [[unit.name, unit] as const])));
    if (this.#libraries.size < libraries.length) throw problem("two libraries have the same name");
  }

  link(): Module {
    for (const unit of this.#units) this.#collectHostImports(unit);
    for (const unit of this.#inOrder()) this.#resolve(unit);
    this.#number();
    return this.#merge();
  }

  /** Of instantiation. */
  #inOrder(): readonly Unit[] {
    const [main, ...libraries] = this.#units;
    return [...libraries, main as Unit];
  }

  #collectHostImports(unit: Unit): void {
    const names = functionDisplayNames(unit.module);
    let functions = 0;
    for (const item of unit.module.imports) {
      const displayName = item.description.kind === "function" ? names[functions++] : undefined;
      if (this.#libraries.has(item.module)) continue;
      const key = importKey(unit, item);
      const known = this.#imports.get(key);
      if (known === undefined) {
        const type = importedType(unit.module, item.description);
        const description = inProgram(item.description, unit);
        this.#imports.set(key, { item: { type, index: -1 }, import: { ...item, description }, displayName });
      } else known.import = { ...known.import, description: bothLimits(known.import, item) };
    }
  }

  #resolve(unit: Unit): void {
    for (const item of unit.module.imports) {
      const { kind } = item.description;
      const library = this.#libraries.get(item.module);
      const found =
        library === undefined ? this.#imports.get(importKey(unit, item))?.item : this.#exported(library, unit, item);
      unit.items[kind].push(found as Item);
    }
    for (const kind of kinds) {
      for (let index = unit.items[kind].length; index < sizeOf(unit.module, kind); index++) {
        unit.items[kind].push({ type: typeAt(unit.module, kind, index), index: -1 });
      }
    }
  }

  #exported(library: Unit, importer: Unit, item: Import): Item {
    const importName = `"${item.module}"."${item.name}"`;
    const isBefore = importer.name === undefined || this.#units.indexOf(library) < this.#units.indexOf(importer);
    if (!isBefore) {
      throw problem(
        importer === library
          ? `library "${item.module}" imports from itself`
          : `library "${importer.name}" imports from "${item.module}", which has to come before it`,
      );
    }
    const found = library.module.exports.find(({ name }) => name === item.name);
    if (found === undefined)
      throw problem(`unknown import: ${nameOf(importer)} imports ${importName}, which the library does not export`);
    const given = library.items[found.kind][found.index] as Item;
    const wanted = importedType(importer.module, item.description);
    if (!matches(given.type, wanted)) {
      throw problem(
        `incompatible import type: ${nameOf(importer)} imports ${importName} as ${describeType(wanted)}, the library has a ${describeType(given.type)}`,
      );
    }
    return given;
  }

  /** Imports first, then what each unit defines. */
  #number(): void {
    const next: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0 };
    for (const { item } of this.#imports.values()) item.index = next[item.type.kind]++;
    for (const { module, items } of this.#units) {
      for (const kind of kinds)
        for (const item of items[kind].slice(importedCount(module, kind))) item.index = next[kind]++;
    }
  }

  #merge(): Module {
    const main = this.#units[0] as Unit;
    const imports = [...this.#imports.values()].map((item) => item.import);
    const descriptions = imports.map(({ description }) => description);
    const units = this.#units.map((unit) => ({ unit, to: renumbering(unit), defined: definedBy(unit.module) }));
    return {
      types: units.flatMap(({ unit }) => unit.module.types),
      imports,
      functionTypes: [
        ...descriptions.flatMap((item) => (item.kind === "function" ? [item.typeIndex] : [])),
        ...units.flatMap(({ defined, to }) => defined.functionTypes.map(to.types)),
      ],
      tables: [
        ...descriptions.flatMap((item) => (item.kind === "table" ? [item.type] : [])),
        ...units.flatMap(({ defined }) => defined.tables),
      ],
      memories: [
        ...descriptions.flatMap((item) => (item.kind === "memory" ? [item.type] : [])),
        ...units.flatMap(({ defined }) => defined.memories),
      ],
      globalTypes: [
        ...descriptions.flatMap((item) => (item.kind === "global" ? [item.type] : [])),
        ...units.flatMap(({ unit }) => unit.module.globals.map((global) => global.type)),
      ],
      globals: units.flatMap(({ unit, to }) =>
        unit.module.globals.map(({ type, initial }) => ({ type, initial: renumberConstant(initial, to) })),
      ),
      exports: main.module.exports.map((item) => ({ ...item, index: indexOf(main, item.kind, item.index) })),
      start: undefined,
      elements: units.flatMap(({ unit, to }) =>
        unit.module.elements.map((segment) => ({
          ...segment,
          tableIndex: segment.mode === "active" ? to.tables(segment.tableIndex) : 0,
          offset: segment.offset && renumberConstant(segment.offset, to),
          elements: segment.elements.map((element) => renumberConstant(element, to)),
        })),
      ),
      data: units.flatMap(({ unit, to }) =>
        unit.module.data.map((segment) => ({
          ...segment,
          memoryIndex: segment.mode === "active" ? to.memories(segment.memoryIndex) : 0,
          offset: segment.offset && renumberConstant(segment.offset, to),
        })),
      ),
      functions: units.flatMap(({ unit, to }) => unit.module.functions.map((body) => renumberBody(body, to))),
      customSections: main.module.customSections,
      functionNames: this.#functionNames(),
      localNames: new Map(
        units.flatMap(({ unit, to }) =>
          [...unit.module.localNames]
            .filter(([index]) => index < unit.items.function.length)
            .map(([index, names]) => [to.functions(index), names] as const),
        ),
      ),
      parts: this.#inOrder().flatMap((unit) => {
        const to = renumbering(unit);
        return instantiationParts(unit.module).map(({ elements, data, start }) => ({
          elements: elements.map(to.elements),
          data: data.map(to.data),
          start: start === undefined ? undefined : to.functions(start),
        }));
      }),
    };
  }

  /** As each module has them; those of a library say which. */
  #functionNames(): Map<number, string> {
    const names = new Map<number, string>();
    for (const { item, displayName } of this.#imports.values())
      if (displayName !== undefined) names.set(item.index, displayName);
    for (const { name, module, items } of this.#units) {
      const imported = importedCount(module, "function");
      functionDisplayNames(module).forEach((displayName, index) => {
        if (index < imported) return;
        const own = (items.function[index] as Item).index;
        names.set(own, name === undefined ? displayName : `${name}.${displayName}`);
      });
    }
    return names;
  }
}

/** One import of the program for all that name the same thing; functions and globals of several types are several things. */
function importKey(unit: Unit, { module, name, description }: Import): string {
  const { kind } = description;
  const type = kind === "function" || kind === "global" ? describeType(importedType(unit.module, description)) : "";
  return JSON.stringify([kind, module, name, type]);
}

function inProgram(description: ImportDescription, { firstType }: Unit): ImportDescription {
  return description.kind === "function"
    ? { kind: "function", typeIndex: firstType + description.typeIndex }
    : description;
}

function bothLimits({ description: known, module, name }: Import, { description: more }: Import): ImportDescription {
  const both = (a: Limits, b: Limits): Limits => {
    const limits = {
      minimum: Math.max(a.minimum, b.minimum),
      maximum:
        a.maximum === undefined || b.maximum === undefined ? (a.maximum ?? b.maximum) : Math.min(a.maximum, b.maximum),
    };
    if (limits.maximum === undefined || limits.minimum <= limits.maximum) return limits;
    throw problem(`incompatible import type: nothing has the limits that all modules ask for of "${module}"."${name}"`);
  };
  if (known.kind === "memory" && more.kind === "memory")
    return { kind: "memory", type: { limits: both(known.type.limits, more.type.limits) } };
  if (known.kind === "table" && more.kind === "table") {
    if (known.type.element !== more.type.element)
      throw problem(
        `incompatible import type: "${module}"."${name}" is imported as a table of ${known.type.element} and of ${more.type.element}`,
      );
    return { kind: "table", type: { ...known.type, limits: both(known.type.limits, more.type.limits) } };
  }
  return known;
}

function renumbering(unit: Unit): Renumbering {
  return {
    types: (index) => unit.firstType + index,
    functions: (index) => indexOf(unit, "function", index),
    tables: (index) => indexOf(unit, "table", index),
    memories: (index) => (unit.items.memory.length === 0 ? 0 : indexOf(unit, "memory", index)),
    globals: (index) => indexOf(unit, "global", index),
    elements: (index) => unit.firstElement + index,
    data: (index) => unit.firstData + index,
  };
}

function indexOf(unit: Unit, kind: ExternalKind, index: number): number {
  return (unit.items[kind][index] as Item).index;
}

function sizeOf(module: Module, kind: ExternalKind): number {
  switch (kind) {
    case "function":
      return module.functionTypes.length;
    case "table":
      return module.tables.length;
    case "memory":
      return module.memories.length;
    case "global":
      return module.globalTypes.length;
  }
}

function definedBy(module: Module): Pick<Module, "functionTypes" | "tables" | "memories"> {
  return {
    functionTypes: module.functionTypes.slice(importedCount(module, "function")),
    tables: module.tables.slice(importedCount(module, "table")),
    memories: module.memories.slice(importedCount(module, "memory")),
  };
}

function nameOf({ name }: Unit): string {
  return name === undefined ? "the module" : `library "${name}"`;
}

function problem(message: string): CompileError {
  return new CompileError({ kind: "link", message });
}
