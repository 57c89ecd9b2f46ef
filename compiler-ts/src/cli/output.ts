/** Results to stdout or a file, everything else to stderr. */

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { messageOf } from "../errors.ts";
import { CliError, codeOf, exitCodes, usageError } from "./exitCodes.ts";

export interface Output {
  /** Waits while the reader is slow. Throws StdoutClosed where the reader has gone away. */
  write(text: string | Uint8Array): Promise<void>;
  /** After all has been handed to the operating system. */
  end(): Promise<void>;
}

/** The reader of stdout closed it, as `head` does: not an error, but there is nothing left to do. */
export class StdoutClosed extends Error {}

/** `-` or `undefined` is stdout. A file that cannot be written is refused here, before there is anything to lose. */
export async function openOutput(path?: string): Promise<Output> {
  const toStdout = path === undefined || path === "-";
  const stream = toStdout ? process.stdout : await openFile(path);
  let failure: Error | undefined;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    failure = toStdout && error.code === "EPIPE" ? new StdoutClosed() : outputError(toStdout ? "stdout" : path, error);
  });
  const check = () => {
    if (failure !== undefined) throw failure;
  };
  return {
    async write(text) {
      check();
      if (!stream.write(text)) {
        // Which of the two comes, an error also ends the wait; `check` tells.
        await Promise.race([
          once(stream, "drain"),
          once(stream, "close"),
          new Promise((resolve) => stream.once("error", resolve)),
        ]).catch(() => {});
      }
      check();
    },
    async end() {
      check();
      await new Promise<void>((resolve) => {
        stream.once("error", () => resolve());
        if (toStdout) stream.write("", () => resolve());
        // Its callback comes before the listener that keeps the error.
        else stream.once("close", () => resolve()).end();
      });
      check();
    },
  };
}

async function openFile(path: string): Promise<Writable> {
  const stream = createWriteStream(path);
  try {
    await once(stream, "open");
  } catch (error) {
    throw outputError(path, error);
  }
  return stream;
}

/** Where both names are of one file, what is read would be gone. */
export async function refuseOverwriting(output: string | undefined, inputs: readonly (string | undefined)[]) {
  if (output === undefined || output === "-") return;
  const written = await identityOf(output);
  for (const input of inputs) {
    if (input !== undefined && written !== undefined && (await identityOf(input)) === written)
      throw usageError(`${output} is what is read: it would be overwritten`);
  }
}

/** Of a regular file that exists. */
async function identityOf(path: string): Promise<string | undefined> {
  const status = await stat(path, { bigint: true }).catch(() => undefined);
  return status?.isFile() ? `${status.dev}:${status.ino}` : undefined;
}

/** With those above it. Node's own `recursive` never ends where a folder that exists takes no others, as /proc (Node 20). */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
    const above = dirname(path);
    if (codeOf(error) !== "ENOENT" || above === path || (await stat(above).catch(() => undefined))) throw error;
    await makeFolder(above);
    await mkdir(path);
  }
}

export function outputError(path: string, error: unknown): CliError {
  return new CliError(exitCodes.io, `cannot write ${path}: ${messageOf(error)}`);
}

/** Names and texts of modules and jobs files are in it: what a terminal would obey is shown instead. */
export function note(text: string): void {
  const shown = text.replace(
    /[^\P{Cc}\n\t]/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  process.stderr.write(`${shown}\n`);
}

/** Milliseconds between lines where they cannot be rewritten. */
const lineInterval = 1_000;

/** One line that is rewritten in place on a terminal, by default only there; elsewhere a line now and then. */
export class ProgressLine {
  readonly isEnabled: boolean;
  #shown = false;
  #lastLine = 0;

  constructor(enabled?: boolean) {
    this.isEnabled = enabled ?? process.stderr.isTTY === true;
  }

  show(text: string): void {
    if (!this.isEnabled) return;
    if (process.stderr.isTTY !== true) {
      if (performance.now() - this.#lastLine < lineInterval) return;
      this.#lastLine = performance.now();
      note(text);
      return;
    }
    const width = (process.stderr.columns ?? 80) - 1;
    process.stderr.write(`\r\u001b[2K${text.replaceAll("\n", " ").slice(0, width)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stderr.write("\r\u001b[2K");
    this.#shown = false;
  }
}
