/** Programs as fast-check draws them. The first alternative of each choice is the one that shrinking goes to. */
import fc from "fast-check";
import { opcodes } from "../../compiler-ts/src/wasm/opcodes.ts";
import { boundaryTexts } from "./boundaryValues.ts";
import {
  blockTypes,
  type Expression,
  type Program,
  type ProgramFunction,
  type SignatureName,
  type Statement,
  signatures,
  type Type,
  types,
} from "./program.ts";

/** How deep expressions and statements nest; below are leaves. */
interface Shape {
  readonly depth: fc.DepthIdentifier;
  readonly deepest: number;
  /** Bias to leaves on the way down, as fast-check counts it. */
  readonly depthSize: fc.DepthSize;
  readonly longestBody: number;
  /** Weight of leaves among expressions (all others: some 35), and of each statement with a body (all others: some 300). */
  readonly leaves: number;
  readonly control: number;
}

interface Grammar {
  i32: Expression;
  i64: Expression;
  f32: Expression;
  f64: Expression;
  v128: Expression;
  address: Expression;
  element: Expression;
  condition: Expression;
  statement: Statement;
  body: readonly Statement[];
}

type Tie = fc.LetrecTypedTie<Grammar>;

const index = fc.nat(7);
const trapping = /\.(div|rem|trunc)_(?!sat)/;

interface Instruction {
  readonly name: string;
  readonly operands: readonly Type[];
}

function isValue(type: string): type is Type {
  return (types as readonly string[]).includes(type);
}

/** The instructions on values that leave a `type`, as the compiler's own opcode table has them. */
function instructions(type: Type | undefined, immediate: "none" | "memory" | "lane" | "memoryLane"): Instruction[] {
  return opcodes.flatMap(({ name, immediate: shape, operands = [], results = [] }) => {
    if (shape !== immediate || results[0] !== type || !operands.every(isValue)) return [];
    return operands.length === 0 ? [] : [{ name, operands: operands.filter(isValue) }];
  });
}

const constant = (type: Type): fc.Arbitrary<Expression> =>
  fc.constantFrom(...boundaryTexts[type]).map((text) => ({ kind: "constant", type, text }));

const i32Constant = (value: number): Expression => ({ kind: "constant", type: "i32", text: String(value) });

const operation = (name: string, ...operands: Expression[]): Expression => ({ kind: "operation", name, operands });

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

const each = (tie: Tie, operands: readonly Type[]): fc.Arbitrary<readonly Expression[]> =>
  fc.tuple(...operands.map((type) => tie(type)));

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

const offset = fc.oneof(
  { weight: 50, arbitrary: fc.nat(9) },
  { weight: 1, arbitrary: fc.constantFrom(65_528, 65_535, 65_536, 0xffff_ffff) },
);
const align = fc.nat(4);

function expressionOf(tie: Tie, type: Type, shape: Shape): fc.Arbitrary<Expression> {
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
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("call" as const),
        type: constantType,
        index,
        operands: each(tie, signatures[type].parameters),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("callIndirect" as const),
        type: constantType,
        table: fc.nat(1),
        matching: fc.option(index, { nil: undefined, freq: 12 }),
        element: tie("element"),
        operands: each(tie, signatures[type].parameters),
      }),
    },
    ...(type === "i32" ? [{ weight: 2, arbitrary: stateReading(tie) }] : []),
    ...(lanes.length > 0 ? [{ weight: type === "v128" ? 4 : 1, arbitrary: laneOperation(tie, lanes) }] : []),
    ...(type === "v128" ? [{ weight: 4, arbitrary: fc.oneof(shuffle(tie), loadLane(tie)) }] : []),
  );
}

const lane = fc.nat(15);

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
  return fc.oneof(
    fc.constant({ kind: "memorySize" } as const),
    fc.record({ kind: fc.constant("grow" as const), pages: fc.nat(2) }),
    fc.record({ kind: fc.constant("tableGrow" as const), table: fc.nat(1), function: fc.nat(9), count: fc.nat(3) }),
    fc.record({ kind: fc.constant("tableSize" as const), table: fc.nat(1) }),
    fc.record({ kind: fc.constant("isNull" as const), table: fc.nat(1), element: tie("element") }),
  );
}

/** Mostly within a few bytes, so that loads meet stores; some around the ends of pages, few anywhere. */
function addressOf(tie: Tie): fc.Arbitrary<Expression> {
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

function elementOf(tie: Tie): fc.Arbitrary<Expression> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.nat(9).map(i32Constant) },
    { weight: 15, arbitrary: tie("i32").map((value) => operation("i32.and", value, i32Constant(7))) },
    { weight: 1, arbitrary: tie("i32") },
  );
}

/** Comparisons more often than other numbers. */
function conditionOf(tie: Tie): fc.Arbitrary<Expression> {
  const comparisons = instructions("i32", "none").filter(({ name }) => /\.(eqz?|ne|[lg][te](_[su])?)$/.test(name));
  return fc.oneof({ weight: 1, arbitrary: tie("i32") }, { weight: 4, arbitrary: operationOf(tie, comparisons) });
}

function statementOf(tie: Tie, shape: Shape): fc.Arbitrary<Statement> {
  const assignments = (kind: "setLocal" | "setGlobal") =>
    fc.oneof(
      ...types.map((type) => fc.record({ kind: fc.constant(kind), type: fc.constant(type), index, value: tie(type) })),
    );
  return fc.oneof(
    { depthIdentifier: shape.depth, depthSize: shape.depthSize, maxDepth: shape.deepest - 1, withCrossShrink: true },
    { weight: 60, arbitrary: assignments("setLocal") },
    { weight: 30, arbitrary: assignments("setGlobal") },
    { weight: 60, arbitrary: storeOf(tie) },
    { weight: 5, arbitrary: storeLaneOf(tie) },
    {
      weight: shape.control,
      arbitrary: fc.record({
        kind: fc.constant("ifElse" as const),
        condition: tie("condition"),
        accept: tie("body"),
        reject: tie("body"),
      }),
    },
    { weight: shape.control, arbitrary: fc.oneof(...blockTypes.map((_, list) => blockOf(tie, list))) },
    { weight: shape.control, arbitrary: fc.oneof(...blockTypes.map((_, list) => loopOf(tie, list))) },
    {
      weight: 40,
      arbitrary: fc.record({
        kind: fc.constant("branch" as const),
        label: index,
        condition: fc.option(tie("condition"), { nil: undefined, freq: 8 }),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant("branchTable" as const),
        labels: fc.array(index, { maxLength: 6 }),
        fallback: index,
        index: tie("element"),
      }),
    },
    {
      weight: shape.control,
      arbitrary: fc.record({
        kind: fc.constant("switch" as const),
        index: tie("element"),
        targets: fc.array(fc.nat(8), { minLength: 1, maxLength: 9 }),
        arms: fc.array(fc.record({ body: tie("body"), fallsThrough: fc.boolean() }), { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("return" as const), condition: tie("condition") }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("unreachable" as const), condition: tie("condition") }) },
    {
      weight: 10,
      arbitrary: fc.oneof(...types.map((type) => fc.record({ kind: fc.constant("drop" as const), value: tie(type) }))),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant("callMany" as const),
        index,
        operands: each(tie, signatures.many.parameters),
      }),
    },
    { weight: 10, arbitrary: fc.record({ kind: fc.constant("callNone" as const), index }) },
    { weight: 20, arbitrary: bulkOf(tie) },
    { weight: 10, arbitrary: tableStatement(tie) },
  );
}

function storeOf(tie: Tie): fc.Arbitrary<Statement> {
  return fc.oneof(
    ...instructions(undefined, "memory").map(({ name, operands }) =>
      fc.record({
        kind: fc.constant("store" as const),
        name: fc.constant(name),
        address: tie("address"),
        offset,
        align,
        value: tie(operands[1] ?? "i32"),
      }),
    ),
  );
}

function storeLaneOf(tie: Tie): fc.Arbitrary<Statement> {
  return fc.oneof(
    ...instructions(undefined, "memoryLane").map(({ name }) =>
      fc.record({
        kind: fc.constant("storeLane" as const),
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

function blockOf(tie: Tie, list: number): fc.Arbitrary<Statement> {
  return fc.record({
    kind: fc.constant("blockOf" as const),
    types: fc.constant(list),
    keep: fc.boolean(),
    initial: each(tie, blockTypes[list] ?? []),
    body: tie("body"),
    results: each(tie, blockTypes[list] ?? []),
  });
}

function loopOf(tie: Tie, list: number): fc.Arbitrary<Statement> {
  return fc.record({
    kind: fc.constant("loop" as const),
    types: fc.constant(list),
    keep: fc.boolean(),
    iterations: fc.nat(5),
    initial: each(tie, blockTypes[list] ?? []),
    body: tie("body"),
    next: each(tie, blockTypes[list] ?? []),
    repeat: tie("condition"),
  });
}

function bulkOf(tie: Tie): fc.Arbitrary<Statement> {
  const small = fc.oneof({ weight: 6, arbitrary: fc.nat(6).map(i32Constant) }, { weight: 1, arbitrary: tie("i32") });
  const bulk = (names: readonly string[], ...operands: fc.Arbitrary<Expression>[]): fc.Arbitrary<Statement> =>
    fc.record({
      kind: fc.constant("bulk" as const),
      name: fc.constantFrom(...names),
      operands: fc.tuple(...operands),
    });
  return fc.oneof(
    bulk(["memory.fill"], tie("address"), tie("i32"), small),
    bulk(["memory.copy"], tie("address"), tie("address"), fc.nat(70).map(i32Constant)),
    bulk(["memory.init $passive"], tie("address"), small, small),
    // Overlapping, which decides the direction.
    bulk(["table.copy $t0 $t0"], fc.nat(4).map(i32Constant), fc.nat(4).map(i32Constant), fc.nat(6).map(i32Constant)),
    bulk(["table.copy $t0 $t0", "table.copy $t0 $t1", "table.init $t0 $passive"], tie("element"), small, small),
    fc.record({
      kind: fc.constant("dropSegment" as const),
      name: fc.constantFrom("data.drop" as const, "elem.drop" as const),
    }),
  );
}

function tableStatement(tie: Tie): fc.Arbitrary<Statement> {
  const table = fc.nat(1);
  const entry = fc.nat(9);
  return fc.oneof(
    fc.record({ kind: fc.constant("tableSet" as const), table, element: tie("element"), function: entry }),
    fc.record({
      kind: fc.constant("tableFill" as const),
      table,
      element: tie("element"),
      function: entry,
      count: fc.nat(3),
    }),
  );
}

const grammarOf = (shape: Shape) =>
  fc.letrec<Grammar>((tie: Tie) => ({
    i32: expressionOf(tie, "i32", shape),
    i64: expressionOf(tie, "i64", shape),
    f32: expressionOf(tie, "f32", shape),
    f64: expressionOf(tie, "f64", shape),
    v128: expressionOf(tie, "v128", shape),
    address: addressOf(tie),
    element: elementOf(tie),
    condition: conditionOf(tie),
    statement: statementOf(tie, shape),
    body: fc.array<Statement>(tie("statement"), { maxLength: shape.longestBody, size: "max" }),
  }));

const broad = grammarOf({
  depth: fc.createDepthIdentifier(),
  deepest: 5,
  depthSize: "small",
  longestBody: 3,
  leaves: 6,
  control: 30,
});
const deep = grammarOf({
  depth: fc.createDepthIdentifier(),
  deepest: 16,
  depthSize: "max",
  longestBody: 2,
  leaves: 40,
  control: 200,
});

const functionOf = (signature: SignatureName, grammar: typeof broad, longest: number): fc.Arbitrary<ProgramFunction> =>
  fc.record({
    signature: fc.constant(signature),
    body: fc.array(grammar.statement, { maxLength: longest, size: "max" }),
    results: fc.tuple(...signatures[signature].results.map((type) => grammar[type])),
  });

const functionOfAny = fc.oneof(
  ...(Object.keys(signatures) as SignatureName[]).flatMap((signature) => [
    { weight: 3, arbitrary: functionOf(signature, broad, 8) },
    { weight: 1, arbitrary: functionOf(signature, deep, 3) },
  ]),
);

export const program: fc.Arbitrary<Program> = fc.record({
  functions: fc.array(functionOfAny, { minLength: 1, maxLength: 6, size: "max" }),
  elements: fc.array(fc.nat(9), { minLength: 1, maxLength: 10, size: "max" }),
  data: fc.array(fc.nat(255), { minLength: 8, maxLength: 24 }),
  argumentKey: fc.nat(10_000),
});
