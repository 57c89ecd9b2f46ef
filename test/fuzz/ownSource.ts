/** Cases of the own generator. */
import { assemble } from "../wasm/support.ts";
import { boundaryValue } from "./boundaryValues.ts";
import type { Case } from "./observe.ts";
import { isCallable, printProgram, probe } from "./print.ts";
import { type Program, signatures } from "./program.ts";

/** Each with arguments of its own. */
const instances = 8;
/** Calls of every function, on the state that those before have left. */
const rounds = 2;

export function caseOf(program: Program): Case & { readonly text: string } {
  const text = printProgram(program);
  let key = program.argumentKey;
  const callable = program.functions.flatMap((item, index) => (isCallable(item) ? [{ ...item, index }] : []));
  const calls = Array.from({ length: rounds }, () => [
    ...callable.map(({ signature, index }) => ({
      name: `f${index}`,
      arguments: Array.from({ length: instances }, () =>
        signatures[signature].parameters.map((type) => (type === "v128" ? 0 : boundaryValue(type, key++))),
      ),
    })),
    { name: probe, arguments: Array.from({ length: instances }, () => []) },
  ]).flat();
  return { text, bytes: assemble(text), instances, calls };
}
