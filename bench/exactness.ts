/**
 * What exact f32 costs whole programs where hardware flushes subnormals: on one device with the profile `apple` and with `native` in turns in every repetition
 * of one run, results compared bit for bit. README.md says how to read it.
 */
import { parseArgs } from "node:util";
import { type RecordsResult, WasmBurst } from "../compiler-ts/src/index.ts";
import { recordsOf } from "./baselines.ts";
import { positive, runBench } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { type BenchProgram, chosenPrograms, execution, moduleBytes, schedule } from "./programs.ts";

const warmUps = 3;

interface Sizes {
  readonly instances: number;
  readonly repetitions: number;
}

function isSame(one: RecordsResult, other: RecordsResult): boolean {
  const equal = (a: Uint32Array, b: Uint32Array): boolean => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  return equal(one.status, other.status) && equal(one.results, other.results);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Seconds on the device of every repetition. */
async function measure(device: string, program: BenchProgram, { instances, repetitions }: Sizes): Promise<string[]> {
  const { name, exportName, argumentsOf, memoryPages } = program;
  const bytes = await moduleBytes(program);
  await using appleBurst = await WasmBurst.launch({ device, profile: "apple" });
  await using nativeBurst = await WasmBurst.launch({ device, profile: "native" });
  await using appleModule = await appleBurst.compile(bytes, { exports: [exportName] });
  await using nativeModule = await nativeBurst.compile(bytes, { exports: [exportName] });
  const pool = { instances, memoryPages, execution, schedule };
  await using apple = await appleModule.instantiate(pool);
  await using native = await nativeModule.instantiate(pool);

  const type = appleModule.functions.get(exportName);
  if (type === undefined) throw new Error(`${name} does not export ${exportName}`);
  const values = Array.from({ length: instances }, (_, instance) => argumentsOf(instance));
  const records = recordsOf(type.parameters, values);
  const seconds = { apple: [] as number[], native: [] as number[] };
  for (let repetition = 0; repetition < warmUps + repetitions; repetition++) {
    const before = { apple: apple.deviceSeconds, native: native.deviceSeconds };
    const onApple = await apple.invokeRecords(exportName, records);
    const onNative = await native.invokeRecords(exportName, records);
    if (!isSame(onApple, onNative)) throw new Error(`${name}: the profiles' results differ`);
    if (repetition < warmUps) continue;
    seconds.apple.push(apple.deviceSeconds - before.apple);
    seconds.native.push(native.deviceSeconds - before.native);
  }
  const milliseconds = (value: number): string => (value * 1000).toFixed(2);
  const medians = { apple: median(seconds.apple), native: median(seconds.native) };
  const least = Math.min(...seconds.apple) / Math.min(...seconds.native);
  return [
    name,
    milliseconds(medians.apple),
    milliseconds(medians.native),
    (medians.apple / medians.native).toFixed(2),
    least.toFixed(2),
  ];
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      device: { type: "string", default: "cpu" },
      programs: { type: "string", default: "montecarlo,float32" },
      instances: { type: "string", default: "128" },
      repetitions: { type: "string", default: "101" },
    },
  });
  const sizes = {
    instances: positive(flags.instances, "instances"),
    repetitions: positive(flags.repetitions, "repetitions"),
  };
  const rows: string[][] = [];
  for (const program of chosenPrograms(flags.programs)) rows.push(await measure(flags.device, program, sizes));
  console.log(formatTable([["", "apple, ms", "native, ms", "ratio", "of the least"], ...rows]));
}

await runBench("exactness", main);
