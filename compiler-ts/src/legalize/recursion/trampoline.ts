/** The trampoline of a recursive component: makes the calls that its functions ask for, and resumes the frame below when one has ended. */
import { apply, assign, field, i32, read, zero } from "../../ir/builder.ts";
import type { IrFunction, Label, Local, Statement, SwitchCase } from "../../ir/module.ts";
import type { ValueType } from "../../wasm/module.ts";
import { position, recordWords } from "../suspension/suspendedCalls.ts";

/** What `wb_trampoline_next` says when there is nothing more to do. */
const stop = 0xffffffff;

/** Frames of trampolines have one point and no values. */
export const trampolineFrame = i32(1);

/** Of one `switch`; a component can have thousands of functions. */
const mostCases = 64;

export interface TrampolineMember {
  readonly func: IrFunction;
  /** Where a call begins. */
  readonly fresh: number;
  readonly resumed: number | undefined;
}

/** The trampoline is the last of the functions; `newIndex` numbers the others. */
export function trampoline(
  index: number,
  members: readonly TrampolineMember[],
  newIndex: () => number,
): readonly IrFunction[] {
  const at: Local = { kind: "variable", type: "i32", name: "at" };
  const next: Local = { kind: "variable", type: "i32", name: "next" };
  const name = `wb_trampoline_${index}`;
  const { dispatch, parts } = dispatchOf(
    members.flatMap((member) => casesOf(member, at)),
    { name, at, next },
    newIndex,
  );
  const label: Label = { name: "next" };
  const body: Statement[] = [
    assign(at, apply("i32", "i32.add", [read(position), trampolineFrame])),
    {
      kind: "loop",
      label,
      results: [],
      body: [
        {
          kind: "bulk",
          operation: "trampoline.next",
          immediates: [index],
          operands: [read(position), read(at)],
          target: next,
        },
        assign(at, field("position")),
        {
          kind: "if",
          condition: apply("i32", "i32.ne", [read(next), i32(stop)]),
          results: [],
          whenTrue: [...dispatch, { kind: "continue", label }],
          whenFalse: [],
        },
      ],
    },
    { kind: "return", values: [] },
  ];
  const whole: IrFunction = {
    kind: "trampoline",
    index,
    name,
    displayName: `trampoline of ${members.map(({ func }) => func.displayName).join(", ")}`,
    type: { parameters: [], results: [] },
    parameters: [position],
    variables: [at, next],
    body,
    lowered: new Set(["bulk", "loop", "if", "switch", "call", "return"]),
    outOfLine: true,
  };
  return [...parts, whole];
}

/** A call of the function from its arguments on, and one of its resumed copy. */
function casesOf({ func, fresh, resumed }: TrampolineMember, at: Local): readonly SwitchCase[] {
  const cases: SwitchCase[] = [];
  if (func.kind !== "dispatcher") cases.push(callCase(func, 2 * func.index, fresh, at, true));
  if (resumed !== undefined) cases.push(callCase(func, 2 * func.index + 1, resumed, at, false));
  return cases;
}

function callCase(func: IrFunction, value: number, callee: number, at: Local, takesArguments: boolean): SwitchCase {
  const local = (type: Local["type"], name: string, i: number): Local => ({
    kind: "temporary",
    type,
    name: `${name}${value}_${i}`,
  });
  const parameters = func.type.parameters.map((type, i) => local(type, "argument", i));
  const results = func.type.results.map((type, i) => local(type, "result", i));
  const taken: Statement[] = recordWords(parameters).map(({ value: target, word, bits }) => ({
    kind: "bulk",
    operation: `argument${bits}`,
    immediates: [word],
    operands: [],
    target,
  }));
  const given: Statement[] = recordWords(results).map(({ value: result, word, bits }) => ({
    kind: "bulk",
    operation: `result${bits}`,
    immediates: [word],
    operands: [read(result)],
    target: undefined,
  }));
  const body: Statement[] = [
    ...(takesArguments ? taken : parameters.map((parameter) => assign(parameter, zero(parameter.type as ValueType)))),
    { kind: "call", callee, arguments: [read(at), ...parameters.map(read)], targets: results },
  ];
  if (given.length > 0)
    body.push({
      kind: "if",
      condition: apply("i32", "i32.eqz", [field("trap")]),
      results: [],
      whenTrue: given,
      whenFalse: [],
    });
  return { values: [value], body };
}

/** A `switch`; of a large component one for each part of the cases, in a function of its own. */
function dispatchOf(
  cases: readonly SwitchCase[],
  { name, at, next }: { readonly name: string; readonly at: Local; readonly next: Local },
  newIndex: () => number,
): { readonly dispatch: readonly Statement[]; readonly parts: readonly IrFunction[] } {
  if (cases.length <= mostCases)
    return { dispatch: [{ kind: "switch", index: read(next), cases, default: [] }], parts: [] };
  const dispatch: Statement[] = [];
  const parts: IrFunction[] = [];
  for (let first = 0; first < cases.length; first += mostCases) {
    const part = cases.slice(first, first + mostCases);
    const [low, high] = [part[0], part[part.length - 1]].map((item) => item?.values[0] as number) as [number, number];
    const index = newIndex();
    parts.push({
      kind: "trampoline",
      index,
      name: `${name}_from_${low}`,
      displayName: `cases of a trampoline from ${low} on`,
      type: { parameters: ["i32", "i32"], results: [] },
      parameters: [at, next],
      variables: [],
      body: [
        { kind: "switch", index: read(next), cases: part, default: [] },
        { kind: "return", values: [] },
      ],
      lowered: new Set(["bulk", "if", "switch", "call", "return"]),
      outOfLine: true,
    });
    dispatch.push({
      kind: "if",
      condition: apply("i32", "i32.le_u", [apply("i32", "i32.sub", [read(next), i32(low)]), i32(high - low)]),
      results: [],
      whenTrue: [{ kind: "call", callee: index, arguments: [read(at), read(next)], targets: [] }],
      whenFalse: [],
    });
  }
  return { dispatch, parts };
}
