/** What stands at a suspend point: checkpoints, calls of functions that may suspend, calls of imports, and calls within recursive components. */
import { apply, assign, i32, read } from "../../ir/builder.ts";
import type { Expression, Frame, IrModule, Local, Statement, SwitchCase } from "../../ir/module.ts";
import { wordsOf } from "../../metadata.ts";
import type { ValueType } from "../../wasm/module.ts";
import { frameNeed, type StackNeed } from "./suspendPoints.ts";

/**
 * Where a function's frame lies: its number in the lower half of the word, the first word of its values in the upper. Passed by value, so that a call that is
 * not suspended costs one addition.
 */
export const position: Local = { kind: "parameter", type: "i32", name: "position" };

/** A dispatcher's: set where it called a function that is resumed through it. */
export const calledPlain: Local = { kind: "variable", type: "i32", name: "called_plain" };

/** What a call becomes. */
export type CallTarget =
  /** Of a function outside the caller's component: resumed, the caller calls it again, and it goes on. */
  | { readonly kind: "plain"; readonly callee: number }
  /** Of a copy of a function in the caller's component; resumed, the caller finds the results, because the trampoline runs the callee to its end. */
  | { readonly kind: "nested"; readonly callee: number }
  /** The same without calling: the trampoline does it. */
  | { readonly kind: "request"; readonly callee: number }
  /** Of the caller itself, whose recursion is a loop: the statements begin the call at the point with that number, its results will be in the locals. */
  | {
      readonly kind: "looped";
      readonly statements: (values: readonly Expression[], point: number) => readonly Statement[];
      readonly results: readonly Local[];
    };

export interface LoweredPoint {
  readonly statements: readonly Statement[];
  /** Where the resumed function does not do the same again: what it does instead. */
  readonly answers: readonly Statement[] | undefined;
}

export class CallLowering {
  readonly #module: IrModule;
  readonly #caller: number;
  readonly #target: (callee: number) => CallTarget | undefined;
  readonly #innermost: Local | undefined;

  /** `target`: `undefined` for functions that never suspend. `innermost`: where calls of the function lie on its stack, the position of the last. */
  constructor(
    module: IrModule,
    caller: number,
    target: (callee: number) => CallTarget | undefined,
    innermost: Local | undefined = undefined,
  ) {
    this.#module = module;
    this.#caller = caller;
    this.#target = target;
    this.#innermost = innermost;
  }

  lower(statement: Statement, ownFrame: Frame): LoweredPoint {
    const frame = this.#innermost === undefined ? ownFrame : { ...ownFrame, innermost: this.#innermost };
    switch (statement.kind) {
      case "checkpoint":
        return { statements: [{ ...statement, frame }], answers: undefined };
      case "call":
        return this.#call(statement, frame);
      case "callImport": {
        const suspend: Statement = {
          kind: "bulk",
          operation: "call.import",
          immediates: [statement.import, this.#caller],
          operands: [read(position)],
          target: undefined,
        };
        return {
          statements: [...callArguments(statement.arguments), suspend, { kind: "unwind", frame }],
          answers: callResults(statement.targets),
        };
      }
      case "switch":
        return { statements: this.#switch(statement, frame), answers: undefined };
      default:
        throw new Error(`"${statement.kind}" is no suspend point`);
    }
  }

  #call(statement: Extract<Statement, { kind: "call" }>, frame: Frame): LoweredPoint {
    const target = this.#target(statement.callee) as CallTarget;
    if (target.kind === "looped") {
      return {
        statements: target.statements(statement.arguments, frame.point),
        answers: statement.targets.map((local, i) => assign(local, read(target.results[i] as Local))),
      };
    }
    const behind = behindFrame(frame);
    const attribute = this.#module.functions.get(statement.callee)?.kind === "dispatcher";
    if (target.kind === "request") {
      return {
        statements: [...callArguments(statement.arguments), request(target.callee, behind), { kind: "unwind", frame }],
        answers: callResults(statement.targets),
      };
    }
    const statements: Statement[] = [
      { ...statement, callee: target.callee, arguments: [behind, ...statement.arguments] },
      { kind: "propagateTrap", attribute, frame },
    ];
    return { statements, answers: target.kind === "nested" ? callResults(statement.targets) : undefined };
  }

  /**
   * A dispatcher's. Within a recursive component the dispatcher leaves no frame for a callee of the component: the results go to its own caller.
   * Nothing returns from inside the `switch`: Apple's compiler service can crash on it.
   */
  #switch(statement: Extract<Statement, { kind: "switch" }>, frame: Frame): Statement[] {
    const kinds = new Set(
      statement.cases.flatMap(({ body: [call] }) => {
        const target = call?.kind === "call" ? this.#target(call.callee) : undefined;
        return target === undefined ? [] : [target.kind];
      }),
    );
    const plain = kinds.has("plain");
    const others = kinds.size > (plain ? 1 : 0);
    const cases = statement.cases.map((item): SwitchCase => {
      const [call] = item.body;
      const target = call?.kind === "call" ? this.#target(call.callee) : undefined;
      // A dispatcher is never the whole of a recursion.
      if (call?.kind !== "call" || target === undefined || target.kind === "looped") return item;
      if (target.kind === "request") {
        return { ...item, body: [...callArguments(call.arguments), request(target.callee, read(position))] };
      }
      const behind = target.kind === "plain" ? behindFrame(frame) : read(position);
      const lowered: Statement = { ...call, callee: target.callee, arguments: [behind, ...call.arguments] };
      const mark: Statement = { kind: "assign", target: calledPlain, value: i32(1) };
      return { ...item, body: target.kind === "plain" && others ? [mark, lowered] : [lowered] };
    });
    const propagate: Statement = { kind: "propagateTrap", attribute: false, frame };
    const result: Statement[] = [{ ...statement, cases }];
    if (plain && others) {
      result.unshift({ kind: "assign", target: calledPlain, value: i32(0) });
      result.push({ kind: "if", condition: read(calledPlain), results: [], whenTrue: [propagate], whenFalse: [] });
    }
    result.push(plain && !others ? propagate : { kind: "propagateTrap", attribute: false, frame: undefined });
    return result;
  }
}

/** Where the frame of a function that is called at the point begins. */
function behindFrame(frame: Frame): Expression {
  return apply("i32", "i32.add", [read(frame.innermost ?? position), packed(frameNeed(frame))]);
}

/** As a difference of positions. */
export function packed({ frames, words }: StackNeed): Expression {
  return i32(((words << 16) | frames) >>> 0);
}

function request(callee: number, at: Expression): Statement {
  return { kind: "bulk", operation: "call.request", immediates: [callee], operands: [at], target: undefined };
}

/** Values of a record with their first words (docs/kernel-abi.md, Execution buffer). */
export function recordWords<Value extends { readonly type: Local["type"] }>(
  values: readonly Value[],
): { readonly value: Value; readonly word: number; readonly bits: number }[] {
  let word = 0;
  return values.map((value) => {
    const words = wordsOf(value.type as ValueType);
    const place = { value, word, bits: words * 32 };
    word += words;
    return place;
  });
}

function callArguments(values: readonly Expression[]): Statement[] {
  return recordWords(values).map(({ value, word, bits }) => ({
    kind: "bulk",
    operation: `call.argument${bits}`,
    immediates: [word],
    operands: [value],
    target: undefined,
  }));
}

export function callResults(targets: readonly Local[]): Statement[] {
  return recordWords(targets).map(({ value, word, bits }) => ({
    kind: "bulk",
    operation: `call.result${bits}`,
    immediates: [word],
    operands: [],
    target: value,
  }));
}
