/**
 * Two pools on one device: what a small invocation takes alone, and beside one of many long instances, by the slices that are asked for; and what the large one takes
 * alone and beside. README.md says how to read it.
 */
import { parseArgs } from "node:util";
import { type Pool, WasmBurst } from "../compiler-ts/src/index.ts";
import { positive, runBench } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, chosenPrograms, execution, moduleBytes, schedule } from "./programs.ts";

/** A small invocation: hardly more than a launch. */
const small = { program: "fib", arguments: [10], instances: 1024, rounds: 10 } as const;

interface Sizes {
  readonly instances: number;
  /** Milliseconds; `undefined`: adapted. */
  readonly slice: number | undefined;
}

async function millisecondsOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** `run` takes the milliseconds of an invocation of all instances. */
async function poolOf(burst: WasmBurst, program: BenchProgram, { instances, slice }: Sizes) {
  const { exportName, argumentsOf, memoryPages } = program;
  const module = await burst.compile(await moduleBytes(program), { exports: [exportName] });
  const paced = { ...schedule, ...(slice === undefined ? {} : { slice }) };
  const pool: Pool = await module.instantiate({ instances, memoryPages, execution, schedule: paced });
  const calls = Array.from({ length: instances }, (_, instance) => argumentsOf(instance));
  return { run: () => millisecondsOf(() => pool.invoke(exportName, calls)) };
}

async function measure(device: string, large: BenchProgram, sizes: Sizes): Promise<string[]> {
  await using burst = await WasmBurst.launch({ device });
  const long = await poolOf(burst, large, sizes);
  const [program] = chosenPrograms(small.program) as [BenchProgram];
  const short = await poolOf(
    burst,
    { ...program, argumentsOf: () => small.arguments },
    { ...sizes, instances: small.instances },
  );
  // Built, and their fuel learned.
  for (let round = 0; round < 2; round++) for (const pool of [short, long]) await pool.run();
  const alone: number[] = [];
  for (let round = 0; round < small.rounds; round++) alone.push(await short.run());
  const largeAlone = await long.run();
  let isRunning = true;
  const running = long.run().finally(() => {
    isRunning = false;
  });
  const beside: number[] = [];
  while (isRunning) beside.push(await short.run());
  const milliseconds = [median(alone), median(beside), Math.max(...beside), largeAlone, await running];
  const slices = sizes.slice === undefined ? "adapted" : `${sizes.slice} ms`;
  return [slices, ...milliseconds.map((value) => value.toFixed(1)), String(beside.length)];
}

await runBench("pools", async () => {
  const { values: flags } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      program: { type: "string", default: "quicksort" },
      instances: { type: "string", default: "65536" },
      slices: { type: "string", default: "adapted,12,5" },
    },
  });
  const instances = positive(flags.instances, "instances");
  const slices = flags.slices.split(",").map((text) => (text === "adapted" ? undefined : positive(text, "slices")));
  const [large] = chosenPrograms(flags.program);
  if (large === undefined) throw new RangeError(`--program ${flags.program}: expected a program`);
  const rows = [];
  for (const slice of slices) rows.push(await measure(flags.device, large, { instances, slice }));
  console.log(
    `${large.name} in ${instances} instances, and ${small.program}(${small.arguments}) in ${small.instances} beside it; milliseconds`,
  );
  console.log(
    formatTable([
      ["slices", "small alone", "beside", "most", "large alone", "beside", "small ones meanwhile"],
      ...rows,
    ]),
  );
});
