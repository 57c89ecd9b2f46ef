// Sign operations are bit operations for every input, NaN included: no hardware float sees the value.
static inline uint wb_f32_abs(uint a) {
  return a & 0x7fffffffu;
}

static inline uint wb_f32_neg(uint a) {
  return a ^ 0x80000000u;
}

static inline uint wb_f32_copysign(uint a, uint b) {
  return (a & 0x7fffffffu) | (b & 0x80000000u);
}

// Sign operations are bit operations for every input, NaN included: no hardware float sees the value.
static inline ulong wb_f64_abs(ulong a) {
  return a & 0x7ffffffffffffffful;
}

static inline ulong wb_f64_neg(ulong a) {
  return a ^ 0x8000000000000000ul;
}

static inline ulong wb_f64_copysign(ulong a, ulong b) {
  return (a & 0x7ffffffffffffffful) | (b & 0x8000000000000000ul);
}

// A significand with its leading one at bit 63, rounded to nearest even into an f32 whose exponent field is `base` + 1: the leading
// one adds the 1. A significand without one is a subnormal's, and `base` is 0.
static inline uint wb_f32_round(ulong significand, uint base) {
  ulong kept = significand >> 40;
  ulong discarded = significand & 0xfffffffffful;
  uint increment = uint(discarded + (kept & 1ul) > 0x8000000000ul);
  return (base << 23) + uint(kept) + increment;
}

// The f32 nearest to significand / 2^63 * 2^(exponent - 127), the significand's leading one at bit 63; any exponent.
static inline uint wb_f32_pack(uint sign, int exponent, ulong significand) {
  uint magnitude = 0x7f800000u;
  if (exponent < 1) {
    uint shift = exponent < -61 ? 63u : uint(1 - exponent);
    ulong lost = significand << ((64u - shift) & 63u);
    magnitude = wb_f32_round((significand >> (shift & 63u)) | ulong(lost != 0ul), 0u);
  } else if (exponent < 255) {
    magnitude = wb_f32_round(significand, uint(exponent - 1));
  }
  return sign | magnitude;
}

// The f32 nearest to an integer.
static inline uint wb_u64_to_f32(ulong integer) {
  uint zeros = uint(clz(integer | 1ul));
  uint bits = wb_f32_round(integer << (zeros & 63u), 189u - zeros);
  return integer == 0ul ? 0u : bits;
}
