/** `wasmburst inspect`: what a module is, without compiling it. */
import { parseProgram } from "../link/program.ts";
import { inspect as inspectModule, renderInspection } from "../wasm/inspect.ts";
import { attachNegatives, modulePath, readLibraries, readModule, wholeNumber } from "./arguments.ts";
import { type ExitCode, exitCodes } from "./exitCodes.ts";
import { parseOptions } from "./options.ts";
import { openOutput } from "./output.ts";

export const inspectHelp = `usage: wasmburst inspect MODULE.wasm [--link NAME=FILE.wasm]... [--json] [--functions N]

Shows exports, imports, memories, features, functions by size and call graph facts.

  --link NAME=FILE show the module linked with others: imports from NAME are exports of FILE; may be repeated
  --json           the same, and all functions, as JSON
  --functions N    list the N largest functions (default 20)`;

export async function inspect(argv: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseOptions("inspect", {
    args: attachNegatives(argv),
    allowPositionals: true,
    options: { json: { type: "boolean" }, functions: { type: "string" }, link: { type: "string", multiple: true } },
  });
  const functions = wholeNumber(values.functions, "--functions", 0);
  const inspection = inspectModule(
    parseProgram(await readModule(modulePath(positionals)), await readLibraries(values.link)),
  );
  const output = await openOutput();
  await output.write(
    values.json === true
      ? `${JSON.stringify(inspection, null, 2)}\n`
      : renderInspection(inspection, functions === undefined ? {} : { functions }),
  );
  await output.end();
  return exitCodes.ok;
}
