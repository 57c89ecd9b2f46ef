// One step of Newton's iteration for 1/x, x = divisor / 2^32 in [0.5, 1), estimate in units of 2^-31. Truncation and the
// complement (one less than the negation) keep the result at or under 1/x, hence in 32 bits.
static inline uint wb_u32_refine_reciprocal(uint divisor, uint estimate) {
  uint product = uint((ulong(divisor) * ulong(estimate)) >> 32);
  return uint((ulong(estimate) * ulong(~product)) >> 31);
}

// 2^63 / divisor, never over and short by less than a part in 2^28.8, for any divisor from 2^31 up and for those less than 1 above it.
// The first estimate is the best linear one, 48/17 - 32/17 x, off by at most 1/17; each step squares the error.
static inline uint wb_u32_reciprocal(uint divisor) {
  uint estimate = uint(0x169696969ul - ((ulong(divisor) * 0xf0f0f0f0ul) >> 32));
  estimate = wb_u32_refine_reciprocal(divisor, estimate);
  estimate = wb_u32_refine_reciprocal(divisor, estimate);
  estimate = wb_u32_refine_reciprocal(divisor, estimate);
  return estimate - 2u;
}

// The quotient in two digits of 27 bits. A digit is short by less than 1.7, so that the next remainder still fits and one
// correction at the end suffices. Remainders are exact modulo 2^64.
static inline ulong wb_f64_div_finite(ulong sign, int exponents, ulong a_significand, ulong b_significand) {
  uint shift = a_significand < b_significand ? 1u : 0u;
  uint reciprocal = wb_u32_reciprocal(uint(b_significand >> 21));
  ulong remainder = a_significand << (shift & 63u);
  ulong high = ((remainder >> 22) * ulong(reciprocal)) >> 35;
  remainder = (remainder << 27) - high * b_significand;
  ulong low = ((remainder >> 22) * ulong(reciprocal)) >> 35;
  remainder = (remainder << 27) - low * b_significand;
  ulong correction = ulong(remainder >= b_significand);
  ulong quotient = (high << 27) + low + correction;
  ulong inexact = ulong(remainder != (b_significand & (0ul - correction)));
  return wb_f64_pack(sign, exponents + 1022 - int(shift), (quotient << 8) | inexact);
}

// An operand is zero, subnormal, infinite or NaN.
__attribute__((noinline)) static ulong wb_f64_div_special(ulong a, ulong b) {
  ulong magnitude_a = wb_f64_magnitude(a);
  ulong magnitude_b = wb_f64_magnitude(b);
  ulong sign = (a ^ b) & 0x8000000000000000ul;
  bool nan = wb_f64_is_nan(a) || wb_f64_is_nan(b);
  bool undefined = magnitude_a == magnitude_b && (magnitude_a == 0ul || magnitude_a == 0x7ff0000000000000ul);
  ulong result = sign;
  if (nan || undefined) {
    result = 0x7ff8000000000000ul;
  } else if (magnitude_a == 0x7ff0000000000000ul || magnitude_b == 0ul) {
    result = sign | 0x7ff0000000000000ul;
  } else if (magnitude_a != 0ul && magnitude_b != 0x7ff0000000000000ul) {
    wb_f64_parts x = wb_f64_split(a);
    wb_f64_parts y = wb_f64_split(b);
    result = wb_f64_div_finite(sign, x.exponent - y.exponent, x.significand, y.significand);
  }
  return result;
}

__attribute__((noinline)) static ulong wb_f64_div(ulong a, ulong b) {
  uint a_exponent = wb_f64_exponent(a);
  uint b_exponent = wb_f64_exponent(b);
  ulong result = 0ul;
  if (wb_f64_is_normal(a_exponent) && wb_f64_is_normal(b_exponent)) {
    ulong a_significand = (a & 0x000ffffffffffffful) | 0x0010000000000000ul;
    ulong b_significand = (b & 0x000ffffffffffffful) | 0x0010000000000000ul;
    ulong sign = (a ^ b) & 0x8000000000000000ul;
    result = wb_f64_div_finite(sign, int(a_exponent) - int(b_exponent), a_significand, b_significand);
  } else {
    result = wb_f64_div_special(a, b);
  }
  return result;
}

// One step of Newton's iteration for 1/sqrt(x), x = radicand / 2^30 in [1, 4), estimate in units of 2^-32. The constant is
// 3 * 2^30 less 3, which outweighs what truncation takes from the product, so that the result stays under 1/sqrt(x).
static inline uint wb_u32_refine_reciprocal_root(uint radicand, uint estimate) {
  uint square = uint((ulong(estimate) * ulong(estimate)) >> 32);
  uint product = uint((ulong(radicand) * ulong(square)) >> 32);
  return uint((ulong(estimate) * ulong(0xbffffffdu - product)) >> 31);
}

// 2^47 / sqrt(radicand), never over and short by less than a part in 2^28.3, likewise for a radicand from 2^30 up. The first estimate is
// the best linear one on [1, 2), or for the upper half that on [2, 4), off by at most 1/44.
static inline uint wb_u32_reciprocal_root(uint radicand) {
  bool upper = radicand >= 0x80000000u;
  ulong constant_term = upper ? 0xe4d4410aul : 0x1439cfd62ul;
  ulong slope = upper ? 0x67ada635ul : 0x1253f1ee6ul;
  uint estimate = uint(constant_term - ((ulong(radicand) * slope) >> 32));
  estimate = wb_u32_refine_reciprocal_root(radicand, estimate);
  estimate = wb_u32_refine_reciprocal_root(radicand, estimate);
  estimate = wb_u32_refine_reciprocal_root(radicand, estimate);
  return estimate;
}

// A 32-bit root from below, then 23 bits more from its remainder, then one correction; the final remainder is exact modulo 2^64.
static inline ulong wb_f64_sqrt_finite(int exponent, ulong significand) {
  uint odd_exponent = 1u - (uint(exponent) & 1u);
  ulong radicand = significand << ((10u + odd_exponent) & 63u);
  ulong reciprocal = ulong(wb_u32_reciprocal_root(uint(radicand >> 32)));
  ulong root = ((radicand >> 32) * reciprocal) >> 31;
  ulong remainder = radicand - root * root;
  root = (root << 23) + (((remainder >> 5) * reciprocal) >> 36);
  remainder = (radicand << 46) - root * root;
  ulong correction = ulong(remainder > root << 1);
  ulong inexact = ulong(remainder != (((root << 1) + 1ul) & (0ul - correction)));
  return wb_f64_round(((root + correction) << 8) | inexact, uint(exponent + 1021) >> 1);
}

// The operand is zero, subnormal, infinite, NaN or negative.
__attribute__((noinline)) static ulong wb_f64_sqrt_special(ulong a) {
  ulong result = a;
  if (wb_f64_is_nan(a) || (wb_f64_magnitude(a) != 0ul && (a >> 63) != 0ul)) {
    result = 0x7ff8000000000000ul;
  } else if (wb_f64_magnitude(a) != 0ul && a != 0x7ff0000000000000ul) {
    wb_f64_parts parts = wb_f64_split(a);
    result = wb_f64_sqrt_finite(parts.exponent, parts.significand);
  }
  return result;
}

__attribute__((noinline)) static ulong wb_f64_sqrt(ulong a) {
  uint sign_and_exponent = uint(a >> 52);
  ulong result = 0ul;
  if (wb_f64_is_normal(sign_and_exponent)) {
    result = wb_f64_sqrt_finite(int(sign_and_exponent), (a & 0x000ffffffffffffful) | 0x0010000000000000ul);
  } else {
    result = wb_f64_sqrt_special(a);
  }
  return result;
}
