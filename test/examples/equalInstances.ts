/**
 * The example programs as many equal instances, which have to agree with each other and with V8, by hand and on machines where the tests do not run:
 *
 *     node --import tsx test/examples/equalInstances.ts --device cuda --profiles native,apple
 *
 * `--programs` takes names and groups of bench/programs.ts. The exit code is 1 where an instance differs.
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { type BenchProgram, chosenPrograms, execution, programGroups, schedule } from "../../bench/programs.ts";
import { WasmBurst } from "../../compiler-ts/src/index.ts";
import { exampleBytes, instantiateExample } from "./example.ts";

const { values: flags } = parseArgs({
  options: {
    device: { type: "string", default: "cpu" },
    profiles: { type: "string", default: "native,apple" },
    programs: { type: "string", default: programGroups.join(",") },
    instances: { type: "string", default: "4096" },
  },
});
const instances = Number(flags.instances);
if (!Number.isInteger(instances) || instances < 1) throw new RangeError("--instances takes a positive integer");

/** How many instances differ from V8. */
async function differing(burst: WasmBurst, program: BenchProgram): Promise<number> {
  const { example, exportName, argumentsOf, memoryPages } = program;
  const values = argumentsOf(7);
  const expected = [instantiateExample(example).exportedFunction(exportName)(...values)];
  await using module = await burst.compile(exampleBytes(example), { exports: [exportName] });
  await using pool = await module.instantiate({ instances, memoryPages, execution, schedule });
  const results = await pool.invoke(
    exportName,
    Array.from({ length: instances }, () => values),
  );
  return results.filter((result) => "trap" in result || !isDeepStrictEqual(result.values, expected)).length;
}

let wrong = 0;
for (const profile of flags.profiles.split(",")) {
  await using burst = await WasmBurst.launch({ device: flags.device, profile });
  for (const program of chosenPrograms(flags.programs)) {
    const started = performance.now();
    const count = await differing(burst, program);
    wrong += count;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${program.name}, profile ${profile}: ${instances - count} of ${instances} instances as V8, ${seconds} s`,
    );
  }
}
process.exitCode = wrong === 0 ? 0 : 1;
