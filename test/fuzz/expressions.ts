/** Arbitrary expressions. The first alternative of each choice is the one that shrinking goes to. */
import fc from "fast-check";
import type { NumberType } from "../../compiler-ts/src/wasm/module.ts";
import { boundaryTexts } from "./boundaryValues.ts";
import {
  align,
  each,
  type Instruction,
  i32Constant,
  index,
  instructions,
  lane,
  offset,
  operation,
  type Shape,
  type Tie,
} from "./grammar.ts";
import { type Expression, signatures, type Type, tables } from "./program.ts";

const trapping = /\.(div|rem|trunc)_(?!sat)/;

const constant = (type: Type): fc.Arbitrary<Expression> =>
  fc.constantFrom(...boundaryTexts[type]).map((text) => ({ kind: "constant", type, text }));

const leaf = (type: Type): fc.Arbitrary<Expression> =>
  fc.oneof(
    constant(type),
    fc.record({ kind: fc.constant("local" as const), type: fc.constant(type), index }),
    fc.record({ kind: fc.constant("global" as const), type: fc.constant(type), index }),
  );

function operationOf(tie: Tie, list: readonly Instruction[]): fc.Arbitrary<Expression> {
  return fc.oneof(...list.map(({ name, operands }) => applied(tie, name, operands)));
}

function applied(tie: Tie, name: string, operands: readonly Type[]): fc.Arbitrary<Expression> {
  return each(tie, operands).map((values) => ({ kind: "operation", name, operands: values }));
}

/** Division by what is never zero, so that programs come further. */
function guarded(tie: Tie, type: "i32" | "i64"): fc.Arbitrary<Expression> {
  return fc
    .tuple(fc.constantFrom("div_u", "rem_u", "rem_s"), tie(type), tie(type))
    .map(([name, dividend, divisor]) =>
      operation(`${type}.${name}`, dividend, operation(`${type}.or`, divisor, { kind: "constant", type, text: "1" })),
    );
}

const leaving: fc.WeightedArbitrary<Expression> = {
  weight: 1,
  arbitrary: fc.record({ kind: fc.constant("escape" as const), label: index }),
};

export function expressionOf(tie: Tie, type: Type, shape: Shape): fc.Arbitrary<Expression> {
  const own = instructions(type, "none");
  const constantType = fc.constant(type);
  const integer = type === "i32" || type === "i64";
  const lanes = instructions(type, "lane");
  return fc.oneof(
    { depthIdentifier: shape.depth, depthSize: shape.depthSize, maxDepth: shape.deepest, withCrossShrink: true },
    { weight: shape.leaves, arbitrary: leaf(type) },
    {
      weight: 14,
      arbitrary: operationOf(
        tie,
        own.filter(({ name }) => !trapping.test(name)),
      ),
    },
    ...(integer
      ? [
          {
            weight: 1,
            arbitrary: operationOf(
              tie,
              own.filter(({ name }) => trapping.test(name)),
            ),
          },
          { weight: 2, arbitrary: guarded(tie, type) },
        ]
      : []),
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("load" as const),
        name: fc.constantFrom(...instructions(type, "memory").map(({ name }) => name)),
        address: tie("address"),
        offset,
        align,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("tee" as const), type: constantType, index, value: tie(type) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("select" as const),
        type: constantType,
        typed: fc.boolean(),
        operands: fc.tuple(tie(type), tie(type)),
        condition: tie("condition"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("block" as const),
        type: constantType,
        body: tie("body"),
        value: tie(type),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("if" as const),
        type: constantType,
        condition: tie("condition"),
        accept: fc.record({ body: tie("body"), value: tie(type) }),
        reject: fc.record({ body: tie("body"), value: fc.oneof({ weight: 5, arbitrary: tie(type) }, leaving) }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("branchIf" as const),
        type: constantType,
        label: index,
        value: tie(type),
        condition: tie("condition"),
      }),
    },
    {
      weight: shape.calls,
      arbitrary: fc.record({
        kind: fc.constant("call" as const),
        type: constantType,
        index,
        operands: each(tie, signatures[type].parameters),
      }),
    },
    {
      weight: shape.calls,
      arbitrary: fc.record({
        kind: fc.constant("callIndirect" as const),
        type: constantType,
        table: fc.nat(1),
        matching: fc.option(index, { nil: undefined, freq: 12 }),
        element: tie("element"),
        operands: each(tie, signatures[type].parameters),
      }),
    },
    ...(type === "v128" ? [] : [{ weight: shape.imports, arbitrary: importCall(tie, type) }]),
    ...(type === "i32" ? [{ weight: 2, arbitrary: stateReading(tie) }] : []),
    ...(lanes.length > 0 ? [{ weight: type === "v128" ? 4 : 1, arbitrary: laneOperation(tie, lanes) }] : []),
    ...(type === "v128" ? [{ weight: 4, arbitrary: fc.oneof(shuffle(tie), loadLane(tie)) }] : []),
  );
}

function importCall(tie: Tie, type: NumberType): fc.Arbitrary<Expression> {
  return fc.record({
    kind: fc.constant("callImport" as const),
    type: fc.constant(type),
    operands: each(tie, signatures[type].parameters),
  });
}

function laneOperation(tie: Tie, list: readonly Instruction[]): fc.Arbitrary<Expression> {
  return fc.oneof(
    ...list.map(({ name, operands }) =>
      lane.chain((number) => applied(tie, `${name} ${number % Number(/x(\d+)/.exec(name)?.[1])}`, operands)),
    ),
  );
}

function shuffle(tie: Tie): fc.Arbitrary<Expression> {
  return fc
    .tuple(fc.array(fc.nat(31), { minLength: 16, maxLength: 16 }), tie("v128"), tie("v128"))
    .map(([lanes, first, second]) => operation(`i8x16.shuffle ${lanes.join(" ")}`, first, second));
}

function loadLane(tie: Tie): fc.Arbitrary<Expression> {
  return fc.oneof(
    ...instructions("v128", "memoryLane").map(({ name }) =>
      fc.record({
        kind: fc.constant("loadLane" as const),
        name: fc.constant(name),
        lane,
        address: tie("address"),
        offset,
        align,
        value: tie("v128"),
      }),
    ),
  );
}

function stateReading(tie: Tie): fc.Arbitrary<Expression> {
  const table = fc.constantFrom(...tables);
  return fc.oneof(
    fc.constant({ kind: "memorySize" } as const),
    fc.record({ kind: fc.constant("grow" as const), pages: fc.nat(2) }),
    fc.record({ kind: fc.constant("tableGrow" as const), table, function: fc.nat(9), count: fc.nat(3) }),
    fc.record({ kind: fc.constant("tableSize" as const), table }),
    fc.record({ kind: fc.constant("isNull" as const), table, element: tie("element") }),
  );
}

/** Mostly within a few bytes, so that loads meet stores; some around the ends of pages, few anywhere. */
export function addressOf(tie: Tie): fc.Arbitrary<Expression> {
  const masked = (mask: number) => tie("i32").map((value) => operation("i32.and", value, i32Constant(mask)));
  const pageEnd = fc
    .tuple(fc.constantFrom(65_536, 131_072, 0), fc.nat(9))
    .map(([end, back]) => i32Constant(end - back));
  return fc.oneof(
    { weight: 20, arbitrary: fc.nat(40).map(i32Constant) },
    { weight: 30, arbitrary: masked(0x1f) },
    { weight: 15, arbitrary: masked(0xffff) },
    { weight: 5, arbitrary: masked(0xfffc) },
    { weight: 2, arbitrary: pageEnd },
    { weight: 1, arbitrary: tie("i32") },
  );
}

export function elementOf(tie: Tie): fc.Arbitrary<Expression> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.nat(9).map(i32Constant) },
    { weight: 15, arbitrary: tie("i32").map((value) => operation("i32.and", value, i32Constant(7))) },
    { weight: 1, arbitrary: tie("i32") },
  );
}

/** Comparisons more often than other numbers. */
export function conditionOf(tie: Tie): fc.Arbitrary<Expression> {
  const comparisons = instructions("i32", "none").filter(({ name }) => /\.(eqz?|ne|[lg][te](_[su])?)$/.test(name));
  return fc.oneof({ weight: 1, arbitrary: tie("i32") }, { weight: 4, arbitrary: operationOf(tie, comparisons) });
}
