/**
 * Every request and notification between client and host: method, direction, parameters, result.
 * The specification in prose is README.md beside this file; the Swift mirror is host-swift/Sources/BurstProtocol.
 *
 * `Bytes` is a base64 string in a JSON body and a `bin` in a MessagePack body; the codec converts, both ends see bytes.
 * Integers are at most 2^53 - 1 in magnitude.
 */
import { listDevices } from "./messages/devices.ts";
import { listHostFunctions } from "./messages/hostFunctions.ts";
import { jobArguments, jobResults, resumeRun, runJobs } from "./messages/jobs.ts";
import { cancelRequest, exit, initialize, log, progress, shutdown } from "./messages/lifecycle.ts";
import { readMemory, readState, writeMemory, writeState } from "./messages/memory.ts";
import { loadModule, unloadModule } from "./messages/modules.ts";
import { createPool, invoke, releasePool, resetPool } from "./messages/pools.ts";
import { schedule, watchSchedule } from "./messages/scheduling.ts";
import { restorePool, resumePool, snapshotPool } from "./messages/suspension.ts";

export * from "./messages/devices.ts";
export * from "./messages/errors.ts";
export * from "./messages/hostFunctions.ts";
export * from "./messages/jobs.ts";
export * from "./messages/lifecycle.ts";
export * from "./messages/memory.ts";
export type { Bytes, Message } from "./messages/message.ts";
export * from "./messages/modules.ts";
export * from "./messages/pools.ts";
export * from "./messages/scheduling.ts";
export * from "./messages/suspension.ts";

export const requests = [
  initialize,
  listDevices,
  listHostFunctions,
  loadModule,
  unloadModule,
  createPool,
  releasePool,
  invoke,
  runJobs,
  resumeRun,
  resumePool,
  snapshotPool,
  restorePool,
  resetPool,
  writeMemory,
  readMemory,
  readState,
  writeState,
  watchSchedule,
  shutdown,
] as const;

export const notifications = [exit, cancelRequest, progress, jobArguments, jobResults, schedule, log] as const;
