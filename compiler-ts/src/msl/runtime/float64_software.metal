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
    ulong aligned = small_significand >> (distance & 63u);
    aligned |= ulong((aligned << (distance & 63u)) != small_significand);
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
