// Hardware that flushes subnormal inputs and results to zero, sign kept. Arithmetic runs on it and tests the result: one that a
// flush could have touched goes to an integer path. NaN results are made canonical there as well.
static inline uint wb_f32_magnitude(uint a) {
  return a & 0x7fffffffu;
}

static inline bool wb_f32_is_nan(uint a) {
  return wb_f32_magnitude(a) > 0x7f800000u;
}

// An operand of magnitude under 2^-101 as a multiple of 2^-149, in two's complement: at most 48 bits.
static inline ulong wb_f32_to_fixed(uint a) {
  uint magnitude = wb_f32_magnitude(a);
  uint exponent = magnitude >> 23;
  ulong normal = ulong((magnitude & 0x007ffffful) | 0x00800000ul) << ((exponent - 1u) & 31u);
  ulong fixed = exponent == 0u ? ulong(magnitude) : normal;
  return (a >> 31) != 0u ? 0ul - fixed : fixed;
}

__attribute__((noinline)) static uint wb_f32_add_exact(uint a, uint b, uint hardware) {
  uint magnitude_a = wb_f32_magnitude(a);
  uint magnitude_b = wb_f32_magnitude(b);
  uint result = hardware;
  if (wb_f32_is_nan(hardware)) {
    result = 0x7fc00000u;
  } else if (magnitude_a < 0x0d000000u && magnitude_b < 0x0d000000u) {
    ulong sum = wb_f32_to_fixed(a) + wb_f32_to_fixed(b);
    uint sign = uint(sum >> 32) & 0x80000000u;
    ulong magnitude = sign != 0u ? 0ul - sum : sum;
    // Under 2^24 the multiple of 2^-149 is the encoding itself.
    uint bits = magnitude < 0x1000000ul ? uint(magnitude) : wb_u64_to_f32(magnitude) - (149u << 23);
    result = magnitude == 0ul ? (a & b & 0x80000000u) : (sign | bits);
  }
  return result;
}

// A sum of at least 2^-100 has an operand of at least 2^-101, whose rounding no flushed operand (under 2^-126) can change.
static inline uint wb_f32_add(uint a, uint b) {
  float sum = as_type<float>(a) + as_type<float>(b);
  uint result = as_type<uint>(sum);
  if (wb_f32_magnitude(result) - 0x0d800000u > 0x72000000u) {
    result = wb_f32_add_exact(a, b, result);
  }
  return result;
}

static inline uint wb_f32_sub(uint a, uint b) {
  return wb_f32_add(a, b ^ 0x80000000u);
}

// The exponent of a finite non-zero magnitude as if normalized, and its significand with the leading one at bit 23.
struct wb_f32_parts {
  int exponent;
  uint significand;
};

static inline wb_f32_parts wb_f32_split(uint magnitude) {
  uint shift = magnitude < 0x00800000u ? uint(clz(magnitude)) - 8u : 0u;
  wb_f32_parts parts;
  parts.exponent = magnitude < 0x00800000u ? 1 - int(shift) : int(magnitude >> 23);
  parts.significand = ((magnitude << (shift & 31u)) & 0x007fffffu) | 0x00800000u;
  return parts;
}

__attribute__((noinline)) static uint wb_f32_mul_exact(uint a, uint b) {
  uint magnitude_a = wb_f32_magnitude(a);
  uint magnitude_b = wb_f32_magnitude(b);
  uint sign = (a ^ b) & 0x80000000u;
  uint largest = magnitude_a > magnitude_b ? magnitude_a : magnitude_b;
  uint smallest = magnitude_a > magnitude_b ? magnitude_b : magnitude_a;
  uint result = sign;
  if (largest > 0x7f800000u || (largest == 0x7f800000u && smallest == 0u)) {
    result = 0x7fc00000u;
  } else if (largest == 0x7f800000u) {
    result = sign | 0x7f800000u;
  } else if (smallest != 0u) {
    wb_f32_parts x = wb_f32_split(magnitude_a);
    wb_f32_parts y = wb_f32_split(magnitude_b);
    ulong product = ulong(x.significand) * ulong(y.significand);
    uint zeros = uint(clz(product));
    result = wb_f32_pack(sign, x.exponent + y.exponent - 110 - int(zeros), product << (zeros & 63u));
  }
  return result;
}

// A product that is neither zero nor NaN had no flushed operand and was not flushed.
static inline uint wb_f32_mul(uint a, uint b) {
  float product = as_type<float>(a) * as_type<float>(b);
  uint result = as_type<uint>(product);
  if (wb_f32_magnitude(result) - 1u > 0x7f7fffffu) {
    result = wb_f32_mul_exact(a, b);
  }
  return result;
}

__attribute__((noinline)) static uint wb_f32_div_exact(uint a, uint b) {
  uint magnitude_a = wb_f32_magnitude(a);
  uint magnitude_b = wb_f32_magnitude(b);
  uint sign = (a ^ b) & 0x80000000u;
  bool nan = magnitude_a > 0x7f800000u || magnitude_b > 0x7f800000u;
  bool undefined = magnitude_a == magnitude_b && (magnitude_a == 0u || magnitude_a == 0x7f800000u);
  uint result = sign;
  if (nan || undefined) {
    result = 0x7fc00000u;
  } else if (magnitude_a == 0x7f800000u || magnitude_b == 0u) {
    result = sign | 0x7f800000u;
  } else if (magnitude_a != 0u && magnitude_b != 0x7f800000u) {
    wb_f32_parts x = wb_f32_split(magnitude_a);
    wb_f32_parts y = wb_f32_split(magnitude_b);
    ulong dividend = ulong(x.significand) << 40;
    ulong quotient = wb_u64_quotient(dividend, ulong(y.significand));
    ulong inexact = ulong(quotient * ulong(y.significand) != dividend);
    uint zeros = uint(clz(quotient));
    result = wb_f32_pack(sign, x.exponent - y.exponent + 150 - int(zeros), ((quotient << 1) | inexact) << ((zeros - 1u) & 63u));
  }
  return result;
}

// As for a product; and an infinite quotient may be of a flushed divisor.
static inline uint wb_f32_div(uint a, uint b) {
  float quotient = as_type<float>(a) / as_type<float>(b);
  uint result = as_type<uint>(quotient);
  if (wb_f32_magnitude(result) - 1u > 0x7f7ffffeu) {
    result = wb_f32_div_exact(a, b);
  }
  return result;
}

__attribute__((noinline)) static uint wb_f32_sqrt_exact(uint a) {
  uint result = a;
  if (wb_f32_is_nan(a) || (wb_f32_magnitude(a) != 0u && (a >> 31) != 0u)) {
    result = 0x7fc00000u;
  } else if (a != 0u && a < 0x00800000u) {
    // sqrt(m * 2^-149) = sqrt(2m) * 2^-75, and the root is normal again.
    float root = sqrt(float(a << 1));
    result = as_type<uint>(root) - (75u << 23);
  }
  return result;
}

static inline uint wb_f32_sqrt(uint a) {
  float root = sqrt(as_type<float>(a));
  uint result = as_type<uint>(root);
  if (wb_f32_magnitude(result) - 1u > 0x7f7fffffu) {
    result = wb_f32_sqrt_exact(a);
  }
  return result;
}

static inline uint wb_f32_integral(float value) {
  uint bits = as_type<uint>(value);
  return wb_f32_is_nan(bits) ? 0x7fc00000u : bits;
}

// Under 1 the rounding functions choose between a zero of the operand's sign and a one: hardware would see a subnormal as zero.
static inline uint wb_f32_ceil(uint a) {
  uint small = a == 0u || (a >> 31) != 0u ? a & 0x80000000u : 0x3f800000u;
  uint large = wb_f32_integral(ceil(as_type<float>(a)));
  return wb_f32_magnitude(a) < 0x3f800000u ? small : large;
}

static inline uint wb_f32_floor(uint a) {
  uint small = a == 0x80000000u || (a >> 31) == 0u ? a & 0x80000000u : 0xbf800000u;
  uint large = wb_f32_integral(floor(as_type<float>(a)));
  return wb_f32_magnitude(a) < 0x3f800000u ? small : large;
}

static inline uint wb_f32_trunc(uint a) {
  uint large = wb_f32_integral(trunc(as_type<float>(a)));
  return wb_f32_magnitude(a) < 0x3f800000u ? a & 0x80000000u : large;
}

static inline uint wb_f32_nearest(uint a) {
  uint small = (a & 0x80000000u) | (wb_f32_magnitude(a) > 0x3f000000u ? 0x3f800000u : 0u);
  uint large = wb_f32_integral(rint(as_type<float>(a)));
  return wb_f32_magnitude(a) < 0x3f800000u ? small : large;
}

// Neither operand is normal, infinite or NaN. Only then does flushing change a comparison: beside any other operand a subnormal
// compares as zero does.
static inline bool wb_f32_both_tiny(uint a, uint b) {
  return ((a | b) & 0x7f800000u) == 0u;
}

// Orders numbers as integers; both zeros are 0.
static inline int wb_f32_order(uint a) {
  uint magnitude = wb_f32_magnitude(a);
  return as_type<int>((a >> 31) != 0u ? 0u - magnitude : magnitude);
}

static inline uint wb_f32_eq(uint a, uint b) {
  uint hardware = uint(as_type<float>(a) == as_type<float>(b));
  return wb_f32_both_tiny(a, b) ? uint(wb_f32_order(a) == wb_f32_order(b)) : hardware;
}

static inline uint wb_f32_ne(uint a, uint b) {
  return wb_f32_eq(a, b) ^ 1u;
}

static inline uint wb_f32_lt(uint a, uint b) {
  uint hardware = uint(as_type<float>(a) < as_type<float>(b));
  return wb_f32_both_tiny(a, b) ? uint(wb_f32_order(a) < wb_f32_order(b)) : hardware;
}

static inline uint wb_f32_gt(uint a, uint b) {
  return wb_f32_lt(b, a);
}

static inline uint wb_f32_le(uint a, uint b) {
  uint hardware = uint(as_type<float>(a) <= as_type<float>(b));
  return wb_f32_both_tiny(a, b) ? uint(wb_f32_order(a) <= wb_f32_order(b)) : hardware;
}

static inline uint wb_f32_ge(uint a, uint b) {
  return wb_f32_le(b, a);
}

static inline bool wb_f32_unordered(uint a, uint b) {
  return wb_f32_is_nan(a) || wb_f32_is_nan(b);
}

// Operands that compare equal are the same bits or zeros of two signs, of which the lesser wins: or keeps the minus.
static inline uint wb_f32_min(uint a, uint b) {
  uint ordered = wb_f32_lt(a, b) != 0u ? a : b;
  uint number = wb_f32_magnitude(a | b) == 0u ? (a | b) : ordered;
  return wb_f32_unordered(a, b) ? 0x7fc00000u : number;
}

// As in `wb_f32_min`, but the greater zero wins: and drops the minus.
static inline uint wb_f32_max(uint a, uint b) {
  uint ordered = wb_f32_lt(b, a) != 0u ? a : b;
  uint number = wb_f32_magnitude(a | b) == 0u ? (a & b) : ordered;
  return wb_f32_unordered(a, b) ? 0x7fc00000u : number;
}
