/** The command line as a process, in a folder of its own for the files that a test needs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { wat } from "./wat.ts";

export const root = join(import.meta.dirname, "../..");
export const directory = mkdtempSync(join(tmpdir(), "wasmburst-cli-"));
after(() => rmSync(directory, { recursive: true }));

export function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

export const modulePath = file(
  "module.wasm",
  wat(`(module (memory 1 2)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func $quotient (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "negate") (param f64) (result f64) (f64.neg (local.get 0)))
    (func (export "pair") (result i64 f32) (i64.const -1) (f32.const 0.1))
    (func (export "nothing"))
    (func (export "spin") (loop $l (br $l))))`),
);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, ["--import", "tsx", join(root, "compiler-ts/src/cli.ts"), ...args], {
    cwd: root,
    // A host that is not there: these tests are about the command line, on V8.
    env: { ...process.env, WASMBURST_HOST: join(directory, "no-host"), ...environment },
  });
}

export async function wasmburst(
  args: readonly string[],
  input = "",
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const child = start(args, environment);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

export const onV8 = (...args: readonly string[]) => wasmburst(["run", modulePath, "--device", "v8", ...args]);
