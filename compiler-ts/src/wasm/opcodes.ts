/** Placeholder shape until the table lands. */
import type { Immediates, ValueType } from "./module.ts";

export interface Opcode {
  /** The specification's text name, for example `i32.add`. */
  readonly name: string;
  /** One byte, or `prefix << 8 | subcode` for 0xfc and 0xfd. */
  readonly code: number;
  readonly immediate: Immediates["immediate"];
  /** Stack types, where they do not depend on context; `undefined` for control, parametric, variable and call instructions. */
  readonly operands: readonly ValueType[] | undefined;
  readonly results: readonly ValueType[] | undefined;
}
