/** One warm worker thread: requests and answers, and what happens to them when it ends. */
import { Worker } from "node:worker_threads";
import { HostError } from "../errors.ts";
import type { AnswerTo, Envelope, Reply, ThreadRequest } from "./messages.ts";

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #ended: Error | undefined;

  constructor() {
    this.#worker = startWorker();
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) =>
      this.#end(new HostError("deviceError", `a v8 thread failed: ${error.message}`)),
    );
    this.#worker.on("exit", () => this.#end(new HostError("deviceError", "a v8 thread ended")));
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  request<Request extends ThreadRequest>(request: Request): Promise<AnswerTo<Request>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const envelope: Envelope = { id: this.#nextId++, request };
    // Like a host process: work in flight keeps Node alive, an idle thread does not.
    this.#worker.ref();
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(envelope.id, { resolve, reject });
      this.#worker.postMessage(envelope);
    }) as Promise<AnswerTo<Request>>;
  }

  /** The only way to stop wasm that runs. Rejects what is in flight with `reason`. */
  async terminate(reason: Error): Promise<void> {
    this.#end(reason);
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ("error" in reply) pending?.reject(new HostError("deviceError", reply.error));
    else pending?.resolve(reply.answer);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

function startWorker(): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./worker.js", import.meta.url));
  // From sources, in tests and clones: a worker does not take over its parent's TypeScript loader.
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const entry = JSON.stringify(new URL("./worker.ts", import.meta.url).href);
  return new Worker(`import(${loader}).then(({ register }) => { register(); return import(${entry}); });`, {
    eval: true,
  });
}
