/** The compiler: bytes in, MSL text and metadata out. */
import { unknownExport } from "./api/usage.ts";
import { CompileError } from "./diagnostics.ts";
import { dumpModule } from "./ir/dump.ts";
import type { IrGlobal, IrModule, IrTable } from "./ir/module.ts";
import { type LegalizedModule, type LegalizeOptions, legalize, type PassObserver } from "./legalize/index.ts";
import { defaultMemoryCell, type WaysThroughMemory, waysThroughMemory } from "./legalize/memory/memoryCell.ts";
import type { PassOptions } from "./legalize/passOptions.ts";
import { type Libraries, parseProgram } from "./link/program.ts";
import { lowerModule } from "./lower/lowerModule.ts";
import {
  type CompiledModule,
  type ImportedGlobalMetadata,
  type ImportedMemoryMetadata,
  type ImportedTableMetadata,
  type ImportMetadata,
  type KernelMetadata,
  type Layout,
  type MemoryCell,
  type ModuleMetadata,
  memoryCells,
  type Profile,
} from "./metadata.ts";
import { Namer } from "./msl/namer.ts";
import { writeModule } from "./msl/writer.ts";
import { decode } from "./wasm/decode.ts";
import type { FunctionType, Module } from "./wasm/module.ts";
import { functionDisplayNames } from "./wasm/names.ts";
import { assertValid } from "./wasm/validate.ts";

export interface CompileOptions {
  readonly profile: Profile;
  /** Names of the exported functions to make kernels for; default: all of them. */
  readonly exports?: readonly string[];
  /** Modules whose exports take the place of imports, and that become part of the program. */
  readonly link?: Libraries | undefined;
  /** `false` for measurements alone: LegalizeOptions. Modules with imports cannot be compiled so. */
  readonly suspension?: boolean | undefined;
  /** For measurements and tests alone. */
  readonly passes?: PassOptions | undefined;
  /** Bytes of linear memory that lie together; default: 8, 64 or 128, as `waysThroughMemory` finds (docs/performance.md). */
  readonly memoryCell?: MemoryCell | undefined;
  readonly observe?: PassObserver;
}

/** Milliseconds by phase. */
export interface CompilePhases {
  readonly validate: number;
  readonly decode: number;
  readonly lower: number;
  readonly legalize: number;
  readonly write: number;
}

const instantiateKernel = "wb_instantiate";

/** @throws CompileError for any problem of the module or the options. */
export function compileModule(bytes: Uint8Array, options: CompileOptions): CompiledModule {
  return compileProgram(parseProgram(bytes, options.link), options);
}

/** `module` is decoded from a valid one, or was linked of such. */
export function compileProgram(module: Module, options: Omit<CompileOptions, "link">): CompiledModule {
  return compileDecoded(module, options, phaseClock()).compiled;
}

/** With the times of a module alone: linking is no phase. */
export function compileWithPhases(
  bytes: Uint8Array,
  options: Omit<CompileOptions, "link">,
): { readonly compiled: CompiledModule; readonly phases: CompilePhases } {
  const clock = phaseClock();
  assertValid(bytes);
  const validated = clock();
  const module = decode(bytes);
  const decoded = clock();
  const { compiled, phases } = compileDecoded(module, options, clock);
  return { compiled, phases: { validate: validated, decode: decoded, ...phases } };
}

function compileDecoded(
  module: Module,
  options: Omit<CompileOptions, "link">,
  clock: () => number,
): { readonly compiled: CompiledModule; readonly phases: Omit<CompilePhases, "validate" | "decode"> } {
  if (options.suspension === false && module.imports.some(({ description }) => description.kind === "function"))
    throw new CompileError({
      kind: "usage",
      message: "a module that imports functions cannot be compiled without suspension",
    });
  const kernels = kernelsOf(module, options.exports);
  const ir = lowerModule(module, { roots: kernels.map((kernel) => kernel.functionIndex) });
  const lowered = clock();
  const ways = waysOf(ir, options.profile);
  const memoryCell = memoryCellOf(ir, ways, options);
  const legalized = legalize(ir, { ...options, ...forProfile(options), ...partingLanes(ways) });
  const legal = clock();
  const layout = layoutOf(ir, legalized, options.profile, memoryCell, ways);
  const text = writeModule({ legalized, profile: options.profile, layout, kernels, instantiateKernel });
  const written = clock();
  const metadata = metadataOf(module, ir, kernels, layout, options.profile, legalized.recursionLoops);
  return {
    compiled: { text, image: ir.image, metadata },
    phases: { lower: lowered, legalize: legal, write: written },
  };
}

/** The text form of the IR as it is before (`lowered`) or after legalization. */
export function emitIr(
  bytes: Uint8Array,
  options: CompileOptions,
  stage: "lowered" | "legalized" = "legalized",
): string {
  const module = parseProgram(bytes, options.link);
  const kernels = kernelsOf(module, options.exports);
  const ir = lowerModule(module, { roots: kernels.map((kernel) => kernel.functionIndex) });
  if (stage === "lowered") return dumpModule(ir);
  const parting = partingLanes(waysOf(ir, options.profile));
  const legalized: LegalizedModule = legalize(ir, { ...options, ...forProfile(options), ...parting });
  return dumpModule(legalized.module);
}

function forProfile({ profile, passes }: CompileOptions): Pick<LegalizeOptions, "passes" | "nativeFloats" | "flushes"> {
  const { tileWidth, f32Subnormals, f64 } = profile;
  return {
    // Where instances run side by side, calls at different depths would wait for each other; a processor's core has its own stack, in its cache, and branch prediction for it.
    passes: tileWidth > 1 ? passes : { ...passes, recursionLoops: false, memoryWindows: false },
    nativeFloats: f32Subnormals || f64 ? { f32: f32Subnormals, f64 } : undefined,
    flushes: !f32Subnormals,
  };
}

/** What is done about lanes that part. Where they keep tables, loops do not end at so different times that merging would pay. */
function partingLanes({ hasTable, isWalked }: WaysThroughMemory): Pick<LegalizeOptions, "converges" | "merges"> {
  return { converges: hasTable, merges: isWalked && !hasTable };
}

function phaseClock(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = now - last;
    last = now;
    return passed;
  };
}

function kernelsOf(module: Module, wanted: readonly string[] | undefined): KernelMetadata[] {
  const functions = module.exports.filter((item) => item.kind === "function");
  const names = wanted ?? functions.map((item) => item.name);
  const namer = new Namer();
  return [...new Set(names)].map((exportName) => {
    const found = functions.find((item) => item.name === exportName);
    if (found === undefined) {
      throw unknownExport(
        "function",
        exportName,
        functions.map((item) => item.name),
      );
    }
    const type = module.types[module.functionTypes[found.index] as number] as FunctionType;
    return {
      exportName,
      kernel: namer.name("wb_invoke", exportName),
      functionIndex: found.index,
      parameters: type.parameters,
      results: type.results,
    };
  });
}

/** Linked memories lie in the tables region, of which the host clears and copies the words of an instance: in larger cells those would be other instances' bytes. */
const linkedMemoryCell: MemoryCell = 4;

function waysOf(ir: IrModule, profile: Profile): WaysThroughMemory {
  return profile.tileWidth === 1
    ? { cell: defaultMemoryCell, hasTable: false, isWalked: false }
    : waysThroughMemory(ir);
}

function memoryCellOf(
  ir: IrModule,
  ways: WaysThroughMemory,
  { profile, memoryCell: wanted }: Pick<CompileOptions, "profile" | "memoryCell">,
): MemoryCell {
  const refuse = (reason: string): never => {
    throw new CompileError({ kind: "usage", message: `memory cells of ${wanted} bytes: ${reason}` });
  };
  if (wanted !== undefined && !memoryCells.includes(wanted)) refuse(`expected one of ${memoryCells.join(", ")}`);
  if (profile.tileWidth === 1 || ir.linkedMemories.length === 0) return wanted ?? ways.cell;
  if (wanted !== undefined && wanted !== linkedMemoryCell)
    refuse(`a program with several memories has cells of ${linkedMemoryCell}`);
  return linkedMemoryCell;
}

/** Three lines of 128 bytes and a half: lz4 is fastest on an H100 with 512 threads a multiprocessor, which has 228 KiB that can be cache (docs/performance.md). */
const cacheOfPartedThread = 448;

function layoutOf(
  ir: IrModule,
  legalized: LegalizedModule,
  profile: Profile,
  memoryCell: MemoryCell,
  ways: WaysThroughMemory,
): Layout {
  return {
    tileWidth: profile.tileWidth,
    memoryCell,
    memory: ir.memory,
    stateBytes: ir.stateWords * 4,
    tableBytes: ir.tableWords * 4,
    nearWords: legalized.nearWords,
    cacheBytes: ways.hasTable ? cacheOfPartedThread : 0,
  };
}

function metadataOf(
  module: Module,
  ir: IrModule,
  kernels: readonly KernelMetadata[],
  layout: Layout,
  profile: Profile,
  recursionLoops: readonly number[],
): ModuleMetadata {
  return {
    version: 1,
    profile,
    instantiateKernel,
    kernels,
    globals: module.exports.flatMap((item) => {
      const global = item.kind === "global" ? ir.globals[item.index] : undefined;
      return global === undefined
        ? []
        : [{ exportName: item.name, type: global.type, mutable: global.mutable, stateWord: global.stateWord }];
    }),
    ...importsOf(module, ir),
    // Others are no region of their own: the host cannot reach them.
    memoryExports: module.exports.filter((item) => item.kind === "memory" && item.index === 0).map((item) => item.name),
    layout,
    recursionLoops,
    functionNames: functionDisplayNames(module),
  };
}

type ImportsMetadata = Pick<ModuleMetadata, "imports" | "importedGlobals" | "importedMemory" | "importedTables">;

/** Each kind in the order of the import section, which is the order of its index space. */
function importsOf(module: Module, ir: IrModule): ImportsMetadata {
  const imports: ImportMetadata[] = [];
  const importedGlobals: ImportedGlobalMetadata[] = [];
  const importedTables: ImportedTableMetadata[] = [];
  let importedMemory: ImportedMemoryMetadata | undefined;
  for (const { module: from, name, description } of module.imports) {
    const names = { module: from, name };
    switch (description.kind) {
      case "function": {
        const { parameters, results } = module.types[description.typeIndex] as FunctionType;
        imports.push({ ...names, parameters, results });
        break;
      }
      case "global": {
        const { type, mutable, stateWord } = ir.globals[importedGlobals.length] as IrGlobal;
        importedGlobals.push({ ...names, type, mutable, stateWord });
        break;
      }
      case "memory":
        importedMemory = { ...names, limits: description.type.limits };
        break;
      case "table": {
        const { sizeWord, word, capacity } = ir.tables[importedTables.length] as IrTable;
        const { element: type, limits } = description.type;
        importedTables.push({ ...names, type, limits, sizeWord: sizeWord as number, word, capacity });
        break;
      }
    }
  }
  return { imports, importedGlobals, importedMemory, importedTables };
}
