/** WasmBurst: one unmodified WebAssembly module as thousands of isolated instances on a GPU. */
export type {
  CompileOptions,
  CompileTimings,
  ExportedFunction,
  MemoryRange,
  MemoryWrite,
  PoolOptions,
} from "./api/backend.ts";
export { type LaunchOptions, listDevices, WasmBurst } from "./api/burst.ts";
export type { ExportDescriptor, ExternalType, ImportDescriptor } from "./api/description.ts";
export type { BurstModule } from "./api/module.ts";
export type { InvokeOptions, InvokeResult, Pool, RecordsResult, Trap } from "./api/pool.ts";
export type { Value } from "./api/values.ts";
export { compileModule, emitIr } from "./compile.ts";
export { CompileError, type Diagnostic, type DiagnosticKind } from "./diagnostics.ts";
export { HostError, type HostErrorCode, InstantiationTrap } from "./errors.ts";
export type { Libraries } from "./link/program.ts";
export {
  type CompiledModule,
  type ModuleMetadata,
  type Profile,
  profiles,
  type TrapMessage,
  trapMessages,
} from "./metadata.ts";
