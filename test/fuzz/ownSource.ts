/** Cases of the own generator. */
import { assemble } from "../wasm/support.ts";
import { boundaryValue } from "./boundaryValues.ts";
import type { Call, Case } from "./observe.ts";
import { exportName, isCallable, printModule, probe } from "./print.ts";
import { type Program, signatures } from "./program.ts";

export interface CaseShape {
  /** Each with arguments of its own. */
  readonly instances: number;
  /** Calls of every function, on the state that those before have left. */
  readonly rounds: number;
}

const thorough: CaseShape = { instances: 8, rounds: 2 };

/** Of one program, or of several in one module. */
export function caseOf(
  programs: readonly Program[],
  shape: CaseShape = thorough,
  copies = 1,
): Case & { readonly text: string } {
  const text = printModule(programs);
  const calls = Array.from({ length: shape.rounds }, (_, round) => [
    ...programs.flatMap((program, number) => callsOf(program, number, round, shape)),
    { name: probe, arguments: Array.from({ length: shape.instances }, () => []) },
  ]).flat();
  return { text, bytes: assemble(text), instances: shape.instances, copies, calls };
}

/** More than a round takes. */
const keysOfRound = 1000;

/** Of each function once. */
function callsOf(program: Program, number: number, round: number, { instances }: CaseShape): Call[] {
  let key = program.argumentKey + round * keysOfRound;
  const callable = program.functions.flatMap((item, index) => (isCallable(item) ? [{ ...item, index }] : []));
  return callable.map(({ signature, index }) => ({
    name: exportName(`f${index}`, number),
    arguments: Array.from({ length: instances }, () =>
      signatures[signature].parameters.map((type) => (type === "v128" ? 0 : boundaryValue(type, key++))),
    ),
  }));
}
