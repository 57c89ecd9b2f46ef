/**
 * The part of the WebAssembly JavaScript API (version 2.0) that the project uses. TypeScript declares it only in its
 * "dom" library, which would let browser names compile in a program for Node.
 */
declare namespace WebAssembly {
  type ImportExportKind = "function" | "global" | "memory" | "table";
  type ReferenceKind = "anyfunc" | "externref";
  type ValueKind = "i32" | "i64" | "f32" | "f64" | "v128" | ReferenceKind;

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ImportExportKind;
  }
  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    readonly module: string;
  }

  class Module {
    constructor(bytes: Uint8Array);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  // biome-ignore lint/complexity/noBannedTypes: an exported function has whatever parameters the module gives it
  type ImportValue = Function | Global | Memory | Table;
  type Imports = Readonly<Record<string, Readonly<Record<string, ImportValue>>>>;

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Readonly<Record<string, ImportValue>>;
  }

  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number; readonly shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  class Table {
    constructor(descriptor: {
      readonly element: ReferenceKind;
      readonly initial: number;
      readonly maximum?: number;
    });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(delta: number, value?: unknown): number;
  }

  class Global {
    constructor(descriptor: { readonly value: ValueKind; readonly mutable?: boolean }, value?: unknown);
    value: unknown;
    valueOf(): unknown;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function validate(bytes: Uint8Array): boolean;
  function compile(bytes: Uint8Array): Promise<Module>;
}
