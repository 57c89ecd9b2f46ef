static inline uint4 wb_f64x2_abs(uint4 a) {
  return a & uint4(0xffffffffu, 0x7fffffffu, 0xffffffffu, 0x7fffffffu);
}

static inline uint4 wb_f64x2_neg(uint4 a) {
  return a ^ uint4(0u, 0x80000000u, 0u, 0x80000000u);
}

// Lane by lane, with the scalar functions of the profile: what is exact there is exact here.
static inline uint4 wb_f64x2_ceil(uint4 a) {
  return wb_v128_of(wb_f64_ceil(wb_v128_low(a)), wb_f64_ceil(wb_v128_high(a)));
}

static inline uint4 wb_f64x2_floor(uint4 a) {
  return wb_v128_of(wb_f64_floor(wb_v128_low(a)), wb_f64_floor(wb_v128_high(a)));
}

static inline uint4 wb_f64x2_trunc(uint4 a) {
  return wb_v128_of(wb_f64_trunc(wb_v128_low(a)), wb_f64_trunc(wb_v128_high(a)));
}

static inline uint4 wb_f64x2_nearest(uint4 a) {
  return wb_v128_of(wb_f64_nearest(wb_v128_low(a)), wb_f64_nearest(wb_v128_high(a)));
}

static inline uint4 wb_f64x2_sqrt(uint4 a) {
  return wb_v128_of(wb_f64_sqrt(wb_v128_low(a)), wb_f64_sqrt(wb_v128_high(a)));
}

static inline uint4 wb_f64x2_add(uint4 a, uint4 b) {
  return wb_v128_of(wb_f64_add(wb_v128_low(a), wb_v128_low(b)), wb_f64_add(wb_v128_high(a), wb_v128_high(b)));
}

static inline uint4 wb_f64x2_sub(uint4 a, uint4 b) {
  return wb_v128_of(wb_f64_sub(wb_v128_low(a), wb_v128_low(b)), wb_f64_sub(wb_v128_high(a), wb_v128_high(b)));
}

static inline uint4 wb_f64x2_mul(uint4 a, uint4 b) {
  return wb_v128_of(wb_f64_mul(wb_v128_low(a), wb_v128_low(b)), wb_f64_mul(wb_v128_high(a), wb_v128_high(b)));
}

static inline uint4 wb_f64x2_div(uint4 a, uint4 b) {
  return wb_v128_of(wb_f64_div(wb_v128_low(a), wb_v128_low(b)), wb_f64_div(wb_v128_high(a), wb_v128_high(b)));
}

static inline uint4 wb_f64x2_min(uint4 a, uint4 b) {
  return wb_v128_of(wb_f64_min(wb_v128_low(a), wb_v128_low(b)), wb_f64_min(wb_v128_high(a), wb_v128_high(b)));
}

static inline uint4 wb_f64x2_max(uint4 a, uint4 b) {
  return wb_v128_of(wb_f64_max(wb_v128_low(a), wb_v128_low(b)), wb_f64_max(wb_v128_high(a), wb_v128_high(b)));
}

static inline uint4 wb_f64x2_eq(uint4 a, uint4 b) {
  uint low = 0u - wb_f64_eq(wb_v128_low(a), wb_v128_low(b));
  uint high = 0u - wb_f64_eq(wb_v128_high(a), wb_v128_high(b));
  return uint4(low, low, high, high);
}

static inline uint4 wb_f64x2_ne(uint4 a, uint4 b) {
  uint low = 0u - wb_f64_ne(wb_v128_low(a), wb_v128_low(b));
  uint high = 0u - wb_f64_ne(wb_v128_high(a), wb_v128_high(b));
  return uint4(low, low, high, high);
}

static inline uint4 wb_f64x2_lt(uint4 a, uint4 b) {
  uint low = 0u - wb_f64_lt(wb_v128_low(a), wb_v128_low(b));
  uint high = 0u - wb_f64_lt(wb_v128_high(a), wb_v128_high(b));
  return uint4(low, low, high, high);
}

static inline uint4 wb_f64x2_gt(uint4 a, uint4 b) {
  uint low = 0u - wb_f64_gt(wb_v128_low(a), wb_v128_low(b));
  uint high = 0u - wb_f64_gt(wb_v128_high(a), wb_v128_high(b));
  return uint4(low, low, high, high);
}

static inline uint4 wb_f64x2_le(uint4 a, uint4 b) {
  uint low = 0u - wb_f64_le(wb_v128_low(a), wb_v128_low(b));
  uint high = 0u - wb_f64_le(wb_v128_high(a), wb_v128_high(b));
  return uint4(low, low, high, high);
}

static inline uint4 wb_f64x2_ge(uint4 a, uint4 b) {
  uint low = 0u - wb_f64_ge(wb_v128_low(a), wb_v128_low(b));
  uint high = 0u - wb_f64_ge(wb_v128_high(a), wb_v128_high(b));
  return uint4(low, low, high, high);
}

// As C's `b < a ? b : a`: an unordered pair gives a.
static inline uint4 wb_f64x2_pmin(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_f64x2_lt(b, a));
}

static inline uint4 wb_f64x2_pmax(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_f64x2_lt(a, b));
}
