/** The thread's end of its messages. Wasm on V8 calls an import at once, so the thread stands still until the main thread has answered. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { HostFailure } from "../api/hostFunctions.ts";
import type {
  HostCall,
  HostCallAnswer,
  MessageFromThread,
  MessageToThread,
  ThreadRequest,
  ThreadStart,
} from "./messages.ts";

/** Unwinds the wasm of one instance: what its import threw in the main thread. */
export class HostFunctionFailed extends Error {
  readonly failure: HostFailure;

  constructor(failure: HostFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

type Handler = (request: ThreadRequest) => unknown;

let handler: Handler | undefined;
let lastCall = 0;
/** Of calls further out on the stack, which go on when those within have returned. */
const answers = new Map<number, HostCallAnswer>();

/** From now on `handle` answers the requests of the main thread, also while a call of `callHost` waits. */
export function serveRequests(handle: Handler): void {
  handler = handle;
  (workerData as ThreadStart).port.on("message", receive);
}

/** The record of results. Throws HostFunctionFailed. */
export function callHost(call: Omit<HostCall, "id">): Uint32Array {
  const { port, sent } = workerData as ThreadStart;
  const id = ++lastCall;
  send({ kind: "call", call: { id, ...call } });
  for (;;) {
    const answer = answers.get(id);
    if (answer === undefined) {
      receive(nextMessage(port, sent));
      continue;
    }
    answers.delete(id);
    if ("failure" in answer) throw new HostFunctionFailed(answer.failure);
    return answer.results;
  }
}

function receive(message: MessageToThread): void {
  if (message.kind === "answer") {
    answers.set(message.call, message.answer);
    return;
  }
  const { id, request } = message;
  try {
    send({ kind: "reply", id, answer: handler?.(request) });
  } catch (error) {
    send({ kind: "error", id, error: error instanceof Error ? error.message : String(error) });
  }
}

function nextMessage(port: MessagePort, sent: Int32Array): MessageToThread {
  for (;;) {
    // The count is read first: a message that comes between the two steps makes the wait return at once.
    const count = Atomics.load(sent, 0);
    const received = receiveMessageOnPort(port);
    if (received !== undefined) return received.message as MessageToThread;
    Atomics.wait(sent, 0, count);
  }
}

function send(message: MessageFromThread): void {
  parentPort?.postMessage(message);
}
