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
export function caseOf(programs: readonly Program[], shape: CaseShape = thorough): Case & { readonly text: string } {
  const text = printModule(programs);
  const calls = programs.flatMap((program, number) => callsOf(program, number, shape));
  return { text, bytes: assemble(text), instances: shape.instances, calls };
}

function callsOf(program: Program, number: number, { instances, rounds }: CaseShape): Call[] {
  let key = program.argumentKey;
  const callable = program.functions.flatMap((item, index) => (isCallable(item) ? [{ ...item, index }] : []));
  return Array.from({ length: rounds }, () => [
    ...callable.map(({ signature, index }) => ({
      name: exportName(`f${index}`, number),
      arguments: Array.from({ length: instances }, () =>
        signatures[signature].parameters.map((type) => (type === "v128" ? 0 : boundaryValue(type, key++))),
      ),
    })),
    { name: exportName(probe, number), arguments: Array.from({ length: instances }, () => []) },
  ]).flat();
}
