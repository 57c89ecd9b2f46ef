/** f32 numbers at which hardware that flushes subnormals, and what works around it, change their behaviour. */
import fc from "fast-check";

/** Of the smallest and largest numbers, of their halves, and where a rounding's half ulp meets them. */
const boundaries = [-150, -126, -100, -75, -63, -25, 0, 24, 63, 102, 127];

const exponents = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -4, max: 4 }) },
  fc.constantFrom(...boundaries).chain((at) => fc.integer({ min: at - 2, max: at + 2 })),
  fc.integer({ min: -149, max: 127 }),
);

const significands = fc.oneof(
  fc.constantFrom(1, 1, 1, 1 + 2 ** -23, 2 - 2 ** -23, 1.5, 1.25),
  fc.integer({ min: 0, max: 2 ** 23 - 1 }).map((fraction) => 1 + fraction * 2 ** -23),
);

export const floats32: fc.Arbitrary<number> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.constantFrom(1, -1), significands, exponents)
      .map(([sign, significand, exponent]) => Math.fround(sign * significand * 2 ** exponent)),
  },
  fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN),
);

/** Two numbers, often a subnormal and one that lifts it to the size of other operands. */
export const pairs32: fc.Arbitrary<readonly [number, number]> = fc.oneof(
  fc.tuple(floats32, floats32),
  fc
    .tuple(fc.integer({ min: -150, max: -100 }), significands, significands, fc.integer({ min: -28, max: 28 }))
    .map(([exponent, first, second, distance]) => {
      const lift = Math.fround(second * 2 ** Math.min(distance - exponent, 127));
      return [Math.fround(first * 2 ** exponent), lift] as const;
    }),
);

export function isSubnormal(value: number): boolean {
  return Math.abs(value) < 2 ** -126;
}

/** A zero of the number's sign where it is subnormal. */
export function flushed(value: number): number {
  return isSubnormal(value) ? value * 0 : value;
}
