/**
 * What can be known of an f32 without its value: how close to zero it can be, and how far from it. A value that is no subnormal is not flushed, and most are none
 * for a reason that the program shows: a sum of integers, or with 1, is zero or far above the subnormals. docs/numerics.md has the proofs.
 */
export interface Magnitude {
  /** It is a multiple of 2^step. */
  readonly step: number;
  /** It is zero, or at least 2^least; at least `step`. */
  readonly least: number;
  /** It is at most 2^most, if it is finite. Less than `least` where it is zero. */
  readonly most: number;
  readonly mayBeZero: boolean;
  readonly mayBeInfinite: boolean;
}

// Every value may be a NaN besides.

const smallestStep = -149;
const smallestNormal = -126;
/** Every finite number is less than 2^unbounded. */
const unbounded = 128;
/** Bits of a significand behind the first. */
const fractionBits = 23;

export const anyMagnitude: Magnitude = {
  step: smallestStep,
  least: smallestStep,
  most: unbounded,
  mayBeZero: true,
  mayBeInfinite: true,
};

const zero: Magnitude = {
  step: unbounded,
  least: unbounded,
  most: smallestStep,
  mayBeZero: true,
  mayBeInfinite: false,
};

function magnitude(step: number, least: number, most: number, mayBeZero: boolean, mayBeInfinite: boolean): Magnitude {
  const lowest = Math.max(least, smallestStep);
  return {
    // Also: a number of that size has no smaller digits.
    step: Math.max(step, lowest - fractionBits, smallestStep),
    least: lowest,
    most: Math.min(most, unbounded),
    // Below the smallest subnormal results are rounded to zero.
    mayBeZero: mayBeZero || least < smallestStep,
    mayBeInfinite: mayBeInfinite || most >= unbounded,
  };
}

export function ofBits(bits: number): Magnitude {
  const exponent = (bits >>> fractionBits) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return { ...anyMagnitude, mayBeZero: false, least: smallestNormal };
  if (exponent === 0 && fraction === 0) return zero;
  const significand = exponent === 0 ? fraction : fraction | 0x800000;
  const unit = Math.max(exponent, 1) - 150;
  const [length, trailing] = [32 - Math.clz32(significand), 31 - Math.clz32(significand & -significand)];
  const isPower = length === trailing + 1;
  return {
    step: unit + trailing,
    least: unit + length - 1,
    most: unit + length - (isPower ? 1 : 0),
    mayBeZero: false,
    mayBeInfinite: false,
  };
}

/** Of an integer of that many bits, the sign not counted. */
export function ofInteger(bits: number): Magnitude {
  return magnitude(0, 0, bits, true, false);
}

/** Either of the two. */
export function either(a: Magnitude, b: Magnitude): Magnitude {
  return {
    step: Math.min(a.step, b.step),
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
    mayBeZero: a.mayBeZero || b.mayBeZero,
    mayBeInfinite: a.mayBeInfinite || b.mayBeInfinite,
  };
}

export function areEqual(a: Magnitude, b: Magnitude): boolean {
  return (
    a.step === b.step &&
    a.least === b.least &&
    a.most === b.most &&
    a.mayBeZero === b.mayBeZero &&
    a.mayBeInfinite === b.mayBeInfinite
  );
}

export function ofSum(a: Magnitude, b: Magnitude): Magnitude {
  // Beside x of [2^e, 2^(e+1)) a number of 2^(e-1) and more has no digits under 2^(e-24), and a smaller one leaves a sum of 2^(e-1) and more.
  const beside = (x: Magnitude): number => (x.mayBeZero ? smallestStep : x.least - fractionBits - 1);
  const step = Math.max(Math.min(a.step, b.step), beside(a), beside(b));
  return magnitude(step, step, Math.max(a.most, b.most) + 1, true, a.mayBeInfinite || b.mayBeInfinite);
}

export function ofProduct(a: Magnitude, b: Magnitude): Magnitude {
  const [mayBeZero, mayBeInfinite] = [a.mayBeZero || b.mayBeZero, a.mayBeInfinite || b.mayBeInfinite];
  return magnitude(a.step + b.step, a.least + b.least, a.most + b.most, mayBeZero, mayBeInfinite);
}

export function ofQuotient(a: Magnitude, b: Magnitude): Magnitude {
  const [mayBeZero, mayBeInfinite] = [a.mayBeZero || b.mayBeInfinite, a.mayBeInfinite || b.mayBeZero];
  return magnitude(smallestStep, a.least - b.most, a.most - b.least, mayBeZero, mayBeInfinite);
}

export function ofRoot(a: Magnitude): Magnitude {
  return magnitude(smallestStep, Math.floor(a.least / 2), Math.ceil(a.most / 2), a.mayBeZero, a.mayBeInfinite);
}

/** Rounded to an integer. */
export function ofRounded(a: Magnitude): Magnitude {
  return magnitude(Math.max(a.step, 0), Math.max(a.least, 0), Math.max(a.most, 0), true, a.mayBeInfinite);
}

export function isNeverSubnormal({ least }: Magnitude): boolean {
  return least >= smallestNormal;
}

/** Neither subnormal nor zero. */
export function isAlwaysNormal(a: Magnitude): boolean {
  return isNeverSubnormal(a) && !a.mayBeZero;
}

/** Of its magnitudes, as a power of two. */
export function largest({ most, mayBeInfinite }: Magnitude): number {
  return mayBeInfinite ? Number.POSITIVE_INFINITY : most;
}

// Whether flushing changes nothing.

export function isPlainSum(a: Magnitude, b: Magnitude): boolean {
  return Math.min(a.step, b.step) >= smallestNormal;
}

export function isPlainProduct(a: Magnitude, b: Magnitude): boolean {
  return isNeverSubnormal(a) && isNeverSubnormal(b) && a.least + b.least >= smallestNormal;
}

export function isPlainQuotient(a: Magnitude, b: Magnitude): boolean {
  return isNeverSubnormal(a) && isNeverSubnormal(b) && a.least - b.most >= smallestNormal;
}
