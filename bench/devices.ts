/** The same work on one device and on several that share it (`--devices cuda --devices cuda:all`): invocations and queues of jobs. */
import { parseArgs } from "node:util";
import { WasmBurst } from "../compiler-ts/src/index.ts";
import { explainProblems } from "./main.ts";
import { formatTable, median } from "./measure.ts";
import { execution, moduleBytes, programs, schedule } from "./programs.ts";

explainProblems("devices");
const { values: flags } = parseArgs({
  options: {
    devices: { type: "string", multiple: true, default: ["cuda", "cuda:all"] },
    program: { type: "string", default: "sha256" },
    /** Of each device. */
    instances: { type: "string", default: "262144" },
    /** Of all devices together. */
    jobs: { type: "string", default: "2097152" },
    repetitions: { type: "string", default: "3" },
  },
});

const program = programs.find(({ name }) => name === flags.program);
if (program === undefined)
  throw new RangeError(`no program ${flags.program}; there are ${programs.map((p) => p.name).join(", ")}`);
const { exportName, argumentsOf, memoryPages } = program;
const jobs = Number(flags.jobs);

interface Round {
  readonly status: Uint32Array;
  readonly results: Uint32Array;
}

/** Median seconds of a round, after one to warm up; all rounds of all devices have to agree. */
async function measured(expected: Uint32Array | undefined, round: () => Promise<Round>) {
  const seconds: number[] = [];
  let results = expected;
  for (let repetition = 0; repetition <= Number(flags.repetitions); repetition++) {
    const start = performance.now();
    const answer = await round();
    if (repetition > 0) seconds.push((performance.now() - start) / 1000);
    if (answer.status.some((word) => word !== 0)) throw new Error("a trap, or a job that was not run");
    results ??= answer.results.slice();
    const common = Math.min(results.length, answer.results.length);
    if (Buffer.compare(bytesOf(results, common), bytesOf(answer.results, common)) !== 0)
      throw new Error("results differ from those of the first device");
  }
  return { seconds: median(seconds), results: results as Uint32Array };
}

function bytesOf({ buffer, byteOffset }: Uint32Array, words: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset, words * 4);
}

/** i32 only, as the arguments of these programs are. */
function records(count: number): Uint32Array {
  const each = argumentsOf(0).length;
  const words = new Uint32Array(count * each);
  for (let index = 0; index < count; index++) words.set(argumentsOf(index).map(Number), index * each);
  return words;
}

const table = [["device", "invoke, instances/s", "against the first", "jobs/s", "against the first"]];
let first: { readonly invoke: number; readonly jobs: number } | undefined;
let invoked: Uint32Array | undefined;
let ran: Uint32Array | undefined;
const jobRecords = records(jobs);
for (const device of flags.devices) {
  await using burst = await WasmBurst.launch({ device });
  await using module = await burst.compile(await moduleBytes(program), { exports: [exportName] });
  const instances = Number(flags.instances) * burst.device.count;
  await using pool = await module.instantiate({ instances, memoryPages, schedule, execution });
  const instanceRecords = records(instances);
  const invocation = await measured(invoked, () => pool.invokeRecords(exportName, instanceRecords));
  const queue = await measured(ran, () => pool.runJobRecords(exportName, jobs, jobRecords));
  invoked = invocation.results;
  ran = queue.results;
  const rates = { invoke: instances / invocation.seconds, jobs: jobs / queue.seconds };
  first ??= rates;
  table.push([
    `${burst.device.id} (${burst.device.name})`,
    Math.round(rates.invoke).toLocaleString("en-US"),
    `${(rates.invoke / first.invoke).toFixed(2)}x`,
    Math.round(rates.jobs).toLocaleString("en-US"),
    `${(rates.jobs / first.jobs).toFixed(2)}x`,
  ]);
}
console.log(`${program.name}, ${flags.instances} instances on each device, ${jobs.toLocaleString("en-US")} jobs`);
console.log(formatTable(table));
