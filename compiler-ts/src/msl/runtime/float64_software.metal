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
  ulong rounding = 0x1fful + ((significand >> 10) & 1ul);
  return (ulong(base) << 52) + ((significand + rounding) >> 10);
}

// Shifts right by 1 or more; what is lost stays as the lowest bit (the sticky bit of SoftFloat's "jamming" shift).
static inline ulong wb_u64_shift_right_sticky(ulong a, uint shift) {
  uint count = shift > 63u ? 63u : shift;
  ulong lost = a << ((64u - count) & 63u);
  return (a >> (count & 63u)) | ulong(lost != 0ul);
}

// The result is subnormal, or beyond the largest exponent or close to it.
__attribute__((noinline)) static ulong wb_f64_pack_special(ulong significand, int base) {
  ulong result = 0x7ff0000000000000ul;
  if (base < 0) {
    result = wb_f64_round(wb_u64_shift_right_sticky(significand, uint(0 - base)), 0u);
  } else if (base < 0x7fe) {
    result = wb_f64_round(significand, uint(base));
  }
  return result;
}

// Rounds as `wb_f64_round` does, for any base: results under the normal range are subnormal, over it infinite. One comparison tells
// both; what rounding carries stays under infinity.
static inline ulong wb_f64_pack(ulong sign, int base, ulong significand) {
  ulong magnitude = 0ul;
  if (uint(base) < 0x7fdu) {
    magnitude = wb_f64_round(significand, uint(base));
  } else {
    magnitude = wb_f64_pack_special(significand, base);
  }
  return sign | magnitude;
}

// One path for all finite operands. Significands have 9 bits below the last place, so that a carry, the leading place lost by a
// subtraction, and the sticky bit all fit; normalizing stops at the subnormals' exponent. Bases are exponent fields less 1, and 0
// for subnormals: taken from the magnitude, they leave the leading one where there is one. A sum over the range is over infinity.
static inline ulong wb_f64_add_finite(ulong a, ulong b) {
  ulong a_magnitude = wb_f64_magnitude(a);
  ulong b_magnitude = wb_f64_magnitude(b);
  bool swap = b_magnitude > a_magnitude;
  ulong large = swap ? b_magnitude : a_magnitude;
  ulong small = swap ? a_magnitude : b_magnitude;
  ulong sign = (swap ? b : a) & 0x8000000000000000ul;
  uint large_base = uint(large >> 52);
  uint small_base = uint(small >> 52);
  large_base -= uint(large_base != 0u);
  small_base -= uint(small_base != 0u);
  ulong large_significand = (large - (ulong(large_base) << 52)) << 9;
  ulong small_significand = (small - (ulong(small_base) << 52)) << 9;
  uint distance = large_base - small_base;
  distance = distance > 63u ? 63u : distance;
  ulong aligned = small_significand >> (distance & 63u);
  aligned |= ulong((aligned << (distance & 63u)) != small_significand);
  ulong negate = 0ul - ((a ^ b) >> 63);
  ulong sum = large_significand + ((aligned ^ negate) - negate);
  uint zeros = uint(clz(sum)) - 1u;
  uint shift = zeros > large_base ? large_base + 1u : zeros;
  ulong magnitude = wb_f64_round(sum << (shift & 63u), large_base + 1u - shift);
  return sum == 0ul ? a & b & 0x8000000000000000ul : sign | magnitude;
}

// An operand is infinite or NaN, or so large that the sum may be over the range.
__attribute__((noinline)) static ulong wb_f64_add_special(ulong a, ulong b) {
  bool a_is_infinite = wb_f64_magnitude(a) == 0x7ff0000000000000ul;
  bool b_is_infinite = wb_f64_magnitude(b) == 0x7ff0000000000000ul;
  ulong result = a_is_infinite ? a : b;
  if (wb_f64_is_nan(a) || wb_f64_is_nan(b) || (a_is_infinite && b_is_infinite && a != b)) {
    result = 0x7ff8000000000000ul;
  } else if (!a_is_infinite && !b_is_infinite) {
    ulong sum = wb_f64_add_finite(a, b);
    result = wb_f64_magnitude(sum) > 0x7ff0000000000000ul ? (sum & 0x8000000000000000ul) | 0x7ff0000000000000ul : sum;
  }
  return result;
}

// With exponent fields of at most 0x7fd the sum is finite.
__attribute__((noinline)) static ulong wb_f64_add(ulong a, ulong b) {
  uint a_exponent = wb_f64_exponent(a);
  uint b_exponent = wb_f64_exponent(b);
  ulong result = 0ul;
  if ((a_exponent > b_exponent ? a_exponent : b_exponent) < 0x7feu) {
    result = wb_f64_add_finite(a, b);
  } else {
    result = wb_f64_add_special(a, b);
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
  return wb_f64_pack(sign, exponents - 1023 - int(shift), product << (shift & 63u));
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
