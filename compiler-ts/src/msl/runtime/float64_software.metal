static inline ulong wb_f64_magnitude(ulong a) {
  return a & 0x7ffffffffffffffful;
}

static inline bool wb_f64_is_nan(ulong a) {
  return wb_f64_magnitude(a) > 0x7ff0000000000000ul;
}

static inline uint wb_f64_exponent(ulong a) {
  return uint(a >> 52) & 0x7ffu;
}

// A significand with its leading one at bit 62, rounded to nearest even into an f64 whose exponent field is `base` + 1: the leading
// one adds the 1. A significand without one is a subnormal's, and `base` is 0. Bits below the kept ones count as sticky.
static inline ulong wb_f64_round(ulong significand, uint base) {
  ulong half = 0x1fful + ((significand >> 10) & 1ul);
  return (ulong(base) << 52) + ((significand + half) >> 10);
}

// Shifts right by 1 or more; what is lost stays as the lowest bit (the sticky bit of SoftFloat's "jamming" shift).
static inline ulong wb_u64_shift_right_sticky(ulong a, uint shift) {
  uint count = shift > 63u ? 63u : shift;
  ulong lost = a << (64u - count);
  return (a >> count) | ulong(lost != 0ul);
}

__attribute__((noinline)) static ulong wb_f64_pack_subnormal(ulong significand, int base) {
  return wb_f64_round(wb_u64_shift_right_sticky(significand, uint(0 - base)), 0u);
}

// Rounds as `wb_f64_round` does, for any base: results under the normal range are subnormal, over it infinite.
static inline ulong wb_f64_pack(ulong sign, int base, ulong significand) {
  ulong magnitude = 0ul;
  if (base < 0) {
    magnitude = wb_f64_pack_subnormal(significand, base);
  } else {
    magnitude = wb_f64_round(significand, uint(base));
    magnitude = magnitude > 0x7ff0000000000000ul ? 0x7ff0000000000000ul : magnitude;
  }
  return sign | magnitude;
}

// An operand is infinite or NaN.
__attribute__((noinline)) static ulong wb_f64_add_special(ulong a, ulong b) {
  bool a_is_infinite = wb_f64_magnitude(a) == 0x7ff0000000000000ul;
  bool b_is_infinite = wb_f64_magnitude(b) == 0x7ff0000000000000ul;
  bool nan = wb_f64_is_nan(a) || wb_f64_is_nan(b) || (a_is_infinite && b_is_infinite && a != b);
  ulong infinite = a_is_infinite ? a : b;
  return nan ? 0x7ff8000000000000ul : infinite;
}

// One path for all finite operands. Significands have 9 bits below the last place, so that a carry, the leading place lost by a
// subtraction, and the sticky bit all fit; normalizing stops at the subnormals' exponent.
__attribute__((noinline)) static ulong wb_f64_add(ulong a, ulong b) {
  bool swap = wb_f64_magnitude(b) > wb_f64_magnitude(a);
  ulong large = swap ? b : a;
  ulong small = swap ? a : b;
  uint large_exponent = wb_f64_exponent(large);
  uint small_exponent = wb_f64_exponent(small);
  ulong result = 0ul;
  if (large_exponent == 0x7ffu) {
    result = wb_f64_add_special(a, b);
  } else {
    ulong large_significand = ((large & 0x000ffffffffffffful) | (ulong(large_exponent != 0u) << 52)) << 9;
    ulong small_significand = ((small & 0x000ffffffffffffful) | (ulong(small_exponent != 0u) << 52)) << 9;
    large_exponent = large_exponent == 0u ? 1u : large_exponent;
    small_exponent = small_exponent == 0u ? 1u : small_exponent;
    uint distance = large_exponent - small_exponent;
    distance = distance > 63u ? 63u : distance;
    ulong aligned = small_significand >> distance;
    aligned |= ulong((aligned << distance) != small_significand);
    ulong negate = 0ul - ((a ^ b) >> 63);
    ulong sum = large_significand + ((aligned ^ negate) - negate);
    uint zeros = uint(clz(sum | 1ul)) - 1u;
    uint shift = zeros > large_exponent ? large_exponent : zeros;
    ulong magnitude = wb_f64_round(sum << (shift & 63u), large_exponent - shift);
    magnitude = magnitude > 0x7ff0000000000000ul ? 0x7ff0000000000000ul : magnitude;
    ulong zero = a & b & 0x8000000000000000ul;
    result = sum == 0ul ? zero : ((large & 0x8000000000000000ul) | magnitude);
  }
  return result;
}

static inline ulong wb_f64_sub(ulong a, ulong b) {
  return wb_f64_add(a, b ^ 0x8000000000000000ul);
}

// The high half of a 128-bit product, its lowest bit set where the low half is not zero. From 32-bit pieces: cheaper than two
// 64-bit multiplies, and `mulhi` has crashed Apple's compiler.
static inline ulong wb_u64_multiply_high_sticky(ulong a, ulong b) {
  ulong a_low = a & 0xfffffffful;
  ulong a_high = a >> 32;
  ulong b_low = b & 0xfffffffful;
  ulong b_high = b >> 32;
  ulong low = a_low * b_low;
  ulong cross = a_high * b_low;
  ulong middle = a_low * b_high + (low >> 32) + (cross & 0xfffffffful);
  ulong high = a_high * b_high + (cross >> 32) + (middle >> 32);
  return high | ulong(((low | middle) & 0xfffffffful) != 0ul);
}

// Significands have their leading one at bit 52; exponents are biased.
static inline ulong wb_f64_mul_finite(ulong sign, int exponents, ulong a_significand, ulong b_significand) {
  ulong product = wb_u64_multiply_high_sticky(a_significand << 10, b_significand << 11);
  uint shift = 1u - uint(product >> 62);
  return wb_f64_pack(sign, exponents - 1023 - int(shift), product << shift);
}

// The exponent of a finite non-zero operand as if normalized, and its significand with the leading one at bit 52.
struct wb_f64_parts {
  int exponent;
  ulong significand;
};

static inline wb_f64_parts wb_f64_split(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  uint shift = magnitude < 0x0010000000000000ul ? uint(clz(magnitude)) - 11u : 0u;
  wb_f64_parts parts;
  parts.exponent = magnitude < 0x0010000000000000ul ? 1 - int(shift) : int(uint(magnitude >> 52));
  parts.significand = ((magnitude << (shift & 63u)) & 0x000ffffffffffffful) | 0x0010000000000000ul;
  return parts;
}

static inline bool wb_f64_is_normal(uint exponent) {
  return exponent - 1u < 0x7feu;
}

// An operand is zero, subnormal, infinite or NaN.
__attribute__((noinline)) static ulong wb_f64_mul_special(ulong a, ulong b) {
  ulong magnitude_a = wb_f64_magnitude(a);
  ulong magnitude_b = wb_f64_magnitude(b);
  ulong sign = (a ^ b) & 0x8000000000000000ul;
  ulong largest = magnitude_a > magnitude_b ? magnitude_a : magnitude_b;
  ulong smallest = magnitude_a > magnitude_b ? magnitude_b : magnitude_a;
  ulong result = sign;
  if (largest > 0x7ff0000000000000ul || (largest == 0x7ff0000000000000ul && smallest == 0ul)) {
    result = 0x7ff8000000000000ul;
  } else if (largest == 0x7ff0000000000000ul) {
    result = sign | 0x7ff0000000000000ul;
  } else if (smallest != 0ul) {
    wb_f64_parts x = wb_f64_split(a);
    wb_f64_parts y = wb_f64_split(b);
    result = wb_f64_mul_finite(sign, x.exponent + y.exponent, x.significand, y.significand);
  }
  return result;
}

__attribute__((noinline)) static ulong wb_f64_mul(ulong a, ulong b) {
  uint a_exponent = wb_f64_exponent(a);
  uint b_exponent = wb_f64_exponent(b);
  ulong result = 0ul;
  if (wb_f64_is_normal(a_exponent) && wb_f64_is_normal(b_exponent)) {
    ulong a_significand = (a & 0x000ffffffffffffful) | 0x0010000000000000ul;
    ulong b_significand = (b & 0x000ffffffffffffful) | 0x0010000000000000ul;
    ulong sign = (a ^ b) & 0x8000000000000000ul;
    result = wb_f64_mul_finite(sign, int(a_exponent + b_exponent), a_significand, b_significand);
  } else {
    result = wb_f64_mul_special(a, b);
  }
  return result;
}

// One step of Newton's iteration for 1/x, x = divisor / 2^32 in [0.5, 1), estimate in units of 2^-31. Truncation and the
// complement (one less than the negation) keep the result at or under 1/x, hence in 32 bits.
static inline uint wb_u32_refine_reciprocal(uint divisor, uint estimate) {
  uint product = uint((ulong(divisor) * ulong(estimate)) >> 32);
  return uint((ulong(estimate) * ulong(~product)) >> 31);
}

// 2^63 / divisor, at most and within a part in 2^29, for a divisor of at least 2^31, or for one that is greater by under 1. The first
// estimate is the best linear one, 48/17 - 32/17 x, off by at most 1/17; each step squares the error.
static inline uint wb_u32_reciprocal(uint divisor) {
  uint estimate = uint(0x169696969ul - ((ulong(divisor) * 0xf0f0f0f0ul) >> 32));
  estimate = wb_u32_refine_reciprocal(divisor, estimate);
  estimate = wb_u32_refine_reciprocal(divisor, estimate);
  estimate = wb_u32_refine_reciprocal(divisor, estimate);
  return estimate - 2u;
}

// The quotient in two digits of 27 bits. A digit is short by less than 1.6, so that the next remainder still fits and one
// correction at the end suffices. Remainders are exact modulo 2^64.
static inline ulong wb_f64_div_finite(ulong sign, int exponents, ulong a_significand, ulong b_significand) {
  uint shift = a_significand < b_significand ? 1u : 0u;
  uint reciprocal = wb_u32_reciprocal(uint(b_significand >> 21));
  ulong remainder = a_significand << shift;
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

// 2^47 / sqrt(radicand), at most and within a part in 2^28, for a radicand of at least 2^30. The first estimate is the best linear
// one on [1, 2), or for the upper half that on [2, 4), off by at most 1/44.
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
  ulong radicand = significand << (10u + odd_exponent);
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

// The bits below the integers, for a magnitude in [1, 2^52); none for one that is an integer by its size.
static inline ulong wb_f64_fraction_mask(ulong magnitude) {
  uint exponent = uint(magnitude >> 52);
  ulong mask = 0x000ffffffffffffful >> ((exponent - 1023u) & 63u);
  return exponent >= 1075u ? 0ul : mask;
}

// Quiets a NaN; the rounding functions change nothing else above 2^52.
static inline ulong wb_f64_quiet(ulong a) {
  return wb_f64_is_nan(a) ? 0x7ff8000000000000ul : a;
}

static inline ulong wb_f64_trunc(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  ulong large = wb_f64_quiet(a & ~wb_f64_fraction_mask(magnitude));
  return magnitude < 0x3ff0000000000000ul ? a & 0x8000000000000000ul : large;
}

// To the next integer away from zero; a carry out of the fraction gives the right exponent.
static inline ulong wb_f64_round_away(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  ulong mask = wb_f64_fraction_mask(magnitude);
  ulong large = wb_f64_quiet((a + mask) & ~mask);
  ulong small = magnitude == 0ul ? 0ul : 0x3ff0000000000000ul;
  return magnitude < 0x3ff0000000000000ul ? (a & 0x8000000000000000ul) | small : large;
}

static inline ulong wb_f64_ceil(ulong a) {
  return (a >> 63) != 0ul ? wb_f64_trunc(a) : wb_f64_round_away(a);
}

static inline ulong wb_f64_floor(ulong a) {
  return (a >> 63) != 0ul ? wb_f64_round_away(a) : wb_f64_trunc(a);
}

static inline ulong wb_f64_nearest(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  ulong mask = wb_f64_fraction_mask(magnitude);
  ulong odd = (a & (mask + 1ul)) == 0ul ? 0ul : 1ul;
  // Half of the last place, less one where the integer is even, so that a tie carries only from an odd one. 1.0's last place is the
  // exponent's lowest bit, which is set for it.
  ulong large = mask == 0ul ? wb_f64_quiet(a) : (a + (mask >> 1) + odd) & ~mask;
  ulong small = magnitude > 0x3fe0000000000000ul ? 0x3ff0000000000000ul : 0ul;
  return magnitude < 0x3ff0000000000000ul ? (a & 0x8000000000000000ul) | small : large;
}

static inline bool wb_f64_unordered(ulong a, ulong b) {
  return wb_f64_is_nan(a) || wb_f64_is_nan(b);
}

// Orders numbers as integers; both zeros are 0.
static inline long wb_f64_order(ulong a) {
  ulong sign = wb_i64_sign_mask(a);
  return as_type<long>((wb_f64_magnitude(a) ^ sign) - sign);
}

// Operands of equal order are the same bits or zeros of two signs, of which the lesser wins: or keeps the minus.
static inline ulong wb_f64_min(ulong a, ulong b) {
  ulong ordered = wb_f64_order(a) < wb_f64_order(b) ? a : b;
  ulong number = wb_f64_order(a) == wb_f64_order(b) ? (a | b) : ordered;
  return wb_f64_unordered(a, b) ? 0x7ff8000000000000ul : number;
}

// As in `wb_f64_min`, but the greater zero wins: and drops the minus.
static inline ulong wb_f64_max(ulong a, ulong b) {
  ulong ordered = wb_f64_order(a) > wb_f64_order(b) ? a : b;
  ulong number = wb_f64_order(a) == wb_f64_order(b) ? (a & b) : ordered;
  return wb_f64_unordered(a, b) ? 0x7ff8000000000000ul : number;
}

static inline uint wb_f64_eq(ulong a, ulong b) {
  return uint(wb_f64_order(a) == wb_f64_order(b)) & uint(!wb_f64_unordered(a, b));
}

static inline uint wb_f64_ne(ulong a, ulong b) {
  return uint(wb_f64_order(a) != wb_f64_order(b)) | uint(wb_f64_unordered(a, b));
}

static inline uint wb_f64_lt(ulong a, ulong b) {
  return uint(wb_f64_order(a) < wb_f64_order(b)) & uint(!wb_f64_unordered(a, b));
}

static inline uint wb_f64_gt(ulong a, ulong b) {
  return wb_f64_lt(b, a);
}

static inline uint wb_f64_le(ulong a, ulong b) {
  return uint(wb_f64_order(a) <= wb_f64_order(b)) & uint(!wb_f64_unordered(a, b));
}

static inline uint wb_f64_ge(ulong a, ulong b) {
  return wb_f64_le(b, a);
}
