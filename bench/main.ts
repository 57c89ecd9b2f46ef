/** What the benches' command lines share: checked numbers, and how a bench ends that cannot run. */
import { CompileError, HostError } from "../compiler-ts/src/index.ts";
import { BaselineError } from "./processBaseline.ts";

/** Throws RangeError. */
export function positive(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new RangeError(`--${option} ${text}: expected a positive integer`);
  return number;
}

/** One line on stderr and an exit code: 2 where the command line or a program is wrong, 70 where the device or a baseline failed. */
export async function runBench(name: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = explained(name, error);
  }
}

/** The same for a program that is no function: to be called before anything that can fail. */
export function explainProblems(name: string): void {
  process.on("uncaughtException", (error) => {
    try {
      process.exit(explained(name, error));
    } catch {
      console.error(error);
      process.exit(1);
    }
  });
}

/** Rethrows what is a bug. */
function explained(name: string, error: unknown): number {
  // parseArgs throws TypeErrors with a code of its own.
  const isUsage =
    error instanceof RangeError || error instanceof CompileError || (error instanceof TypeError && "code" in error);
  if (!isUsage && !(error instanceof HostError || error instanceof BaselineError)) throw error;
  console.error(`${name}: ${error.message}`);
  return isUsage ? 2 : 70;
}
