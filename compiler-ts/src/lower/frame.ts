/** An entry of the control stack while a body is lowered. */
import type { Expression, Label, Local, Statement } from "../ir/module.ts";
import type { FunctionType, ValueType } from "../wasm/module.ts";

export interface Frame {
  readonly kind: "function" | "block" | "loop" | "if";
  readonly type: FunctionType;
  readonly label: Label;
  /** Stack height below the frame's parameters. */
  readonly height: number;
  readonly results: readonly Local[];
  readonly loopParameters: readonly Local[];
  /** The list that the finished statement goes to. */
  readonly outer: Statement[];
  readonly condition: Expression | undefined;
  /** Operands that an `if` starts its arms with. */
  readonly parameters: Expression[];
  /** The first arm, once `else` was met. */
  firstArm: Statement[] | undefined;
  firstArmCompletes?: boolean;
  /** Some branch names this frame. */
  targeted: boolean;
  /** The code position cannot be reached. */
  unreachable: boolean;
}

/** What a branch to the frame carries: a loop's parameters, anyone else's results. */
export function targetTypes(frame: Frame): readonly ValueType[] {
  return frame.kind === "loop" ? frame.type.parameters : frame.type.results;
}
