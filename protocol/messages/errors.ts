/** Codes of errors. */

/** JSON-RPC's own codes and ours. An error's `message` is a sentence for a person; `data` is typed where it says so. */
export const errorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** LSP's number, which vscode-jsonrpc knows. */
  requestCancelled: -32800,
  notInitialized: -32002,
  versionMismatch: -32010,
  unknownDevice: -32011,
  deviceUnusable: -32012,
  /** The shader compiler refused the text: `data.log` has its output. */
  buildFailed: -32013,
  unknownModule: -32014,
  unknownPool: -32015,
  /** `data` is PoolTooLargeData. */
  poolTooLarge: -32016,
  memoryOutOfBounds: -32017,
  /**
   * A command buffer failed: `data.reason` names the device's error. Where `data.lost` is true nothing can run on that device in this process
   * any more, and all pools on it are gone: another process may well use it.
   */
  deviceError: -32018,
  shuttingDown: -32019,
  /** Instances of the pool wait for imports: only `pool/resume`, `pool/snapshot`, `pool/release`, reads and writes, and a reset of all of them are possible. */
  invocationWaiting: -32020,
  /** The bytes are no snapshot, damaged, of another version, or of another module. */
  invalidSnapshot: -32021,
} as const;
export type ErrorName = keyof typeof errorCodes;
