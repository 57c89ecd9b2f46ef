/** What every host offers under the module name `wasmburst` (docs/host-functions.md), for the device that has no host. */
import type { ImportContext } from "../api/imports.ts";
import type { OfferedFunctions } from "../api/resolveImports.ts";

/** Bytes of one text; the host's own limit. */
const longestLog = 65_536;

export function standardFunctions(show: (text: string) => void): OfferedFunctions {
  const log = async ({ instance, memory }: ImportContext, address: number, length: number) => {
    const count = length >>> 0;
    if (count > longestLog) throw new Error(`a text of ${count} bytes is too long to log: at most ${longestLog}`);
    const bytes = await memory.read(address, count);
    show(`instance ${instance}: ${Buffer.from(bytes).toString()}\n`);
  };
  return [
    {
      module: "wasmburst",
      name: "clock_nanoseconds",
      parameters: [],
      results: ["i64"],
      implementation: { kind: "single", call: () => process.hrtime.bigint() },
    },
    {
      module: "wasmburst",
      name: "instance_index",
      parameters: [],
      results: ["i32"],
      implementation: { kind: "single", call: ({ instance }) => instance },
    },
    {
      module: "wasmburst",
      name: "log",
      parameters: ["i32", "i32"],
      results: [],
      implementation: { kind: "single", call: log },
    },
  ];
}
