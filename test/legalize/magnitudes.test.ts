/** What `magnitudes` says of a result, for values of which it knows as little as may be, compared with the result. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  either,
  isPlainProduct,
  isPlainQuotient,
  isPlainSum,
  type Magnitude,
  ofBits,
  ofInteger,
  ofProduct,
  ofQuotient,
  ofRoot,
  ofRounded,
  ofSum,
} from "../../compiler-ts/src/legalize/floats/magnitudes.ts";
import { floats32, flushed } from "../support/floats32.ts";

const runs = { numRuns: Number(process.env.MAGNITUDES_RUNS ?? 20_000), seed: 20_261_123 };

function ofNumber(value: number): Magnitude {
  return ofBits(new Uint32Array(Float32Array.of(value).buffer)[0] as number);
}

function holds(magnitude: Magnitude, value: number): boolean {
  if (Number.isNaN(value)) return true;
  if (value === 0) return magnitude.mayBeZero;
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return magnitude.mayBeInfinite;
  // Of 129 and more there are zeros alone.
  const isMultiple = magnitude.step <= 128 && Number.isInteger(value / 2 ** magnitude.step);
  return isMultiple && Math.abs(value) >= 2 ** magnitude.least && Math.abs(value) <= 2 ** magnitude.most;
}

/** A number and what is known of it: that it is itself, or one of two or three. */
const known = fc
  .tuple(floats32, fc.array(floats32, { maxLength: 2 }))
  .map(([value, others]) => ({ value, magnitude: others.map(ofNumber).reduce(either, ofNumber(value)) }));

/** Numbers of nearby exponents, so that sums cancel and products come near the limits. */
const related = fc
  .tuple(known, known, fc.integer({ min: -30, max: 30 }), fc.boolean())
  .map(([a, b, distance, isRelated]) => {
    const value = Math.fround((b.value / 2 ** Math.floor(Math.log2(Math.abs(b.value)))) * a.value * 2 ** distance);
    return isRelated && Number.isFinite(value)
      ? ([a, { value, magnitude: ofNumber(value) }] as const)
      : ([a, b] as const);
  });

describe("magnitudes", () => {
  it("hold for constants and integers", () => {
    fc.assert(
      fc.property(floats32, fc.integer(), (value, integer) => {
        assert.ok(holds(ofNumber(value), value), `${value}`);
        assert.ok(holds(ofInteger(32), Math.fround(integer >>> 0)), `${integer}`);
      }),
      runs,
    );
  });

  const operations: readonly (readonly [
    string,
    (a: number, b: number) => number,
    (a: Magnitude, b: Magnitude) => Magnitude,
    (a: Magnitude, b: Magnitude) => boolean,
  ])[] = [
    ["sums", (a, b) => a + b, ofSum, isPlainSum],
    ["products", (a, b) => a * b, ofProduct, isPlainProduct],
    ["quotients", (a, b) => a / b, ofQuotient, isPlainQuotient],
  ];
  for (const [name, operate, of, isPlain] of operations)
    it(`hold for ${name}, and what is called plain does not notice flushing`, () => {
      let plain = 0;
      fc.assert(
        fc.property(related, ([a, b]) => {
          const result = Math.fround(operate(a.value, b.value));
          const says = of(a.magnitude, b.magnitude);
          assert.ok(holds(says, result), `${a.value}, ${b.value}: ${result} is not ${JSON.stringify(says)}`);
          if (!isPlain(a.magnitude, b.magnitude)) return;
          plain++;
          const onHardware = flushed(Math.fround(operate(flushed(a.value), flushed(b.value))));
          assert.ok(Object.is(onHardware, result), `${a.value}, ${b.value}: ${onHardware}, not ${result}`);
        }),
        runs,
      );
      assert.ok(plain > runs.numRuns / 20, `only ${plain} were plain`);
    });

  it("hold for roots and rounded numbers", () => {
    fc.assert(
      fc.property(known, ({ value, magnitude }) => {
        assert.ok(holds(ofRoot(magnitude), Math.fround(Math.sqrt(value))), `${value}`);
        for (const rounded of [Math.floor(value), Math.ceil(value), Math.trunc(value)])
          assert.ok(holds(ofRounded(magnitude), rounded), `${value}`);
      }),
      runs,
    );
  });
});
