/** What generated programs import: for each signature that JavaScript can serve a function with the same answers on V8 and on a device. */
import type { ImportContext, Imports, Value } from "../../compiler-ts/src/index.ts";

export const importModule = "env";

export const importedSignatures = ["i32", "i64", "f32", "f64", "many", "none"] as const;

/** Thrown for one argument, now and then. */
export class ImportFailure extends Error {}

const failing = 31;

const pure = {
  i32(a: number, b: number): number {
    if (a === failing) throw new ImportFailure("refused");
    return (Math.imul(a, 31) + b) | 0;
  },
  i64: (a: bigint, b: number): bigint => BigInt.asIntN(64, a * 3n + BigInt(b)),
  f32: (a: number, b: number): number => Math.fround(a - b),
  f64: (a: number, b: number): number => a / 2 + b,
  many: (a: number, b: bigint, c: number, d: number): readonly Value[] => [d, ~a, c, b + 1n],
};

/** Counts its calls in the memory, so that one too many or too few is seen. */
const counterAddress = 5;

export const deviceImports: Imports = {
  [importModule]: {
    ...Object.fromEntries(
      Object.entries(pure).map(([name, answer]) => [
        name,
        (_: ImportContext, ...values: never[]) => (answer as (...values: never[]) => unknown)(...values),
      ]),
    ),
    none: async ({ memory }: ImportContext) => {
      const [count = 0] = await memory.read(counterAddress, 1);
      await memory.write(counterAddress, Uint8Array.of(count + 1));
    },
  },
};

/** `memory`: that of the instance which calls. */
export function v8Imports(memory: () => WebAssembly.Memory): WebAssembly.Imports {
  const none = () => {
    const bytes = new Uint8Array(memory().buffer);
    bytes[counterAddress] = (bytes[counterAddress] ?? 0) + 1;
  };
  return { [importModule]: { ...pure, none } };
}
