/**
 * What fuel and suspension cost: each example with and without them, in turn in every repetition of one run, results compared, medians of the device's own time and
 * their ratio printed. Without them a program that calls itself takes the device's own stack.
 */

import { parseArgs } from "node:util";
import { recordWords, writeRecord } from "../compiler-ts/src/api/values.ts";
import { type Pool, WasmBurst } from "../compiler-ts/src/index.ts";
import { runBench } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, chosenPrograms, execution, moduleBytes, schedule } from "./programs.ts";

const warmUps = 2;

interface Row {
  readonly program: string;
  /** Medians, seconds on the device. */
  readonly suspending: number;
  readonly plain: number;
}

async function measure(burst: WasmBurst, program: BenchProgram, instances: number, repetitions: number): Promise<Row> {
  const { name, exportName, argumentsOf, memoryPages } = program;
  const bytes = await moduleBytes(program);
  await using module = await burst.compile(bytes, { exports: [exportName] });
  await using plainModule = await burst.compile(bytes, { exports: [exportName], suspension: false });
  await using suspending = await module.instantiate({ instances, memoryPages, execution, schedule });
  await using plain = await plainModule.instantiate({ instances, memoryPages, execution, schedule });
  const type = module.functions.get(exportName);
  if (type === undefined) throw new Error(`${name} does not export ${exportName}`);
  const words = recordWords(type.parameters);
  const records = new Uint32Array(instances * words);
  for (let instance = 0; instance < instances; instance++)
    writeRecord(type.parameters, argumentsOf(instance), records, instance * words, exportName);
  const secondsOf = async (pool: Pool): Promise<{ seconds: number; results: Uint32Array }> => {
    const before = pool.deviceSeconds;
    const { results } = await pool.invokeRecords(exportName, records);
    return { seconds: pool.deviceSeconds - before, results };
  };
  const seconds = { suspending: [] as number[], plain: [] as number[] };
  for (let repetition = 0; repetition < warmUps + repetitions; repetition++) {
    const first = await secondsOf(suspending);
    const second = await secondsOf(plain);
    if (Buffer.compare(Buffer.from(first.results.buffer), Buffer.from(second.results.buffer)) !== 0)
      throw new Error(`${name}: the results differ`);
    if (repetition < warmUps) continue;
    seconds.suspending.push(first.seconds);
    seconds.plain.push(second.seconds);
  }
  return { program: name, suspending: median(seconds.suspending), plain: median(seconds.plain) };
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      instances: { type: "string", default: "1024" },
      repetitions: { type: "string", default: "7" },
      programs: { type: "string", default: "compute" },
    },
  });
  await using burst = await WasmBurst.launch({ device: options.device });
  const rows: Row[] = [];
  for (const program of chosenPrograms(options.programs))
    rows.push(await measure(burst, program, Number(options.instances), Number(options.repetitions)));
  const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(1);
  console.log(`${options.instances} instances a program; device ${burst.device.id}: ${burst.device.name}`);
  console.log(
    formatTable([
      ["ms", "suspending", "without", "ratio"],
      ...rows.map(({ program, suspending, plain }) => [
        program,
        milliseconds(suspending),
        milliseconds(plain),
        (suspending / plain).toFixed(2),
      ]),
    ]),
  );
}

await runBench("suspension", main);
