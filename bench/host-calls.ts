/**
 * What a call of an imported function costs, in JavaScript or the host's own: many instances, one call each. The same export without the call is measured beside
 * it, in turn in every repetition, and taken off. README.md says how to read it.
 */
import { parseArgs } from "node:util";
import { batched, type ImportContext, type ImportValue, type Pool, WasmBurst } from "../compiler-ts/src/index.ts";
import { wat } from "../test/support/wat.ts";
import { positive, runBench } from "./main.ts";
import { formatTable, median } from "./measure.ts";

const warmUps = 2;
/** Of the memory that the functions which touch it read. */
const bytesRead = 16;

interface Variant {
  readonly name: string;
  readonly memory: boolean;
  /** `clock` is told when each call begins and ends. Absent: the function is one that the host offers. */
  readonly make?: (clock: Clock) => ImportValue;
}

/** Seconds from the first call of a round to the end of the last. */
class Clock {
  #first: number | undefined;
  #last = 0;

  begin(): void {
    this.#first ??= performance.now();
  }

  end(): void {
    this.#last = performance.now();
  }

  take(): number {
    const seconds = this.#first === undefined ? 0 : (this.#last - this.#first) / 1000;
    this.#first = undefined;
    return seconds;
  }
}

const variants: readonly Variant[] = [
  { name: "the host's own", memory: false },
  {
    name: "a function",
    memory: false,
    make: (clock) => (_: ImportContext, value: number) => {
      clock.begin();
      clock.end();
      return value + 1;
    },
  },
  {
    name: "an async function",
    memory: false,
    make: (clock) => async (_: ImportContext, value: number) => {
      clock.begin();
      await undefined;
      clock.end();
      return value + 1;
    },
  },
  {
    name: "batched",
    memory: false,
    make: (clock) =>
      batched(({ columns: [values] }) => {
        clock.begin();
        const results = (values as Int32Array).map((value) => value + 1);
        clock.end();
        return results;
      }),
  },
  {
    name: `a function that reads ${bytesRead} bytes`,
    memory: true,
    make:
      (clock) =>
      async ({ memory }: ImportContext, value: number) => {
        clock.begin();
        const bytes = await memory.read(0, bytesRead);
        clock.end();
        return value + 1 + (bytes[0] ?? 0);
      },
  },
  {
    name: `batched, reading ${bytesRead} bytes`,
    memory: true,
    make: (clock) =>
      batched(async ({ columns: [values], memory }) => {
        clock.begin();
        const read = await memory.read(new Uint32Array((values as Int32Array).length), bytesRead);
        clock.end();
        return (values as Int32Array).map((value, at) => value + 1 + (read[at]?.[0] ?? 0));
      }),
  },
];

const hostText = `(module (import "wasmburst" "instance_index" (func $f (result i32)))
  (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "call") (param i32) (result i32) (i32.add (call $f) (i32.const 1))))`;

const text = (memory: boolean): string => `(module (import "env" "f" (func $f (param i32) (result i32)))
  ${memory ? "(memory 1 1)" : ""}
  (func (export "plain") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "call") (param i32) (result i32) (call $f (local.get 0))))`;

/** No spilled values, few frames, short records: that many instances fit. */
const execution = { values: 256, callStack: 256, scratch: 256 } as const;

interface Round {
  readonly seconds: number;
  readonly deviceSeconds: number;
}

async function timed(pool: Pool, name: string, records: Uint32Array): Promise<Round> {
  const before = pool.deviceSeconds;
  const start = performance.now();
  const { results } = await pool.invokeRecords(name, records);
  const seconds = (performance.now() - start) / 1000;
  const wrong = results.findIndex((value, instance) => value !== instance + 1);
  if (wrong !== -1) throw new Error(`${name}, instance ${wrong}: ${results[wrong]}, not ${wrong + 1}`);
  return { seconds, deviceSeconds: pool.deviceSeconds - before };
}

/** Microseconds a call. */
interface Row {
  readonly variant: string;
  readonly instances: number;
  readonly total: number;
  /** Undefined on v8, whose threads stand still in a call: there its parts cannot be told apart. */
  readonly parts:
    | {
        readonly device: number;
        readonly functions: number;
        /** What is left: requests, their encoding, and records. */
        readonly requests: number;
      }
    | undefined;
}

async function measure(burst: WasmBurst, variant: Variant, instances: number, repetitions: number): Promise<Row> {
  const clock = new Clock();
  const imports = variant.make === undefined ? {} : { env: { f: variant.make(clock) } };
  await using module = await burst.compile(wat(variant.make === undefined ? hostText : text(variant.memory)));
  await using pool = await module.instantiate({ instances, execution, imports });
  const records = Uint32Array.from({ length: instances }, (_, instance) => instance);
  const rounds: { readonly total: number; readonly device: number; readonly functions: number }[] = [];
  for (let repetition = 0; repetition < warmUps + repetitions; repetition++) {
    const plain = await timed(pool, "plain", records);
    const call = await timed(pool, "call", records);
    const functions = clock.take();
    if (repetition < warmUps) continue;
    const total = call.seconds - plain.seconds;
    rounds.push({ total, device: call.deviceSeconds - plain.deviceSeconds, functions });
  }
  const each = (of: (round: (typeof rounds)[number]) => number) => (median(rounds.map(of)) / instances) * 1e6;
  return {
    variant: variant.name,
    instances,
    total: each(({ total }) => total),
    parts:
      burst.device.id === "v8"
        ? undefined
        : {
            device: each(({ device }) => device),
            functions: each(({ functions }) => functions),
            requests: each(({ total, device, functions }) => total - device - functions),
          },
  };
}

function print(rows: readonly Row[], device: WasmBurst["device"]): void {
  const micro = (value: number | undefined) => value?.toFixed(2) ?? "-";
  const share = ({ parts, total }: Row) =>
    parts === undefined ? "-" : `${Math.round((parts.requests / total) * 100)} %`;
  console.log(`one call an instance; device ${device.id}: ${device.name}; µs a call`);
  console.log(
    formatTable([
      ["import", "instances", "all", "device", "function", "requests", "share of requests"],
      ...rows.map((row) => [
        row.variant,
        row.instances.toLocaleString("en-US"),
        micro(row.total),
        micro(row.parts?.device),
        micro(row.parts?.functions),
        micro(row.parts?.requests),
        share(row),
      ]),
    ]),
  );
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      device: { type: "string", default: "auto" },
      instances: { type: "string", default: "100000" },
      "memory-instances": { type: "string", default: "10000" },
      repetitions: { type: "string", default: "7" },
      json: { type: "boolean", default: false },
    },
  });
  const instances = positive(options.instances, "instances");
  const memoryInstances = positive(options["memory-instances"], "memory-instances");
  const repetitions = positive(options.repetitions, "repetitions");
  await using burst = await WasmBurst.launch({ device: options.device });
  const rows: Row[] = [];
  for (const variant of variants) {
    rows.push(await measure(burst, variant, variant.memory ? memoryInstances : instances, repetitions));
  }
  if (options.json) console.log(JSON.stringify({ device: burst.device, rows }, undefined, 2));
  else print(rows, burst.device);
}

await runBench("host-calls", main);
