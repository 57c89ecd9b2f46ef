/**
 * Lanes that begin a loop together wait for one another where they leave it. A loop that can end its function, as every loop with a checkpoint can, has no place behind it
 * that all lanes pass; so the compiler for NVIDIA's GPUs lets those that have left go on by themselves, one after the other. Where each lane is at places of its own in memory
 * anyway, that is what costs most; elsewhere the waiting can cost more than it gives (docs/performance.md, Lanes apart).
 *
 * Every way out of a loop has to pass the end of its waiting, or the others wait for ever: behind the loop, and before each end of the function inside.
 */
import type { IrFunction, Local, Statement } from "../ir/module.ts";
import { mapLists, someStatement } from "../ir/walk.ts";

const ends: ReadonlySet<Statement["kind"]> = new Set([
  "trap",
  "trapIf",
  "trapWith",
  "propagateTrap",
  "checkpoint",
  "push",
  "unwind",
  "return",
]);

export function convergence(func: IrFunction): void {
  let loops = 0;
  const together = (list: Statement[]): Statement[] =>
    list.map((statement) => {
      if (statement.kind !== "repeatedly" || !someStatement(statement.body, ({ kind }) => ends.has(kind)))
        return mapLists(statement, together);
      const local: Local = { kind: "temporary", type: "i32", name: `lanes${loops++}` };
      return { ...statement, body: together(statement.body), together: local };
    });
  if (func.lowered.has("loop")) func.body = together(func.body);
}
