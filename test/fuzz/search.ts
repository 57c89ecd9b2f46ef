/** Runs cases on V8 and on devices, and what to do about one that differs. */
import fc from "fast-check";
import { HostError } from "../../compiler-ts/src/index.ts";
import { program } from "./arbitraries.ts";
import type { FuzzDevice } from "./device.ts";
import { type Case, difference, observeOnV8, type Run } from "./observe.ts";
import { type CaseShape, caseOf } from "./ownSource.ts";
import type { Program } from "./program.ts";

export interface Finding {
  readonly profile: string;
  readonly message: string;
  readonly case: Case;
  /** WebAssembly text of the module. */
  readonly text: string;
}

export interface Tally {
  programs: number;
  /** Modules, times the devices they ran on. */
  moduleRuns: number;
  calls: number;
  trapped: number;
}

export function emptyTally(): Tally {
  return { programs: 0, moduleRuns: 0, calls: 0, trapped: 0 };
}

export class Difference extends Error {
  readonly profile: string;

  constructor(profile: string, message: string) {
    super(message);
    this.name = "Difference";
    this.profile = profile;
  }
}

/** Throws the first Difference. */
export type Comparison = (item: Case, devices: readonly FuzzDevice[], tally?: Tally) => Promise<void>;

export const compare: Comparison = (item, devices, tally) =>
  compareRuns(item, devices, tally, async (device, expected) => difference(expected, await device.observe(item), item));

/** What `differs` says of the first device on which anything does is thrown as a Difference. */
export async function compareRuns(
  item: Case,
  devices: readonly FuzzDevice[],
  tally: Tally | undefined,
  differs: (device: FuzzDevice, expected: Run) => Promise<string | undefined>,
): Promise<void> {
  const expected = observeOnV8(item);
  const outcomes = await Promise.all(
    devices.map(async (device) => ({
      device,
      message: await differs(device, expected).catch(failureText),
    })),
  );
  if (tally !== undefined) count(tally, expected, item.copies, devices.length);
  const found = outcomes.find(({ message }) => message !== undefined);
  if (found?.message !== undefined) throw new Difference(found.device.profile, found.message);
}

function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = error instanceof HostError && error.data !== undefined ? ` ${JSON.stringify(error.data)}` : "";
  return `${error.name}: ${error.message}${details}`;
}

function count(tally: Tally, run: Run, copies: number, devices: number): void {
  tally.moduleRuns += devices;
  const outcomes = "trap" in run ? [] : run.instances.flatMap((instance) => instance.outcomes);
  tally.calls += outcomes.length * copies * devices;
  tally.trapped += outcomes.filter((outcome) => "trap" in outcome).length * copies * devices;
}

/** What the own generator is asked for, and how it is looked at. */
export interface OwnSearch {
  readonly draws: fc.Arbitrary<readonly Program[]>;
  readonly shape?: CaseShape;
  readonly comparison: Comparison;
}

export const singlePrograms: OwnSearch = { draws: program.map((drawn) => [drawn]), comparison: compare };

/** Modules of one draw; a new one begins after each finding. */
const drawn = 50;

/** `count` programs of the own generator; what differs is shrunk for at most `shrinkSeconds`. */
export async function searchOwn(
  options: { readonly count: number; readonly seed: number; readonly shrinkSeconds: number; readonly copies?: number },
  devices: readonly FuzzDevice[],
  tally: Tally,
  onFinding: (finding: Finding) => void,
  { draws, shape, comparison }: OwnSearch = singlePrograms,
): Promise<void> {
  for (let seed = options.seed; tally.programs < options.count; seed++) {
    let failing = devices;
    let deadline = Infinity;
    const property = fc.asyncProperty(draws, async (programs) => {
      if (Date.now() > deadline || tally.programs >= options.count) return;
      try {
        await comparison(caseOf(programs, shape, options.copies), failing, deadline === Infinity ? tally : undefined);
        if (deadline === Infinity) tally.programs += programs.length;
      } catch (error) {
        if (deadline === Infinity) {
          deadline = Date.now() + options.shrinkSeconds * 1000;
          tally.programs += programs.length;
        }
        if (error instanceof Difference) failing = devices.filter(({ profile }) => profile === error.profile);
        throw error;
      }
    });
    const result = await fc.check(property, { seed, numRuns: drawn });
    if (!result.failed) continue;
    const error = result.errorInstance;
    const [shrunk] = result.counterexample ?? [];
    if (shrunk === undefined || !(error instanceof Difference)) throw error;
    const { text, ...item } = caseOf(shrunk, shape, options.copies);
    onFinding({ ...(await reduceCalls(item, failing, comparison)), profile: error.profile, text });
  }
}

/** Fewer copies, then fewer instances, then fewer calls, as long as something differs. */
export async function reduceCalls(
  item: Case,
  devices: readonly FuzzDevice[],
  comparison: Comparison = compare,
): Promise<{ readonly case: Case; readonly message: string }> {
  let best = { case: item, message: (await messageOf(item, devices, comparison)) ?? "did not differ again" };
  const attempt = async (candidate: Case): Promise<boolean> => {
    const message = await messageOf(candidate, devices, comparison);
    if (message !== undefined) best = { case: candidate, message };
    return message !== undefined;
  };
  for (let copies = 1; copies < item.copies; copies *= 2) if (await attempt({ ...item, copies })) break;
  for (let instance = 0; instance < item.instances; instance++) {
    const calls = item.calls.map((call) => ({ ...call, arguments: call.arguments.slice(instance, instance + 1) }));
    if (await attempt({ ...best.case, instances: 1, calls })) break;
  }
  for (let index = item.calls.length - 1; index >= 0; index--) {
    const { calls } = best.case;
    if (calls.length > 1) await attempt({ ...best.case, calls: calls.filter((_, other) => other !== index) });
  }
  return best;
}

async function messageOf(
  item: Case,
  devices: readonly FuzzDevice[],
  comparison: Comparison,
): Promise<string | undefined> {
  try {
    await comparison(item, devices);
    return undefined;
  } catch (error) {
    if (error instanceof Difference) return error.message;
    throw error;
  }
}
