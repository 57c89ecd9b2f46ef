/**
 * Loops that end by a count known here, after few statements altogether, need no checkpoint: they are charged for before, all at once, and shader compilers can
 * unroll them. Such a loop has one way back, at its end, which compares a counter with a constant; the counter is constant before the loop and stepped once in it.
 */
import type { CountedLoop, Expression, IrModule, Local, Statement } from "../../ir/module.ts";
import { visitAssigned } from "../../ir/operands.ts";
import { forEachList, visitStatements } from "../../ir/walk.ts";

/** Statements that a counted loop may run, those of loops inside included: a launch goes on this long after its fuel has ended. */
const mostStatements = 4096;

type Loop = Extract<Statement, { kind: "loop" }>;

export function countedLoops(module: IrModule): void {
  for (const func of module.functions.values())
    if (func.kind === "wasm" && func.lowered.has("loop")) visitList(func.body, func.variables);
}

/** Inner loops first: one that is not counted leaves those around it uncounted. */
function visitList(list: Statement[], zeros: readonly Local[]): void {
  for (let i = 0; i < list.length; i++) {
    const statement = list[i] as Statement;
    forEachList(statement, visitNested);
    if (statement.kind !== "loop") continue;
    const counted = countOf(statement, list, i, zeros);
    if (counted !== undefined) list[i] = { ...statement, counted };
  }
}

function visitNested(list: Statement[]): void {
  visitList(list, []);
}

function countOf(
  loop: Loop,
  list: readonly Statement[],
  position: number,
  zeros: readonly Local[],
): CountedLoop | undefined {
  const last = loop.body[loop.body.length - 1];
  if (last?.kind !== "if" || last.whenFalse.length > 0 || last.whenTrue.length !== 1) return undefined;
  const [back] = last.whenTrue;
  if (back?.kind !== "continue" || back.label !== loop.label) return undefined;
  const test = testOf(last.condition);
  if (test === undefined) return undefined;
  const step = stepOf(loop.body, test.counter);
  const start = step === undefined ? undefined : startOf(list, position, test.counter, zeros);
  if (step === undefined || start === undefined) return undefined;
  const iterations = iterationsOf(start, step, test);
  if (iterations === undefined || iterations * loop.body.length > mostStatements) return undefined;
  // Last: it looks at everything inside.
  if (iterations * sizeOf(loop) > mostStatements || !isSteppedOnce(loop.body, test.counter)) return undefined;
  const end = start + step * (iterations - 1);
  return { iterations, counter: test.counter, start, most: Math.max(start, end) };
}

interface Test {
  readonly counter: Local;
  readonly operation: "ne" | "lt_u" | "lt_s";
  readonly bound: number;
}

/** What sends the loop into its next iteration. */
function testOf(condition: Expression): Test | undefined {
  if (condition.kind === "local" && condition.type === "i32")
    return { counter: condition.local, operation: "ne", bound: 0 };
  if (condition.kind !== "apply") return undefined;
  const [first, second] = condition.operands;
  if (first?.kind !== "local" || second?.kind !== "constant" || typeof second.bits !== "number") return undefined;
  const test = { counter: first.local, bound: second.bits };
  switch (condition.operation) {
    case "i32.ne":
      return { ...test, operation: "ne" };
    case "i32.lt_u":
      return { ...test, operation: "lt_u" };
    case "i32.lt_s":
      return { ...test, operation: "lt_s" };
    default:
      return undefined;
  }
}

/** Of the counter, where one of the loop's own statements assigns it. */
function stepOf(body: readonly Statement[], counter: Local): number | undefined {
  for (const statement of body) {
    if (statement.kind !== "assign" || statement.target !== counter) continue;
    const { value } = statement;
    if (value.kind !== "apply" || (value.operation !== "i32.add" && value.operation !== "i32.sub")) return undefined;
    const [first, second] = value.operands;
    if (first?.kind !== "local" || first.local !== counter) return undefined;
    if (second?.kind !== "constant" || typeof second.bits !== "number") return undefined;
    return value.operation === "i32.add" ? second.bits | 0 : -(second.bits | 0);
  }
  return undefined;
}

function isSteppedOnce(body: readonly Statement[], counter: Local): boolean {
  let assignments = 0;
  visitStatements(body, (statement) =>
    visitAssigned(statement, (local) => {
      if (local === counter) assignments++;
    }),
  );
  return assignments === 1;
}

/** The counter's value before the loop, where the statements before it in its list tell; `zeros` are zero where the list begins. */
function startOf(
  list: readonly Statement[],
  position: number,
  counter: Local,
  zeros: readonly Local[],
): number | undefined {
  for (let i = position - 1; i >= 0; i--) {
    const statement = list[i] as Statement;
    if (statement.kind === "assign" && statement.target === counter)
      return statement.value.kind === "constant" && typeof statement.value.bits === "number"
        ? statement.value.bits
        : undefined;
    let assigned = false;
    visitStatements([statement], (inner) =>
      visitAssigned(inner, (local) => {
        assigned ||= local === counter;
      }),
    );
    if (assigned) return undefined;
  }
  return zeros.includes(counter) ? 0 : undefined;
}

/** The first test comes after the first step. Counters that would wrap around are not counted. */
function iterationsOf(start: number, step: number, { operation, bound }: Test): number | undefined {
  if (operation === "ne") {
    const iterations = (bound - start) / step;
    return Number.isInteger(iterations) && iterations > 0 ? iterations : undefined;
  }
  const signed = operation === "lt_s";
  const [from, to] = signed ? [start | 0, bound | 0] : [start, bound];
  // From behind the bound too: a counter that begins as -1 is 0 at the first test.
  if (step <= 0 || from < 0 || Math.max(from, to) + step > (signed ? 0x7fffffff : 0xffffffff)) return undefined;
  return Math.max(1, Math.ceil((to - from) / step));
}

/** Statements, as often as they may run; infinite where a loop inside is not counted, or another way leads back. */
function sizeOf(loop: Loop): number {
  let ways = 0;
  const size = (list: readonly Statement[]): number => {
    let sum = 0;
    for (const statement of list) {
      sum++;
      if (statement.kind === "continue" && statement.label === loop.label) ways++;
      // Their cost is not known here, and they may be suspended.
      if (statement.kind === "call" || statement.kind === "callIndirect" || statement.kind === "callImport")
        return Number.POSITIVE_INFINITY;
      if (statement.kind === "loop") {
        if (statement.counted === undefined) return Number.POSITIVE_INFINITY;
        sum += statement.counted.iterations * size(statement.body);
      } else
        forEachList(statement, (nested) => {
          sum += size(nested);
        });
    }
    return sum;
  };
  const total = size(loop.body);
  return ways === 1 ? total : Number.POSITIVE_INFINITY;
}
