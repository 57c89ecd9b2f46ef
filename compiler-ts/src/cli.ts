#!/usr/bin/env node
import { compile, compileHelp } from "./cli/compile.ts";
import { devices, devicesHelp } from "./cli/devices.ts";
import { describeError, type ExitCode, exitCodeOf, exitCodes, usageError } from "./cli/exitCodes.ts";
import { inspect, inspectHelp } from "./cli/inspect.ts";
import { nearest } from "./cli/nearest.ts";
import { note, openOutput, StdoutClosed } from "./cli/output.ts";
import { run, runHelp } from "./cli/run.ts";
import { isDebugging } from "./debugging.ts";
/** `npx wasmburst`: parses the command, calls the API, sets the exit code. */
import { clientVersion } from "./host/client.ts";

interface Command {
  readonly summary: string;
  readonly help: string;
  run(argv: readonly string[], signal: AbortSignal): Promise<ExitCode>;
}

const commands: ReadonlyMap<string, Command> = new Map([
  ["run", { summary: "run an export in many isolated instances, or a jobs file", help: runHelp, run }],
  ["compile", { summary: "compile to Metal Shading Language, IR or metadata", help: compileHelp, run: compile }],
  ["inspect", { summary: "show exports, imports, features, functions, call graph", help: inspectHelp, run: inspect }],
  ["devices", { summary: "list devices, their limits and why one cannot be used", help: devicesHelp, run: devices }],
]);

const generalHelp = `usage: wasmburst COMMAND [OPTION...]

Runs one unmodified WebAssembly module as thousands of isolated instances on a GPU.

${[...commands].map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`).join("\n")}
  help      show this, or "help COMMAND"

  --version, -V   print the version
  --help, -h      after a command: its options

exit codes: 0 done, 1 an instance trapped, 2 wrong usage, 65 bad module or jobs line, 66 no such file,
69 device not available, 70 host or device failed, 74 reading or writing failed, 130 interrupted`;

async function main(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "-V") return print(clientVersion);
  if (name === undefined) throw usageError(`which command?\n${generalHelp}`);
  if (name === "help" || name === "--help" || name === "-h") {
    return print(rest[0] === undefined ? generalHelp : commandNamed(rest[0]).help);
  }
  const command = commandNamed(name);
  const flags = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (flags.includes("--help") || flags.includes("-h")) return print(command.help);
  return command.run(rest, signal);
}

function commandNamed(name: string): Command {
  const command = commands.get(name);
  if (command === undefined) {
    const meant = nearest(name, [...commands.keys(), "help"]);
    const advice = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    throw usageError(`unknown command "${name}"${advice}; there are ${[...commands.keys()].join(", ")} and help`);
  }
  return command;
}

async function print(text: string): Promise<ExitCode> {
  const output = await openOutput();
  await output.write(`${text}\n`);
  await output.end();
  return exitCodes.ok;
}

/** Work that does not stop in order within this time is left to its fate. */
const interruptGraceMilliseconds = 2_000;

function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Error("interrupted"));
    setTimeout(() => process.exit(exitCodes.interrupted), interruptGraceMilliseconds).unref();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

// Nobody is left to be told. The results and the exit code are what they are.
process.stderr.on("error", () => {});
const signal = interruptSignal();
try {
  process.exitCode = await main(process.argv.slice(2), signal);
} catch (error) {
  if (error instanceof StdoutClosed) {
    process.exitCode = exitCodes.ok;
  } else if (signal.aborted) {
    process.exitCode = exitCodes.interrupted;
  } else {
    if (isDebugging()) console.error(error);
    note(`wasmburst: ${describeError(error)}`);
    process.exitCode = exitCodeOf(error);
  }
}
