/**
 * A baseline in a process of its own, `BINARY MODULE.wasm EXPORT ARGUMENTS RESULTS THREADS`: bench/wasmtime, bench/native or bench/handwritten.
 * Both files hold records of 32-bit words, little-endian. It says "ready", with or without a note behind it, and for each line "run" that it
 * reads, it runs every job, writes the results and answers the seconds that the jobs took.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface ProcessBaseline {
  /** What the process chose, in words; empty where there was nothing to choose. */
  readonly note: string;
  readonly run: () => Promise<{ readonly seconds: number; readonly results: Uint32Array }>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** The process could not be started, ended, or answered something else; the message has its diagnostics. */
export class BaselineError extends Error {}

/** The binary does not have this program: it exits with status 3 before it is ready. */
export class MissingProgram extends BaselineError {}

const missingProgramStatus = 3;

export async function startProcessBaseline(
  binary: string,
  threads: number,
  setup: { readonly module: URL; readonly exportName: string; readonly records: Uint32Array },
): Promise<ProcessBaseline> {
  const folder = await mkdtemp(join(tmpdir(), "wasmburst-baseline-"));
  const [input, output] = [join(folder, "arguments"), join(folder, "results")];
  await writeFile(input, setup.records);
  const child = spawn(binary, [fileURLToPath(setup.module), setup.exportName, input, output, String(threads)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Writing to a process that has ended is an error of the stream; the answer that does not come says why.
  child.stdin.on("error", () => {});
  const ended = endOf(child, binary);
  const dispose = async (): Promise<void> => {
    child.kill();
    await ended.catch(() => {});
    await rm(folder, { recursive: true });
  };
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const line = await lines.next();
    return line.done ? await ended : line.value;
  };
  let note: string;
  try {
    const first = await answer();
    const ready = /^ready(?: (?<note>.*))?$/.exec(first);
    if (ready === null) throw new BaselineError(`${binary} said ${JSON.stringify(first)} for "ready"`);
    note = ready.groups?.note ?? "";
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    note,
    run: async () => {
      child.stdin.write("run\n");
      const line = await answer();
      const seconds = Number(line);
      if (!(seconds > 0)) throw new BaselineError(`${binary} answered ${JSON.stringify(line)}, not a time`);
      const { buffer } = Uint8Array.from(await readFile(output));
      return { seconds, results: new Uint32Array(buffer) };
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Rejects when the process has ended or could not be started: it has no reason to end by itself. */
function endOf(child: ChildProcessByStdio<Writable, Readable, Readable>, binary: string): Promise<never> {
  const diagnostics: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => diagnostics.push(chunk));
  const ended = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new BaselineError(`cannot start ${binary}: ${error.message}`)));
    child.once("close", (status, signal) => {
      const reason = `${binary} ended (${signal ?? `status ${status}`}): ${Buffer.concat(diagnostics).toString().trim()}`;
      reject(status === missingProgramStatus ? new MissingProgram(reason) : new BaselineError(reason));
    });
  });
  // Awaited where an answer does not come; until then nobody listens.
  ended.catch(() => {});
  return ended;
}
