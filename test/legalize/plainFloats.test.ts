/**
 * Functions of f32 arithmetic, interpreted before and after `plainFloats` and `speculation`: guarded operations give IEEE's results, plain ones are free to flush each subnormal
 * operand and result to a zero of either sign, or not.
 *
 *     PLAIN_FLOATS_RUNS=100000 node --import tsx --test test/legalize/plainFloats.test.ts
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { apply, assign, constant, i32, NameSource, read } from "../../compiler-ts/src/ir/builder.ts";
import type { Expression, IrFunction, Label, Local, Statement } from "../../compiler-ts/src/ir/module.ts";
import { plainFloats } from "../../compiler-ts/src/legalize/floats/plainFloats.ts";
import { speculation } from "../../compiler-ts/src/legalize/floats/speculation.ts";
import { floats32, flushed, isSubnormal, pairs32 } from "../support/floats32.ts";

const runs = Number(process.env.PLAIN_FLOATS_RUNS ?? 150);
const inputsOfRun = 24;

const parameters: readonly Local[] = ["p0", "p1"].map((name) => ({ kind: "parameter", type: "f32", name }));
const variables: readonly Local[] = ["l0", "l1", "l2"].map((name) => ({ kind: "variable", type: "f32", name }));
const counter: Local = { kind: "variable", type: "i32", name: "n" };
const locals = [...parameters, ...variables];

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}

function power(exponent: number): Expression {
  return constant("f32", bitsOf(2 ** exponent));
}

/** A constant and a product, or a local alone, of which the constant is just large enough to hide what flushing does; or just not. */
const absorbing = fc
  .tuple(fc.constantFrom(...locals), fc.integer({ min: -20, max: 20 }), fc.integer({ min: -5, max: 5 }), fc.boolean())
  .map(([local, exponent, distance, isScaled]) => {
    const scaled = apply("f32", "f32.mul", [read(local), power(exponent + 100 + distance)]);
    return isScaled
      ? apply("f32", "f32.sub", [power(exponent), scaled])
      : apply("f32", "f32.sub", [power(distance - 101), read(local)]);
  });

const { float } = fc.letrec<{ float: Expression }>((tie) => {
  const leaf = fc.oneof(
    fc.constantFrom(...locals).map(read),
    fc.constantFrom(...locals).map(read),
    floats32.map((number) => constant("f32", bitsOf(number))),
    fc.constant(apply("f32", "f32.convert_i32_s", [read(counter)])),
  );
  const unary = fc
    .tuple(fc.constantFrom("sqrt", "sqrt", "abs", "neg", "floor", "nearest"), tie("float"))
    .map(([name, a]) => apply("f32", `f32.${name}`, [a]));
  const binary = fc
    .tuple(fc.constantFrom("add", "add", "sub", "mul", "mul", "div", "min", "copysign"), tie("float"), tie("float"))
    .map(([name, a, b]) => apply("f32", `f32.${name}`, [a, b]));
  // What programs have: squares, and polynomials of one variable.
  const square = fc.constantFrom(...locals).map((local) => apply("f32", "f32.mul", [read(local), read(local)]));
  const polynomial = fc
    .tuple(fc.constantFrom(...locals), fc.array(floats32, { minLength: 2, maxLength: 4 }))
    .map(([local, coefficients]) =>
      coefficients
        .map((coefficient) => constant("f32", bitsOf(coefficient)))
        .reduce((sum, coefficient) =>
          apply("f32", "f32.add", [coefficient, apply("f32", "f32.mul", [read(local), sum])]),
        ),
    );
  const select = fc
    .tuple(tie("float"), tie("float"), fc.constantFrom(...locals))
    .map(([a, b, local]) => apply("f32", "select", [a, b, compared("f32.lt", read(local), a)]));
  return {
    float: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      { weight: 6, arbitrary: binary },
      unary,
      square,
      polynomial,
      absorbing,
      select,
    ),
  };
});

function compared(operation: string, a: Expression, b: Expression): Expression {
  return apply("i32", operation, [a, b]);
}

const assignments = fc.tuple(fc.constantFrom(...variables), float).map(([target, value]) => assign(target, value));
const conditions = fc
  .tuple(fc.constantFrom("eq", "ne", "lt", "gt", "le", "ge"), float, float)
  .map(([name, a, b]) => compared(`f32.${name}`, a, b));
const lists = fc.array(assignments, { minLength: 1, maxLength: 3 });

const signature = {
  kind: "wasm" as const,
  index: 0,
  name: "f",
  displayName: "f",
  type: { parameters: ["f32" as const, "f32" as const], results: locals.map(() => "f64" as const) },
  parameters,
  variables: [...variables, counter],
} satisfies Partial<IrFunction>;

/** Shows everything of the locals but which NaN they are. */
const result: Statement = {
  kind: "return",
  values: locals.map((local) => apply("f64", "f64.promote_f32", [read(local)])),
};

const operands = fc.oneof(
  fc.constantFrom(...parameters).map(read),
  floats32.map((number) => constant("f32", bitsOf(number))),
  fc.integer({ min: -140, max: -122 }).map((exponent) => constant("f32", bitsOf(1.25 * 2 ** exponent))),
);

/** One sum of a small expression, and what is made of it. */
const sums = fc
  .tuple(
    fc.constantFrom("add", "sub"),
    fc.oneof(
      fc.integer({ min: -30, max: 30 }).map(power),
      fc.integer({ min: -6, max: 2 }).map(power),
      fc.integer({ min: -104, max: -98 }).map(power),
      fc.constantFrom(...locals).map(read),
    ),
    fc.constantFrom<((a: Expression, b: Expression) => Expression)[]>(
      (a) => a,
      (a, b) => apply("f32", "f32.mul", [a, b]),
      (a, b) => apply("f32", "f32.mul", [apply("f32", "f32.add", [a, a]), b]),
      (a, b) => apply("f32", "f32.mul", [apply("f32", "f32.sub", [a, b]), b]),
      (a, b) => apply("f32", "f32.mul", [apply("f32", "f32.mul", [a, a]), b]),
      (a) => apply("f32", "f32.mul", [a, power(100)]),
      (a, b) => apply("f32", "f32.mul", [apply("f32", "f32.sub", [a, b]), power(110)]),
      (a, b) => apply("f32", "f32.div", [a, b]),
      (a, b) => apply("f32", "f32.div", [b, apply("f32", "f32.mul", [a, a])]),
    ),
    operands,
    operands,
    lists,
  )
  .map(
    ([name, sum, small, a, b, after]): IrFunction => ({
      ...signature,
      lowered: new Set(),
      body: [assign(variables[0] as Local, apply("f32", `f32.${name}`, [sum, small(a, b)])), ...after, result],
    }),
  );

/** A loop with two ways back and two out, between assignments. */
const functions = fc
  .tuple(lists, lists, conditions, lists, lists, conditions, lists)
  .map(([before, start, condition, whenTrue, whenFalse, out, after]): IrFunction => {
    const names = new NameSource();
    const [loop, block] = [names.label("loop"), names.label("block")];
    const again: Statement = {
      kind: "if",
      condition: apply("i32", "i32.lt_u", [read(counter), i32(4)]),
      results: [],
      whenTrue: [{ kind: "continue", label: loop }],
      whenFalse: [],
    };
    const leaves: Statement = {
      kind: "if",
      condition: out,
      results: [],
      whenTrue: [{ kind: "break", label: block }],
      whenFalse: [],
    };
    const body: Statement[] = [
      assign(counter, apply("i32", "i32.add", [read(counter), i32(1)])),
      ...start,
      { kind: "if", condition, results: [], whenTrue: [...whenTrue, again], whenFalse },
      leaves,
      again,
    ];
    return {
      ...signature,
      lowered: new Set(["loop"]),
      body: [
        ...before,
        { kind: "block", label: block, results: [], body: [{ kind: "loop", label: loop, results: [], body }] },
        ...after,
        result,
      ],
    };
  });

/** What the hardware does with numbers that are zero or subnormal: to the operands of one operation it does the same. */
type Flush = () => (tiny: number) => number;

class Interpreter {
  readonly #values = new Map<Local, number>();
  readonly #flush: Flush;
  result: readonly number[] = [];

  constructor(func: IrFunction, args: readonly number[], flush: Flush) {
    for (const local of func.variables) this.#values.set(local, 0);
    func.parameters.forEach((local, i) => {
      this.#values.set(local, args[i] as number);
    });
    this.#flush = flush;
    this.#list(func.body);
  }

  /** The label that control goes to. */
  #list(list: readonly Statement[]): Label | "end" | undefined {
    for (const statement of list) {
      const to = this.#statement(statement);
      if (to !== undefined) return to;
    }
    return undefined;
  }

  #statement(statement: Statement): Label | "end" | undefined {
    switch (statement.kind) {
      case "assign":
        this.#values.set(statement.target, this.#value(statement.value));
        return undefined;
      case "if":
        return this.#list(this.#value(statement.condition) !== 0 ? statement.whenTrue : statement.whenFalse);
      case "block": {
        const to = this.#list(statement.body);
        return to === statement.label ? undefined : to;
      }
      case "loop": {
        let to = this.#list(statement.body);
        while (to === statement.label) to = this.#list(statement.body);
        return to;
      }
      case "break":
      case "continue":
        return statement.label;
      case "return":
        this.result = statement.values.map((value) => this.#value(value));
        return "end";
      default:
        throw new Error(`no ${statement.kind} here`);
    }
  }

  #value(expression: Expression): number {
    if (expression.kind === "constant") {
      const bits = Number(expression.bits);
      return expression.type === "f32" ? (new Float32Array(Uint32Array.of(bits).buffer)[0] as number) : bits;
    }
    if (expression.kind === "local") return this.#values.get(expression.local) as number;
    assert.equal(expression.kind, "apply");
    if (expression.kind !== "apply") return 0;
    const operands = expression.operands.map((operand) => this.#value(operand));
    const isPlain = expression.operation.endsWith(".plain");
    const [a = 0, b = 0, c = 0] = isPlain ? this.#hardware(operands) : operands;
    const result = operate(expression.operation.replace(/[.](?:plain|out_of_line)$/, ""), a, b, c);
    return isPlain ? (this.#hardware([result])[0] as number) : result;
  }

  #hardware(values: readonly number[]): readonly number[] {
    const flush = this.#flush();
    return values.map((value) => (isSubnormal(value) ? flush(value) : value));
  }
}

// Doubles have bits enough that rounding twice is rounding once.
function operate(operation: string, a: number, b: number, c: number): number {
  switch (operation) {
    case "f32.add":
      return Math.fround(a + b);
    case "f32.sub":
      return Math.fround(a - b);
    case "f32.mul":
      return Math.fround(a * b);
    case "f32.div":
      return Math.fround(a / b);
    case "f32.sqrt":
      return Math.fround(Math.sqrt(a));
    case "f32.abs":
      return Math.abs(a);
    case "f32.neg":
      return -a;
    case "f32.floor":
      return Math.floor(a);
    case "f32.nearest":
      // Beside 2^23 and more there are no fractions.
      return Math.abs(a) < 2 ** 23 ? (Math.fround(Math.abs(a) + 2 ** 23) - 2 ** 23) * (isNegative(a) ? -1 : 1) : a;
    case "f32.min":
      return Math.min(a, b);
    case "f32.copysign":
      return isNegative(b) ? -Math.abs(a) : Math.abs(a);
    case "f32.convert_i32_s":
      return Math.fround(a);
    case "f64.promote_f32":
      return a;
    case "select":
      return c !== 0 ? a : b;
    case "f32.lesser":
      // biome-ignore lint/complexity/useMathMinMax: of NaNs only the second stays.
      return Math.abs(a) < Math.abs(b) ? Math.abs(a) : Math.abs(b);
    case "f32.is_unsure":
      return Number(!(Math.abs(a) >= 2 ** -100) || Number.isNaN(b));
    case "f32.eq":
      return Number(a === b);
    case "f32.ne":
      return Number(a !== b);
    case "f32.lt":
      return Number(a < b);
    case "f32.gt":
      return Number(a > b);
    case "f32.le":
      return Number(a <= b);
    case "f32.ge":
      return Number(a >= b);
    case "i32.add":
      return a + b;
    case "i32.lt_u":
      return Number(a < b);
    default:
      throw new Error(`no ${operation} here`);
  }
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** Of every behaviour that hardware may have. */
const flushes: readonly ((random: () => number) => Flush)[] = [
  () => () => flushed,
  (random) => () => {
    if (random() < 0.5) return (value) => value;
    // A zero that nobody flushed keeps its sign.
    return (value) => (value !== 0 && random() < 0.5 ? -flushed(value) : flushed(value));
  },
];

function plainOperations(func: IrFunction): string[] {
  return (
    JSON.stringify(func.body, (_, item) => (typeof item === "bigint" ? String(item) : item)).match(
      /f32\.\w+\.plain/g,
    ) ?? []
  );
}

/** Linear congruential: which results are flushed must only differ. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const inputs = fc.array(pairs32, { minLength: inputsOfRun, maxLength: inputsOfRun });
const met = new Map<string, number>();

function assertIeee(func: IrFunction, rows: readonly (readonly [number, number])[], seed: number): void {
  const changed = { ...func, variables: [...func.variables] };
  plainFloats(changed);
  speculation(changed);
  for (const operation of plainOperations(changed)) met.set(operation, (met.get(operation) ?? 0) + 1);
  const random = randomOf(seed);
  for (const row of rows) {
    const expected = new Interpreter(func, row, () => (value) => value).result;
    for (const flush of flushes) {
      const { result } = new Interpreter(changed, row, flush(random));
      for (const [i, value] of result.entries())
        assert.ok(Object.is(value, expected[i]), `${row}: local ${i} is ${value}, not ${expected[i]}`);
    }
  }
}

describe("plain f32 operations", () => {
  it("give IEEE's results in loops and branches", () => {
    fc.assert(fc.property(functions, inputs, fc.nat(), assertIeee), { numRuns: runs, seed: 20_261_123 });
  });

  it("give IEEE's results beside operands that hide what flushing does, or just do not", () => {
    fc.assert(fc.property(sums, inputs, fc.nat(), assertIeee), { numRuns: runs * 10, seed: 20_261_123 });
    for (const name of ["add", "sub", "mul", "div", "sqrt", "eq", "ne", "lt", "gt", "le", "ge"])
      assert.ok((met.get(`f32.${name}.plain`) ?? 0) > runs / 100, `${name} is plain too seldom to be tested`);
  });
});
