/** One warm worker thread: requests and answers, and what happens to them when it ends. */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { HostError } from "../errors.ts";
import type {
  AnswerTo,
  HostCall,
  HostCallAnswer,
  MessageFromThread,
  MessageToThread,
  ThreadRequest,
  ThreadStart,
} from "./messages.ts";

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Answers the call of an import. Rejects only where `ended` aborts: there is nobody to answer any more. */
export type CallHandler = (call: HostCall, ended: AbortSignal) => Promise<HostCallAnswer>;

export class Thread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #sent = new Int32Array(new SharedArrayBuffer(4));
  readonly #handlers = new Map<number, CallHandler>();
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  readonly #ending = new AbortController();

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = startWorker({ port: port2, sent: this.#sent });
    this.#worker.unref();
    this.#worker.on("message", (message: MessageFromThread) => {
      if (message.kind === "call") void this.#serve(message.call);
      else this.#settle(message);
    });
    this.#worker.on("error", (error) =>
      this.#end(new HostError("deviceError", `a v8 thread failed: ${error.message}`)),
    );
    this.#worker.on("exit", () => this.#end(new HostError("deviceError", "a v8 thread ended")));
  }

  get alive(): boolean {
    return !this.#ending.signal.aborted;
  }

  request<Request extends ThreadRequest>(request: Request): Promise<AnswerTo<Request>> {
    if (!this.alive) return Promise.reject(this.#ending.signal.reason);
    const id = this.#nextId++;
    // Like a host process: work in flight keeps Node alive, an idle thread does not.
    this.#worker.ref();
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#post({ kind: "request", id, request });
    }) as Promise<AnswerTo<Request>>;
  }

  /** Calls of imports by the instances of `pool` go to `handler`. */
  serve(pool: number, handler: CallHandler): void {
    this.#handlers.set(pool, handler);
  }

  /** The only way to stop wasm that runs. Rejects what is in flight with `reason`. */
  async terminate(reason: Error): Promise<void> {
    this.#end(reason);
    await this.#worker.terminate();
  }

  async #serve(call: HostCall): Promise<void> {
    const handler = this.#handlers.get(call.pool);
    if (handler === undefined) throw new Error(`pool ${call.pool} has no imported functions`);
    const ended = this.#ending.signal;
    try {
      this.#post({ kind: "answer", call: call.id, answer: await handler(call, ended) });
    } catch (error) {
      if (!ended.aborted) throw error;
    }
  }

  #post(message: MessageToThread): void {
    this.#port.postMessage(message);
    // In this order: the thread looks for a message when the count has changed.
    Atomics.add(this.#sent, 0, 1);
    Atomics.notify(this.#sent, 0);
  }

  #settle(message: Exclude<MessageFromThread, { readonly kind: "call" }>): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (message.kind === "error") pending?.reject(new HostError("deviceError", message.error));
    else pending?.resolve(message.answer);
  }

  #end(reason: Error): void {
    this.#ending.abort(reason);
    this.#port.close();
    for (const { reject } of this.#pending.values()) reject(this.#ending.signal.reason);
    this.#pending.clear();
  }
}

function startWorker(workerData: ThreadStart): Worker {
  const options = { workerData, transferList: [workerData.port] };
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url), options);
  // From sources, in tests and clones: a worker does not take over its parent's TypeScript loader.
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const entry = JSON.stringify(new URL("./worker.ts", import.meta.url).href);
  return new Worker(`import(${loader}).then(({ register }) => { register(); return import(${entry}); });`, {
    ...options,
    eval: true,
  });
}
