/** WasmBurst: one unmodified WebAssembly module as thousands of isolated instances on a GPU. */
export type {
  CompileOptions,
  CompileTimings,
  DeviceInUse,
  ExportedFunction,
  MemoryRange,
  MemoryWrite,
  PoolOptions,
} from "./api/backend.ts";
export { type LaunchOptions, listDevices, WasmBurst } from "./api/burst.ts";
export type { ExportDescriptor, ExternalType, ImportDescriptor } from "./api/description.ts";
export type { HostFailure } from "./api/hostFunctions.ts";
export {
  type BatchedCalls,
  type BatchedFunction,
  type BatchedMemory,
  batched,
  type Column,
  type ImportContext,
  type ImportedMemory,
  type ImportedTable,
  type ImportFunction,
  type Imports,
  type ImportValue,
  type InstanceMemory,
  perInstance,
} from "./api/imports.ts";
export type { BurstModule, ImportOptions, InstantiateOptions, RestoreOptions } from "./api/module.ts";
export type {
  InvokeOptions,
  InvokeResult,
  JobOutcome,
  JobRecordsResult,
  JobsOutcome,
  Pool,
  PoolJob,
  RecordsResult,
  ResumeResult,
  Trap,
} from "./api/pool.ts";
export type { Value } from "./api/values.ts";
export { compileModule, emitIr } from "./compile.ts";
export { CompileError, type Diagnostic, type DiagnosticKind } from "./diagnostics.ts";
export { HostError, type HostErrorCode, InstantiationTrap } from "./errors.ts";
export type { Libraries } from "./link/program.ts";
export {
  type CompiledModule,
  type MemoryCell,
  type ModuleMetadata,
  memoryCells,
  type Profile,
  profiles,
  type TrapMessage,
  trapMessages,
} from "./metadata.ts";
