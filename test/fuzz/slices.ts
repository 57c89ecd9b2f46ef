/** What a program does must not depend on where its instances were suspended (docs/suspension.md). */
import fc from "fast-check";
import { suspendingProgram } from "./arbitraries.ts";
import type { Limits } from "./device.ts";
import { difference, type Run } from "./observe.ts";
import { type Comparison, compareRuns, type OwnSearch } from "./search.ts";

/** Fuel of one launch; `undefined`: as much as the host thinks good. */
const slices = [undefined, 1, 7, 100, 10_000] as const;
/** More than programs need; a launch for each unit of it still ends. */
const plentifulFuel = 20_000_000;
/** Where a limit of the fuel ends runs early, and where a small stack may, which go the same way as others until then. */
const fewSlices = [undefined, 3] as const;
const stackSlices = [undefined, 100] as const;

/** Without limits as on V8; with a limit of the fuel, and with a small stack, which V8 has not, as in one launch. */
export const compareSlices: Comparison = (item, devices, tally) => {
  const key = item.bytes.length;
  const fuel = [1 + (key % 67), 80 + (key % 523), 600 + (key % 2003)][key % 3] as number;
  const execution = { values: 256 * (1 + (key % 7)), callStack: 256 * (1 + (key % 3)) };
  const limits: readonly Limits[] = [
    ...slices.map((sliceFuel) => ({ sliceFuel, fuel: plentifulFuel })),
    ...fewSlices.map((sliceFuel) => ({ sliceFuel, fuel })),
    ...stackSlices.map((sliceFuel) => ({ sliceFuel, fuel: plentifulFuel, execution })),
  ];
  return compareRuns(item, devices, tally, async (device, onV8) => {
    const runs = await device.observeEach(item, limits);
    for (const [index, run] of runs.entries()) {
      const limited = index - slices.length;
      const inOneLaunch = runs[index - (limited % fewSlices.length)] as Run;
      const message = limited < 0 ? difference(onV8, run, item) : difference(inOneLaunch, run, item, "one launch");
      if (message !== undefined) return `${JSON.stringify(limits[index])}: ${message}`;
    }
    return undefined;
  });
};

/** Programs in one module: what a module costs is mostly the shader compiler's start. */
const mostPrograms = 20;

export const slicedPrograms: OwnSearch = {
  draws: fc.noBias(fc.array(suspendingProgram, { minLength: 1, maxLength: mostPrograms, size: "max" })),
  shape: { instances: 3, rounds: 1 },
  comparison: compareSlices,
};
