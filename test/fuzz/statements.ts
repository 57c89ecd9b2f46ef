/** Arbitrary statements. The first alternative of each choice is the one that shrinking goes to. */
import fc from "fast-check";
import {
  align,
  each,
  i32Constant,
  index,
  instructions,
  lane,
  offset,
  operation,
  type Shape,
  type Tie,
} from "./grammar.ts";
import {
  blockTypes,
  type Expression,
  type Statement,
  shiftedTypes,
  signatures,
  tables,
  types,
  walkAccesses,
  waysBack,
} from "./program.ts";

export function statementOf(tie: Tie, shape: Shape): fc.Arbitrary<Statement> {
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
    { weight: 20, arbitrary: shiftingLoopOf(tie) },
    { weight: 20, arbitrary: walkOf(tie) },
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
        condition: tie("condition"),
        index: fc.oneof(
          { weight: 2, arbitrary: tie("element") },
          // Changes a local that the branch may carry, whose value is taken before.
          { weight: 1, arbitrary: teedIndex(tie) },
        ),
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
      weight: 10 * shape.calls,
      arbitrary: fc.record({
        kind: fc.constant("callMany" as const),
        index,
        operands: each(tie, signatures.many.parameters),
      }),
    },
    { weight: 10 * shape.calls, arbitrary: fc.record({ kind: fc.constant("callNone" as const), index }) },
    {
      weight: 10 * shape.imports,
      arbitrary: fc.record({
        kind: fc.constant("importMany" as const),
        index,
        operands: each(tie, signatures.many.parameters),
      }),
    },
    { weight: 10 * shape.imports, arbitrary: fc.constant({ kind: "importNone" } as const) },
    { weight: 20, arbitrary: bulkOf(tie) },
    { weight: 10, arbitrary: tableStatement(tie) },
  );
}

function teedIndex(tie: Tie): fc.Arbitrary<Expression> {
  return fc
    .tuple(index, tie("i32"))
    .map(([local, value]) => operation("i32.and", { kind: "tee", type: "i32", index: local, value }, i32Constant(3)));
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
    back: fc.constantFrom(...waysBack),
    iterations: fc.nat(5),
    initial: each(tie, blockTypes[list] ?? []),
    body: tie("body"),
    next: each(tie, blockTypes[list] ?? []),
    repeat: tie("condition"),
  });
}

/** Of the others few are kept in a list of one type, and fewer run to their end. */
function shiftingLoopOf(tie: Tie): fc.Arbitrary<Statement> {
  return fc.record({
    kind: fc.constant("loop" as const),
    types: fc.constant(shiftedTypes),
    keep: fc.constant(true),
    back: fc.constantFrom("br_table", "br"),
    iterations: fc.integer({ min: 1, max: 5 }),
    initial: each(tie, blockTypes[shiftedTypes]),
    body: tie("body"),
    next: each(tie, blockTypes[shiftedTypes]),
    repeat: fc.oneof({ weight: 3, arbitrary: fc.constant(i32Constant(1)) }, { weight: 1, arbitrary: tie("condition") }),
  });
}

/** Mostly of aligned words, which windows serve. */
function walkOf(tie: Tie): fc.Arbitrary<Statement> {
  const words = fc.record({
    name: fc.constantFrom("i32.load", "i32.load", "i32.store", "i64.load", "i64.store"),
    offset: fc.nat(8).map((word) => word * 4),
    local: index,
  });
  const any = fc.record({ name: fc.constantFrom(...walkAccesses), offset: fc.nat(40), local: index });
  const between = fc.oneof(
    { weight: 3, arbitrary: storeOf(tie) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("unreachable" as const), condition: tie("condition") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("branch" as const), label: index, condition: tie("condition") }),
    },
  );
  return fc.record({
    kind: fc.constant("walk" as const),
    base: tie("address"),
    aligned: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    step: fc.constantFrom(4 as const, 8 as const),
    iterations: fc.integer({ min: 6, max: 24 }),
    accesses: fc.array(fc.oneof({ weight: 8, arbitrary: words }, { weight: 1, arbitrary: any }), {
      minLength: 3,
      maxLength: 7,
    }),
    between: fc.array(between, { maxLength: 1 }),
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
    bulk(
      ["table.copy $t0 $t0", "table.copy $t2 $t2"],
      fc.nat(4).map(i32Constant),
      fc.nat(4).map(i32Constant),
      fc.nat(6).map(i32Constant),
    ),
    bulk(
      ["table.copy $t0 $t0", "table.copy $t0 $t1", "table.init $t0 $passive", "table.init $t2 $numbers"],
      tie("element"),
      small,
      small,
    ),
    fc.record({
      kind: fc.constant("dropSegment" as const),
      name: fc.constantFrom("data.drop" as const, "elem.drop" as const),
    }),
  );
}

function tableStatement(tie: Tie): fc.Arbitrary<Statement> {
  const table = fc.constantFrom(...tables);
  const entry = fc.nat(9);
  return fc.oneof(
    // A global tells whether it grew, which at the table's maximum is the question.
    fc
      .record({ kind: fc.constant("tableGrow" as const), table, function: entry, count: fc.nat(3) })
      .map((value): Statement => ({ kind: "setGlobal", type: "i32", index: 0, value })),
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
