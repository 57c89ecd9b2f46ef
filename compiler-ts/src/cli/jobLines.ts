/** The lines of a jobs file: of any number, each of bounded length, each UTF-8 or an error of its own. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { JobText } from "../jobs.ts";
import type { WorkDone } from "./activity.ts";
import { inputError } from "./arguments.ts";

/** Bytes; a string of V8 holds twice as many. */
const longestLine = 2 ** 28;
const newline = 0x0a;

/** Opened before anything starts, so that a missing file is noticed first. `-` is stdin. The lines end where `signal` aborts. */
export async function openLines(path: string, work: WorkDone, signal: AbortSignal): Promise<AsyncIterable<JobText>> {
  if (path === "-") return readLines("stdin", process.stdin, signal);
  const stream = createReadStream(path);
  try {
    await once(stream, "open");
  } catch (error) {
    throw inputError(path, error);
  }
  const { size } = await stat(path);
  if (size > 0) work.readShare = () => stream.bytesRead / size;
  return readLines(path, stream, signal);
}

async function* readLines(path: string, stream: Readable, signal: AbortSignal): AsyncGenerator<JobText> {
  // A writer that neither writes nor closes its pipe would be waited for.
  const stop = () => void stream.destroy();
  signal.addEventListener("abort", stop);
  try {
    // readline would lose an error of the stream.
    yield* splitLines(stream as AsyncIterable<Uint8Array>);
  } catch (error) {
    if (!signal.aborted) throw inputError(path, error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** `longest`: bytes of a line, beyond which it is an error and is not kept. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number = longestLine,
): AsyncGenerator<JobText> {
  const begun = new BegunLine(longest);
  for await (const chunk of chunks) {
    const first = chunk.indexOf(newline);
    begun.add(first === -1 ? chunk : chunk.subarray(0, first));
    if (first === -1) continue;
    yield begun.take();
    const last = chunk.lastIndexOf(newline);
    if (last > first) yield* decodeLines(chunk.subarray(first + 1, last));
    begun.add(chunk.subarray(last + 1));
  }
  if (!begun.isEmpty) yield begun.take();
}

/** A line whose end has not come yet. Its parts are joined once: a long line comes in thousands of them. */
class BegunLine {
  readonly #longest: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#longest) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  take(): JobText {
    const isTooLong = this.#length > this.#longest;
    const line = isTooLong
      ? { error: `the line is longer than ${this.#longest} bytes` }
      : decode(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

// A mark at the beginning is left in place: parseJobs knows which line is the first.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): JobText {
  try {
    return decoder.decode(bytes);
  } catch {
    return { error: "not UTF-8" };
  }
}

/** All at once, which is several times faster than line by line; only where that fails is it known whose fault it is. */
function decodeLines(block: Uint8Array): readonly JobText[] {
  const text = decode(block);
  if (typeof text === "string") return text.split("\n");
  const lines: JobText[] = [];
  for (let start = 0; start <= block.length; ) {
    const end = block.indexOf(newline, start);
    const stop = end === -1 ? block.length : end;
    lines.push(decode(block.subarray(start, stop)));
    start = stop + 1;
  }
  return lines;
}
