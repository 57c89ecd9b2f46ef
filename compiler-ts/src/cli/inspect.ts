/** `wasmburst inspect`: what a module is, without compiling it. */
import { parseArgs } from "node:util";
import { parseModule } from "../wasm/decode.ts";
import { inspect as inspectModule, renderInspection } from "../wasm/inspect.ts";
import { modulePath, readInput, wholeNumber } from "./arguments.ts";
import { type ExitCode, exitCodes } from "./exitCodes.ts";
import { openOutput } from "./output.ts";

export const inspectHelp = `usage: wasmburst inspect MODULE.wasm [--json] [--functions N]

Shows exports, imports, memories, features, functions by size and call graph facts.

  --json           the same, and all functions, as JSON
  --functions N    list the N largest functions (default 20)`;

export async function inspect(argv: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: "boolean" }, functions: { type: "string" } },
  });
  const functions = wholeNumber(values.functions, "--functions", 0);
  const inspection = inspectModule(parseModule(await readInput(modulePath(positionals))));
  const output = openOutput();
  await output.write(
    values.json === true
      ? `${JSON.stringify(inspection, null, 2)}\n`
      : renderInspection(inspection, functions === undefined ? {} : { functions }),
  );
  await output.end();
  return exitCodes.ok;
}
