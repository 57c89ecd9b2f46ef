// The integer part of a magnitude under 2^64.
static inline ulong wb_f64_to_u64(ulong bits) {
  uint exponent = wb_f64_exponent(bits);
  ulong significand = (bits << 11) | 0x8000000000000000ul;
  ulong integer = significand >> ((1086u - exponent) & 63u);
  return exponent < 1023u ? 0ul : integer;
}

// In range by the caller's check.
static inline uint wb_i32_trunc_f64_s(ulong bits) {
  uint magnitude = uint(wb_f64_to_u64(bits));
  return (bits >> 63) != 0ul ? 0u - magnitude : magnitude;
}

static inline uint wb_i32_trunc_f64_u(ulong bits) {
  return uint(wb_f64_to_u64(bits));
}

static inline ulong wb_i64_trunc_f64_s(ulong bits) {
  ulong magnitude = wb_f64_to_u64(bits);
  return (bits >> 63) != 0ul ? 0ul - magnitude : magnitude;
}

static inline ulong wb_i64_trunc_f64_u(ulong bits) {
  return wb_f64_to_u64(bits);
}

// The f64 nearest to an integer.
static inline ulong wb_u64_to_f64(ulong integer) {
  uint zeros = uint(clz(integer | 1ul));
  ulong normalized = integer << (zeros & 63u);
  ulong bits = wb_f64_round((normalized >> 1) | (normalized & 1ul), 1085u - zeros);
  return integer == 0ul ? 0ul : bits;
}

// Every 32-bit integer is an f64: no rounding.
static inline ulong wb_u32_to_f64(uint integer) {
  uint zeros = uint(clz(integer | 1u));
  ulong bits = (ulong(1053u - zeros) << 52) + (ulong(integer << (zeros & 31u)) << 21);
  return integer == 0u ? 0ul : bits;
}

static inline ulong wb_f64_convert_i32_s(uint a) {
  uint sign = wb_i32_sign_mask(a);
  return wb_u32_to_f64((a ^ sign) - sign) | (ulong(sign & 0x80000000u) << 32);
}

static inline ulong wb_f64_convert_i32_u(uint a) {
  return wb_u32_to_f64(a);
}

static inline ulong wb_f64_convert_i64_s(ulong a) {
  ulong sign = wb_i64_sign_mask(a);
  return wb_u64_to_f64((a ^ sign) - sign) | (sign & 0x8000000000000000ul);
}

static inline ulong wb_f64_convert_i64_u(ulong a) {
  return wb_u64_to_f64(a);
}
