/** The host as a child process: streams, the end of its stderr, and how it ended. */
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { isDebugging } from "../debugging.ts";

export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set where the process could not be started. */
  readonly startError?: Error;
  /** The last lines that the host wrote on stderr. */
  readonly stderr: readonly string[];
}

export interface HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly exited: Promise<HostExit>;
  /** An idle host does not keep Node alive; a request in flight does. */
  ref(): void;
  unref(): void;
  kill(): void;
}

const stderrLinesKept = 20;
/** A process that the host started may hold stderr open after its end; the exit is reported without waiting longer for it. */
const stderrGraceMilliseconds = 200;

export function spawnHost(path: string, args: readonly string[] = []): HostProcess {
  const child = spawn(path, args, { stdio: ["pipe", "pipe", "pipe"] });
  const handles: readonly object[] = [child, child.stdin, child.stdout, child.stderr];
  const referenced = handles.filter(isReferenced);
  const stderr = lastLines(child.stderr, stderrLinesKept);

  const exited = new Promise<HostExit>((resolve) => {
    child.once("error", (startError) => {
      // Errors of kill or send on a running child come here too; only a failed start leaves it without a pid.
      if (child.pid === undefined) resolve({ code: null, signal: null, startError, stderr: stderr() });
    });
    child.once("exit", (code, signal) => {
      const report = () => resolve({ code, signal, stderr: stderr() });
      child.once("close", report);
      setTimeout(report, stderrGraceMilliseconds);
    });
  });
  // The connection learns of a broken pipe from its writer; without a listener Node would throw.
  child.stdin.on("error", () => {});

  return {
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    ref() {
      for (const handle of referenced) handle.ref();
    },
    unref() {
      for (const handle of referenced) handle.unref();
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** One sentence, with the last stderr lines below it. */
export function describeExit(exit: HostExit): string {
  const how =
    exit.startError !== undefined
      ? `could not be started: ${exit.startError.message}`
      : exit.signal !== null
        ? `was ended by signal ${exit.signal}`
        : `ended with exit code ${exit.code}`;
  const lines =
    exit.stderr.length === 0 ? "" : `; its last lines:\n${exit.stderr.map((line) => `  ${line}`).join("\n")}`;
  return `the host process ${how}${lines}`;
}

interface Referenced {
  ref(): void;
  unref(): void;
}

/** Pipes are sockets at run time, which their declared types do not say. */
function isReferenced(handle: object): handle is Referenced {
  return "ref" in handle && "unref" in handle;
}

function lastLines(stream: Readable, count: number): () => readonly string[] {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    if (isDebugging()) process.stderr.write(chunk);
    // Kept bounded: a host may write for hours.
    text = (text + chunk)
      .split("\n")
      .slice(-(count + 1))
      .join("\n")
      .slice(-16_384);
  });
  return () =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .slice(-count);
}
