/**
 * Compile time, wasm bytes in to MSL text out, by phase, in a warm process. `--gate` measures one module of 100 KB and
 * fails above the limit; `--json` prints the rows for a program; `--profile apple|native|cpu` chooses what is emitted for.
 */
import { parseArgs } from "node:util";
import { type CompilePhases, compileWithPhases } from "../compiler-ts/src/compile.ts";
import { CompileError } from "../compiler-ts/src/diagnostics.ts";
import { type Profile, profiles } from "../compiler-ts/src/metadata.ts";
import { type BenchModule, corpus } from "./corpus.ts";
import { generateModule } from "./generateModule.ts";
import { explainProblems } from "./main.ts";
import { formatTable, median } from "./measure.ts";

const gate = { kilobytes: 100, limitMilliseconds: 80, repetitions: 9, rounds: 100 };
/** A process is warm once the engine has optimized what runs often; before it, its compiler competes for the time. */
const warmUps = 12;
/** A large module is repeated until this much time has gone, but at least `leastRepetitions` times. */
const secondsOfModule = 1;
const leastRepetitions = 5;

const phases = ["validate", "decode", "lower", "legalize", "write"] as const satisfies (keyof CompilePhases)[];

interface MeasuredRow {
  readonly name: string;
  readonly bytes: number;
  readonly textBytes: number;
  readonly repetitions: number;
  readonly milliseconds: number;
  readonly megabytesPerSecond: number;
  /** Medians, in the order of `phases`. */
  readonly phaseMilliseconds: readonly number[];
}
interface RefusedRow {
  readonly name: string;
  readonly bytes: number;
  readonly refused: string;
}
type Row = MeasuredRow | RefusedRow;

function compileOnce(bytes: Uint8Array, profile: Profile) {
  const start = performance.now();
  const { compiled, phases } = compileWithPhases(bytes, { profile });
  return { milliseconds: performance.now() - start, phases, compiled };
}

function measure({ name, bytes }: BenchModule, profile: Profile): Row {
  try {
    const { compiled } = compileOnce(bytes, profile);
    for (let i = 1; i < warmUps; i++) compileOnce(bytes, profile);
    const runs: { readonly milliseconds: number; readonly phases: CompilePhases }[] = [];
    const end = performance.now() + secondsOfModule * 1000;
    while (runs.length < leastRepetitions || performance.now() < end) {
      const { milliseconds, phases } = compileOnce(bytes, profile);
      runs.push({ milliseconds, phases });
    }
    const milliseconds = median(runs.map((run) => run.milliseconds));
    return {
      name,
      bytes: bytes.length,
      textBytes: Buffer.byteLength(compiled.text),
      repetitions: runs.length,
      milliseconds,
      megabytesPerSecond: bytes.length / 1000 / milliseconds,
      phaseMilliseconds: phases.map((phase) => median(runs.map((run) => run.phases[phase]))),
    };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return { name, bytes: bytes.length, refused: error.message };
  }
}

function cells(row: MeasuredRow): readonly string[] {
  const size = (row.bytes / 1000).toFixed(1);
  return [
    row.name,
    size,
    row.milliseconds.toFixed(2),
    row.megabytesPerSecond.toFixed(2),
    ...row.phaseMilliseconds.map((milliseconds) => milliseconds.toFixed(2)),
    (row.textBytes / 1000).toFixed(1),
  ];
}

/** A busy machine can only make a median larger, so the first round below the limit decides; a slow compiler has none. */
function runGate(profile: Profile): void {
  const bytes = generateModule(gate.kilobytes * 1000);
  for (let i = 0; i < warmUps; i++) compileOnce(bytes, profile);
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < gate.rounds && milliseconds >= gate.limitMilliseconds; round++) {
    const runs = Array.from({ length: gate.repetitions }, () => compileOnce(bytes, profile).milliseconds);
    milliseconds = Math.min(milliseconds, median(runs));
  }
  const passed = milliseconds < gate.limitMilliseconds;
  console.log(
    `compile gate: ${gate.kilobytes} KB to MSL (profile ${profile.name}) in ${milliseconds.toFixed(1)} ms, ` +
      `median of ${gate.repetitions}, limit ${gate.limitMilliseconds} ms: ${passed ? "ok" : "TOO SLOW"}`,
  );
  process.exitCode = passed ? 0 : 1;
}

explainProblems("compile");
const { values: options } = parseArgs({
  options: {
    gate: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    profile: { type: "string", default: "apple" },
  },
});
const profile = Object.values<Profile>(profiles).find(({ name }) => name === options.profile);
if (profile === undefined) {
  console.error(`unknown profile ${options.profile}; there are ${Object.keys(profiles).join(", ")}`);
  process.exitCode = 2;
} else if (options.gate) {
  runGate(profile);
} else {
  const rows = (await corpus()).map((module) => measure(module, profile));
  if (options.json) {
    console.log(JSON.stringify(rows, undefined, 2));
  } else {
    console.log(`Profile ${profile.name}, medians in ms, sizes in KB:`);
    const measured = rows.filter((row): row is MeasuredRow => !("refused" in row));
    console.log(formatTable([["module", "size", "total", "MB/s", ...phases, "text"], ...measured.map(cells)]));
    for (const row of rows) {
      if ("refused" in row) console.log(`${row.name}: refused, ${row.refused.slice(0, 100)}`);
    }
  }
}
