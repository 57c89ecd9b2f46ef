// Hardware that flushes subnormal inputs and results to zero, sign kept. Arithmetic runs on it and tests the result: one that a
// flush could have touched goes to an integer path. NaN results are made canonical there as well. Tests and results are floats up
// to the end: clang would keep integers in integer registers, and a way there and back in each operation cost a program a third of its rate.
static inline uint wb_f32_magnitude(uint a) {
  return a & 0x7fffffffu;
}

static inline bool wb_f32_is_nan(uint a) {
  return wb_f32_magnitude(a) > 0x7f800000u;
}

// Or infinite; neither zero nor NaN.
static inline bool wb_f32_is_normal(float value) {
  return fabs(value) >= as_type<float>(0x00800000u);
}

// On the bits: a comparison of floats would take a subnormal for a zero. What is computed with zeros is exact, and programs are full of them; on a GPU one lane's
// call holds up all.
static inline bool wb_f32_is_zero(uint a) {
  return (a << 1) == 0u;
}

// An operand of magnitude under 2^-101 as a multiple of 2^-149, in two's complement: at most 48 bits.
static inline ulong wb_f32_to_fixed(uint a) {
  uint magnitude = wb_f32_magnitude(a);
  uint exponent = magnitude >> 23;
  ulong normal = ulong((magnitude & 0x007ffffful) | 0x00800000ul) << ((exponent - 1u) & 31u);
  ulong fixed = exponent == 0u ? ulong(magnitude) : normal;
  return (a >> 31) != 0u ? 0ul - fixed : fixed;
}

__attribute__((noinline)) static float wb_f32_add_exact(float x, float y, float sum_on_hardware) {
  uint a = as_type<uint>(x);
  uint b = as_type<uint>(y);
  uint hardware = as_type<uint>(sum_on_hardware);
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
  return as_type<float>(result);
}

// A sum of at least 2^-100 has an operand of at least 2^-101, whose rounding no flushed operand (under 2^-126) can change.
static inline uint wb_f32_add(uint a, uint b) {
  float x = as_type<float>(a);
  float y = as_type<float>(b);
  float sum = x + y;
  if (!(fabs(sum) >= as_type<float>(0x0d800000u))) {
    bool cancels = x == -y && wb_f32_is_normal(x);
    if (!(sum == 0.0f && (cancels || wb_f32_is_zero(a | b)))) {
      sum = wb_f32_add_exact(x, y, sum);
    }
  }
  return as_type<uint>(sum);
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

__attribute__((noinline)) static float wb_f32_mul_exact(float first, float second) {
  uint a = as_type<uint>(first);
  uint b = as_type<uint>(second);
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
  return as_type<float>(result);
}

// A normal product had no flushed operand and was not flushed.
static inline uint wb_f32_mul(uint a, uint b) {
  float x = as_type<float>(a);
  float y = as_type<float>(b);
  float product = x * y;
  if (!wb_f32_is_normal(product)) {
    bool zero = product == 0.0f && (wb_f32_is_zero(a) || wb_f32_is_zero(b));
    product = zero ? as_type<float>((a ^ b) & 0x80000000u) : wb_f32_mul_exact(x, y);
  }
  return as_type<uint>(product);
}

__attribute__((noinline)) static float wb_f32_div_exact(float first, float second) {
  uint a = as_type<uint>(first);
  uint b = as_type<uint>(second);
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
  return as_type<float>(result);
}

// As for a product; but an infinite quotient may be of a flushed divisor.
static inline uint wb_f32_div(uint a, uint b) {
  float x = as_type<float>(a);
  float y = as_type<float>(b);
  float quotient = x / y;
  if (!(wb_f32_is_normal(quotient) && wb_f32_is_normal(y))) {
    if (!(wb_f32_is_zero(a) && wb_f32_is_normal(y))) {
      quotient = wb_f32_div_exact(x, y);
    }
  }
  return as_type<uint>(quotient);
}

__attribute__((noinline)) static float wb_f32_sqrt_exact(float x) {
  uint a = as_type<uint>(x);
  uint result = a;
  if (wb_f32_is_nan(a) || (wb_f32_magnitude(a) != 0u && (a >> 31) != 0u)) {
    result = 0x7fc00000u;
  } else if (a != 0u && a < 0x00800000u) {
    // sqrt(m * 2^-149) = sqrt(2m) * 2^-75, and the root is normal again.
    float root = sqrt(float(a << 1));
    result = as_type<uint>(root) - (75u << 23);
  }
  return as_type<float>(result);
}

static inline uint wb_f32_sqrt(uint a) {
  float x = as_type<float>(a);
  float root = sqrt(x);
  if (!wb_f32_is_normal(root)) {
    root = wb_f32_is_zero(a) ? x : wb_f32_sqrt_exact(x);
  }
  return as_type<uint>(root);
}

// A rounded number has its operand's sign; of a zero the hardware may have lost it.
static inline uint wb_f32_rounded(uint a, float rounded) {
  return rounded == rounded ? as_type<uint>(rounded) | (a & 0x80000000u) : 0x7fc00000u;
}

// Flushed, a subnormal would round to zero: right but for positive ones here and for negative ones in floor.
static inline uint wb_f32_ceil(uint a) {
  uint result = wb_f32_rounded(a, ceil(as_type<float>(a)));
  return a - 1u < 0x007fffffu ? 0x3f800000u : result;
}

static inline uint wb_f32_floor(uint a) {
  uint result = wb_f32_rounded(a, floor(as_type<float>(a)));
  return a - 0x80000001u < 0x007fffffu ? 0xbf800000u : result;
}

static inline uint wb_f32_trunc(uint a) {
  return wb_f32_rounded(a, trunc(as_type<float>(a)));
}

static inline uint wb_f32_nearest(uint a) {
  return wb_f32_rounded(a, rint(as_type<float>(a)));
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

// For numbers, -0 under +0: bits order as signed integers do, those of two negative numbers the other way round.
static inline bool wb_f32_is_under(uint a, uint b) {
  return (as_type<int>(a) < as_type<int>(b)) != ((a & b) >> 31 != 0u);
}

static inline uint wb_f32_unless_nan(uint a, uint b, uint number) {
  float x = as_type<float>(a);
  float y = as_type<float>(b);
  return x == x && y == y ? number : 0x7fc00000u;
}

static inline uint wb_f32_min(uint a, uint b) {
  return wb_f32_unless_nan(a, b, wb_f32_is_under(a, b) ? a : b);
}

static inline uint wb_f32_max(uint a, uint b) {
  return wb_f32_unless_nan(a, b, wb_f32_is_under(a, b) ? b : a);
}

// The same where no operand and no result is subnormal, or where nobody notices (compiler-ts/src/legalize/floats/plainFloats.ts). Of NaNs any will do.
static inline uint wb_f32_add_plain(uint a, uint b) {
  float result = as_type<float>(a) + as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_sub_plain(uint a, uint b) {
  float result = as_type<float>(a) - as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_mul_plain(uint a, uint b) {
  float result = as_type<float>(a) * as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_div_plain(uint a, uint b) {
  float result = as_type<float>(a) / as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_sqrt_plain(uint a) {
  return as_type<uint>(sqrt(as_type<float>(a)));
}

static inline uint wb_f32_eq_plain(uint a, uint b) {
  return uint(as_type<float>(a) == as_type<float>(b));
}

static inline uint wb_f32_ne_plain(uint a, uint b) {
  return uint(as_type<float>(a) != as_type<float>(b));
}

static inline uint wb_f32_lt_plain(uint a, uint b) {
  return uint(as_type<float>(a) < as_type<float>(b));
}

static inline uint wb_f32_gt_plain(uint a, uint b) {
  return uint(as_type<float>(a) > as_type<float>(b));
}

static inline uint wb_f32_le_plain(uint a, uint b) {
  return uint(as_type<float>(a) <= as_type<float>(b));
}

static inline uint wb_f32_ge_plain(uint a, uint b) {
  return uint(as_type<float>(a) >= as_type<float>(b));
}

// Together with these, for results that are tested at once (compiler-ts/src/legalize/floats/speculation.ts).
static inline uint wb_f32_lesser(uint a, uint b) {
  float x = fabs(as_type<float>(a));
  float y = fabs(as_type<float>(b));
  return as_type<uint>(x < y ? x : y);
}

// Whether flushing can have touched a result, of which the first is the least, or one is a NaN, which the second is then.
static inline bool wb_f32_is_unsure(uint least, uint sum) {
  float magnitude = fabs(as_type<float>(least));
  float total = as_type<float>(sum);
  return !(magnitude >= as_type<float>(0x0d800000u) && total == total);
}

__attribute__((noinline)) static float wb_f32_add_slowly(float a, float b) {
  return as_type<float>(wb_f32_add(as_type<uint>(a), as_type<uint>(b)));
}

static inline uint wb_f32_add_out_of_line(uint a, uint b) {
  return as_type<uint>(wb_f32_add_slowly(as_type<float>(a), as_type<float>(b)));
}

__attribute__((noinline)) static float wb_f32_sub_slowly(float a, float b) {
  return as_type<float>(wb_f32_sub(as_type<uint>(a), as_type<uint>(b)));
}

static inline uint wb_f32_sub_out_of_line(uint a, uint b) {
  return as_type<uint>(wb_f32_sub_slowly(as_type<float>(a), as_type<float>(b)));
}

__attribute__((noinline)) static float wb_f32_mul_slowly(float a, float b) {
  return as_type<float>(wb_f32_mul(as_type<uint>(a), as_type<uint>(b)));
}

static inline uint wb_f32_mul_out_of_line(uint a, uint b) {
  return as_type<uint>(wb_f32_mul_slowly(as_type<float>(a), as_type<float>(b)));
}

__attribute__((noinline)) static float wb_f32_div_slowly(float a, float b) {
  return as_type<float>(wb_f32_div(as_type<uint>(a), as_type<uint>(b)));
}

static inline uint wb_f32_div_out_of_line(uint a, uint b) {
  return as_type<uint>(wb_f32_div_slowly(as_type<float>(a), as_type<float>(b)));
}

__attribute__((noinline)) static float wb_f32_sqrt_slowly(float a) {
  return as_type<float>(wb_f32_sqrt(as_type<uint>(a)));
}

static inline uint wb_f32_sqrt_out_of_line(uint a) {
  return as_type<uint>(wb_f32_sqrt_slowly(as_type<float>(a)));
}
