/** Programs as fast-check draws them. */
import fc from "fast-check";
import { addressOf, conditionOf, elementOf, expressionOf } from "./expressions.ts";
import type { Grammar, Shape, Tie } from "./grammar.ts";
import { type Program, type ProgramFunction, type SignatureName, type Statement, signatures } from "./program.ts";
import { statementOf } from "./statements.ts";

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
  calls: 1,
  imports: 0,
});
const deep = grammarOf({
  depth: fc.createDepthIdentifier(),
  deepest: 16,
  depthSize: "max",
  longestBody: 2,
  leaves: 40,
  control: 200,
  calls: 1,
  imports: 0,
});
/** Little arithmetic, much that suspends. */
const suspending = grammarOf({
  depth: fc.createDepthIdentifier(),
  deepest: 6,
  depthSize: "max",
  longestBody: 2,
  leaves: 60,
  control: 400,
  calls: 12,
  imports: 4,
});

const functionOf = (signature: SignatureName, grammar: typeof broad, longest: number): fc.Arbitrary<ProgramFunction> =>
  fc.record({
    signature: fc.constant(signature),
    body: fc.array(grammar.statement, { maxLength: longest, size: "max" }),
    results: fc.tuple(...signatures[signature].results.map((type) => grammar[type])),
  });

const signatureNames = Object.keys(signatures) as SignatureName[];

/** One in `broadOnes + 1` is deep. */
const functionsUpTo = (maxLength: number, broadOnes: number): fc.Arbitrary<readonly ProgramFunction[]> =>
  fc.array(
    fc.oneof(
      ...signatureNames.flatMap((signature) => [
        { weight: broadOnes, arbitrary: functionOf(signature, broad, 8) },
        { weight: 1, arbitrary: functionOf(signature, deep, 3) },
      ]),
    ),
    { minLength: 1, maxLength, size: "max" },
  );

const programOf = (functions: fc.Arbitrary<readonly ProgramFunction[]>): fc.Arbitrary<Program> =>
  fc.record({
    functions,
    elements: fc.array(fc.nat(9), { minLength: 1, maxLength: 10, size: "max" }),
    data: fc.array(fc.nat(255), { minLength: 8, maxLength: 24 }),
    argumentKey: fc.nat(10_000),
  });

/** What a program costs is the C++ compiler's time, which grows with its text, and one in ten had most of the text: large ones are rare. */
export const program = programOf(
  fc.oneof({ weight: 6, arbitrary: functionsUpTo(3, 20) }, { weight: 1, arbitrary: functionsUpTo(6, 3) }),
);

/** Mostly recursion, calls of imports and loops, in few small functions: many of these fit into one module. */
export const suspendingProgram = programOf(
  fc.array(fc.oneof(...signatureNames.map((signature) => functionOf(signature, suspending, 3))), {
    minLength: 1,
    maxLength: 3,
    size: "max",
  }),
);
