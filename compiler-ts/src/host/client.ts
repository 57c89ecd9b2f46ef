/** One typed method per request of the protocol, over a connection; and the launch of a host process with its lifecycle. */
import * as protocol from "../../../protocol/messages.ts";
import { isDebugging } from "../debugging.ts";
import { HostError } from "../errors.ts";
import { type Connection, connect, handshake, hasMinor } from "./connection.ts";
import { describeExit, type HostProcess, spawnHost } from "./process.ts";

export interface Progress {
  readonly message: string;
  /** 0 to 1, where it is known. */
  readonly fraction?: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const clientVersion = "0.1.0";

/** Milliseconds. */
const handshakeTimeout = 20_000;
const shutdownTimeout = 2_000;

export class HostClient {
  readonly #connection: Connection;
  readonly #end: () => Promise<void>;
  /** Whether the host takes the arguments of a run in parts. */
  readonly streamsJobs: boolean;
  readonly #progress = new Map<number, (progress: Progress) => void>();
  readonly #jobResults = new Map<number, (results: Uint8Array) => void>();
  #nextToken = 1;
  #output = (text: string): void => void process.stderr.write(text);

  /** Over a connection whose handshake is done; `end` takes the transport down. `version`: of the protocol, the host's. */
  constructor(
    connection: Connection,
    end: () => Promise<void> = async () => {},
    version: string = protocol.protocolVersion,
  ) {
    this.#connection = connection;
    this.streamsJobs = hasMinor(version, 1);
    this.#end = end;
    connection.onNotification(protocol.progress, ({ token, ...progress }) => this.#progress.get(token)?.(progress));
    connection.onBulk(protocol.jobResults, ({ token, results }) => this.#jobResults.get(token)?.(results));
    connection.onNotification(protocol.log, ({ level, message }) => {
      if (level === "output") this.#output(message);
      else if (level === "warning" || level === "error") warn(`host ${level}: ${message}\n`);
      else if (isDebugging()) process.stderr.write(`host ${level}: ${message}\n`);
    });
  }

  /** Starts the host at `path` and agrees on version and encoding. Throws HostError. */
  static async launch(path: string, args: readonly string[] = []): Promise<HostClient> {
    const host = spawnHost(path, args);
    const connection = connectProcess(host);
    const timeout = setTimeout(() => {
      host.kill();
      connection.close(new HostError("hostExited", `the host did not answer within ${handshakeTimeout / 1000} s`));
    }, handshakeTimeout);
    let version: string;
    try {
      ({ protocolVersion: version } = await handshake(connection, { name: "wasmburst", version: clientVersion }));
    } catch (error) {
      host.kill();
      if (!(error instanceof HostError)) throw error;
      // Which program it was says more than how it ended, where it is no host at all.
      throw new HostError(error.code, `${path}: ${error.message}`, error.data);
    } finally {
      clearTimeout(timeout);
    }
    return new HostClient(
      connection,
      async () => {
        host.stdin.end();
        // An interval: the process has no reference on the event loop any more, and its end has to be awaited.
        const killer = setInterval(host.kill, shutdownTimeout);
        await host.exited;
        clearInterval(killer);
      },
      version,
    );
  }

  /** Aborts when the host is gone or the client closed: what waits for anything else can stop. */
  get closed(): AbortSignal {
    return this.#connection.closed;
  }

  listDevices(options: RequestOptions = {}) {
    return this.#request(protocol.listDevices, {}, options.signal);
  }

  listHostFunctions(options: RequestOptions = {}) {
    return this.#request(protocol.listHostFunctions, {}, options.signal);
  }

  /** `handler` gets what instances say through the host, in place of stderr. */
  onOutput(handler: (text: string) => void): void {
    this.#output = handler;
  }

  loadModule(parameters: Omit<protocol.LoadModuleParameters, "progressToken">, options: RequestOptions = {}) {
    return this.#withProgress(protocol.loadModule, parameters, options);
  }

  unloadModule(module: number, options: RequestOptions = {}) {
    return this.#request(protocol.unloadModule, { module }, options.signal);
  }

  createPool(parameters: protocol.CreatePoolParameters, options: RequestOptions = {}) {
    return this.#request(protocol.createPool, parameters, options.signal);
  }

  releasePool(pool: number, options: RequestOptions = {}) {
    return this.#request(protocol.releasePool, { pool }, options.signal);
  }

  invoke(parameters: Omit<protocol.InvokeParameters, "progressToken">, options: RequestOptions = {}) {
    return this.#withProgress(protocol.invoke, parameters, options);
  }

  runJobs(parameters: Omit<protocol.RunJobsParameters, "progressToken">, options: RequestOptions = {}) {
    return this.#withProgress(protocol.runJobs, parameters, options);
  }

  /** A token for a run whose results `onResults` gets as they arrive, until `closeJobStream`; it may not keep them. */
  openJobStream(onResults: (results: Uint8Array) => void): number {
    const token = this.#nextToken++;
    this.#jobResults.set(token, onResults);
    return token;
  }

  /** Where the host is gone nobody needs them: the run's request says so. */
  sendJobArguments(token: number, bytes: Uint8Array): void {
    this.#connection.notify(protocol.jobArguments, { token, arguments: bytes }).catch(() => {});
  }

  closeJobStream(token: number): void {
    this.#jobResults.delete(token);
  }

  resumeRun(parameters: Omit<protocol.ResumeRunParameters, "progressToken">, options: RequestOptions = {}) {
    return this.#withProgress(protocol.resumeRun, parameters, options);
  }

  resumePool(parameters: Omit<protocol.ResumePoolParameters, "progressToken">, options: RequestOptions = {}) {
    return this.#withProgress(protocol.resumePool, parameters, options);
  }

  snapshotPool(pool: number, options: RequestOptions = {}) {
    return this.#request(protocol.snapshotPool, { pool }, options.signal);
  }

  restorePool(parameters: protocol.RestorePoolParameters, options: RequestOptions = {}) {
    return this.#request(protocol.restorePool, parameters, options.signal);
  }

  resetPool(pool: number, instances?: readonly number[], options: RequestOptions = {}) {
    const parameters = instances === undefined ? { pool } : { pool, instances };
    return this.#request(protocol.resetPool, parameters, options.signal);
  }

  writeMemory(parameters: protocol.WriteMemoryParameters, options: RequestOptions = {}) {
    return this.#request(protocol.writeMemory, parameters, options.signal);
  }

  readMemory(parameters: protocol.ReadMemoryParameters, options: RequestOptions = {}) {
    return this.#request(protocol.readMemory, parameters, options.signal);
  }

  readState(parameters: protocol.ReadStateParameters, options: RequestOptions = {}) {
    return this.#request(protocol.readState, parameters, options.signal);
  }

  writeState(parameters: protocol.WriteStateParameters, options: RequestOptions = {}) {
    return this.#request(protocol.writeState, parameters, options.signal);
  }

  /** Asks for the schedule's events, or for no more of them; `onSchedule` gets them. */
  watchSchedule(watching: boolean, options: RequestOptions = {}) {
    return this.#request(protocol.watchSchedule, { watching }, options.signal);
  }

  onSchedule(handler: (events: readonly protocol.ScheduleEvent[]) => void): void {
    this.#connection.onNotification(protocol.schedule, ({ events }) => handler(events));
  }

  /** Ends the host, whatever else it is doing: everything in flight rejects as where it dies. Returns what it rejects with. */
  giveUp(reason: string): HostError {
    const error = new HostError("hostExited", `the host process was given up: ${reason.replace(/\.$/, "")}`);
    this.#connection.close(error);
    void this.#end();
    return error;
  }

  /** Shuts the host down in order; a host that does not comply within a bounded time is killed. Never rejects. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, shutdownTimeout);
    });
    const orderly = this.#connection
      .request(protocol.shutdown, {})
      .then(() => this.#connection.notify(protocol.exit, {}))
      .catch(() => {});
    await Promise.race([orderly, late]);
    clearTimeout(timer);
    this.#connection.close(new HostError("closed", "the connection to the host is closed"));
    await this.#end();
  }

  /** Where the device is lost to the host's process, so is all that it had: as if it had died, and another can take its place. */
  async #request<Parameters, Result>(
    message: protocol.Message<string, Parameters, Result>,
    parameters: Parameters,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    try {
      return await this.#connection.request(message, parameters, signal);
    } catch (error) {
      if (!isDeviceLoss(error)) throw error;
      throw this.giveUp(error.message);
    }
  }

  async #withProgress<Parameters extends object, Result>(
    message: protocol.Message<string, Parameters & { readonly progressToken?: number }, Result>,
    parameters: Parameters,
    options: RequestOptions,
  ): Promise<Result> {
    if (options.onProgress === undefined) return this.#request(message, parameters, options.signal);
    const progressToken = this.#nextToken++;
    this.#progress.set(progressToken, options.onProgress);
    try {
      return await this.#request(message, { ...parameters, progressToken }, options.signal);
    } finally {
      this.#progress.delete(progressToken);
    }
  }
}

/** What several hosts have to say about the machine is said once. */
const said = new Set<string>();

function warn(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  process.stderr.write(line);
}

function isDeviceLoss(error: unknown): error is HostError {
  if (!(error instanceof HostError) || error.code !== "deviceError") return false;
  const { data } = error;
  return typeof data === "object" && data !== null && "lost" in data && data.lost === true;
}

/** A connection that ends with the process, and a process that ends with the connection. */
function connectProcess(host: HostProcess): Connection {
  const connection = connect(host.stdout, host.stdin, {
    onBusy: host.ref,
    onIdle: host.unref,
    onBroken: (reason) => {
      if (reason.code === "protocolViolation") {
        connection.close(reason);
        host.kill();
        return;
      }
      // The process is about to end and says more than its stream does; one that lives on is of no use.
      const killer = setTimeout(host.kill, shutdownTimeout);
      void host.exited.finally(() => clearTimeout(killer));
    },
  });
  host.unref();
  void host.exited.then((exit) => connection.close(new HostError("hostExited", describeExit(exit), exit)));
  return connection;
}
