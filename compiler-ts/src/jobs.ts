/**
 * Jobs files: one JSON object a line, one instance each.
 *
 *     {"invoke": "xxh32", "args": [0, 16, 0], "memory": [{"at": 0, "base64": "..."}], "read": [{"at": 0, "length": 16}]}
 *
 * `memory` is written before the call (`utf8` may stand for `base64`), `read` is read after it; all but `invoke` may be left out.
 * Output is one line a job in input order, blank lines of the input not counted:
 *
 *     {"instance": 0, "values": [123], "read": ["..."]}
 *     {"instance": 1, "trap": "integer divide by zero", "function": "name"}
 *     {"instance": 2, "error": "line 3: ..."}
 *
 * Values have the forms of valueText.ts; what is read is base64.
 */
import { decodeBase64 } from "../../protocol/bytes.ts";
import { messageOf } from "./errors.ts";
import type { JsonValue } from "./valueText.ts";

export interface Job {
  readonly invoke: string;
  /** JSON values; their types are checked against the function's. */
  readonly args: readonly unknown[];
  readonly memory: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  readonly read: readonly { readonly at: number; readonly length: number }[];
}

export type JobResult =
  | { readonly instance: number; readonly values: readonly JsonValue[]; readonly read?: readonly string[] }
  /** `message`: what a failed import threw. */
  | { readonly instance: number; readonly trap: string; readonly function: string; readonly message?: string }
  | { readonly instance: number; readonly error: string };

/** A line of the file that holds a job, or what is wrong with it. */
export interface JobLine {
  /** Counts jobs, from 0. */
  readonly instance: number;
  /** Counts lines, from 1. */
  readonly line: number;
  readonly job: Job | { readonly error: string };
}

/** A line as text, or why it is none. */
export type JobText = string | { readonly error: string };

/** Lazily, so that a file of any size streams. */
export async function* parseJobs(lines: AsyncIterable<JobText>): AsyncGenerator<JobLine> {
  let line = 0;
  let instance = 0;
  for await (const text of lines) {
    line++;
    if (typeof text !== "string") {
      yield { instance: instance++, line, job: text };
      continue;
    }
    const content = line === 1 ? text.replace(/^\uFEFF/, "") : text;
    if (content.trim() === "") continue;
    yield { instance: instance++, line, job: parseLine(content) };
  }
}

export function formatResult(result: JobResult): string {
  return `${JSON.stringify(result)}\n`;
}

function parseLine(text: string): JobLine["job"] {
  try {
    return parseJob(JSON.parse(text));
  } catch (error) {
    return { error: error instanceof SyntaxError ? `not JSON: ${error.message}` : messageOf(error) };
  }
}

/** Bytes that one job may read: its line of results has to fit in a string, and the host's answer in a message. */
const largestRead = 2 ** 28;

const fields: ReadonlySet<string> = new Set(["invoke", "args", "memory", "read"]);

function parseJob(value: unknown): Job {
  const job = objectOf(value, "a job");
  const unknown = Object.keys(job).find((key) => !fields.has(key));
  if (unknown !== undefined) throw new TypeError(`unknown field "${unknown}"; a job has ${[...fields].join(", ")}`);
  if (typeof job.invoke !== "string") throw new TypeError(`"invoke" must be the name of an exported function`);
  return {
    invoke: job.invoke,
    args: listOf(job.args, "args"),
    memory: listOf(job.memory, "memory").map((entry, index) => parseWrite(entry, `memory[${index}]`)),
    read: parseReads(job.read),
  };
}

function parseReads(value: unknown): Job["read"] {
  const reads = listOf(value, "read").map((entry, index) => {
    const range = objectOf(entry, `read[${index}]`);
    return { at: naturalOf(range.at, `read[${index}].at`), length: naturalOf(range.length, `read[${index}].length`) };
  });
  const bytes = reads.reduce((sum, { length }) => sum + length, 0);
  if (bytes > largestRead) throw new TypeError(`"read" has ${bytes} bytes, over the limit of ${largestRead} for a job`);
  return reads;
}

function parseWrite(value: unknown, what: string): Job["memory"][number] {
  const { at, base64, utf8 } = objectOf(value, what);
  if ((base64 === undefined) === (utf8 === undefined)) throw new TypeError(`${what} needs either base64 or utf8`);
  const text = base64 ?? utf8;
  if (typeof text !== "string") throw new TypeError(`${what}: base64 and utf8 are strings`);
  const bytes = base64 === undefined ? new TextEncoder().encode(text) : decodeBase64(text, `${what}.base64`);
  return { at: naturalOf(at, `${what}.at`), bytes };
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${what} must be an object`);
  return value as Record<string, unknown>;
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`"${what}" must be an array`);
  return value;
}

function naturalOf(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new TypeError(`${what} must be an integer from 0 to 4294967295`);
  }
  return value;
}
