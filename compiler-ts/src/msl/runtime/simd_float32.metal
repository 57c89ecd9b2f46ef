static inline uint4 wb_f32x4_abs(uint4 a) {
  return a & 0x7fffffffu;
}

static inline uint4 wb_f32x4_neg(uint4 a) {
  return a ^ 0x80000000u;
}

// Lane by lane, with the scalar functions of the profile: what is exact there is exact here.
static inline uint4 wb_f32x4_ceil(uint4 a) {
  return uint4(wb_f32_ceil(a.x), wb_f32_ceil(a.y), wb_f32_ceil(a.z), wb_f32_ceil(a.w));
}

static inline uint4 wb_f32x4_floor(uint4 a) {
  return uint4(wb_f32_floor(a.x), wb_f32_floor(a.y), wb_f32_floor(a.z), wb_f32_floor(a.w));
}

static inline uint4 wb_f32x4_trunc(uint4 a) {
  return uint4(wb_f32_trunc(a.x), wb_f32_trunc(a.y), wb_f32_trunc(a.z), wb_f32_trunc(a.w));
}

static inline uint4 wb_f32x4_nearest(uint4 a) {
  return uint4(wb_f32_nearest(a.x), wb_f32_nearest(a.y), wb_f32_nearest(a.z), wb_f32_nearest(a.w));
}

static inline uint4 wb_f32x4_sqrt(uint4 a) {
  return uint4(wb_f32_sqrt(a.x), wb_f32_sqrt(a.y), wb_f32_sqrt(a.z), wb_f32_sqrt(a.w));
}

static inline uint4 wb_f32x4_add(uint4 a, uint4 b) {
  return uint4(wb_f32_add(a.x, b.x), wb_f32_add(a.y, b.y), wb_f32_add(a.z, b.z), wb_f32_add(a.w, b.w));
}

static inline uint4 wb_f32x4_sub(uint4 a, uint4 b) {
  return uint4(wb_f32_sub(a.x, b.x), wb_f32_sub(a.y, b.y), wb_f32_sub(a.z, b.z), wb_f32_sub(a.w, b.w));
}

static inline uint4 wb_f32x4_mul(uint4 a, uint4 b) {
  return uint4(wb_f32_mul(a.x, b.x), wb_f32_mul(a.y, b.y), wb_f32_mul(a.z, b.z), wb_f32_mul(a.w, b.w));
}

static inline uint4 wb_f32x4_div(uint4 a, uint4 b) {
  return uint4(wb_f32_div(a.x, b.x), wb_f32_div(a.y, b.y), wb_f32_div(a.z, b.z), wb_f32_div(a.w, b.w));
}

static inline uint4 wb_f32x4_min(uint4 a, uint4 b) {
  return uint4(wb_f32_min(a.x, b.x), wb_f32_min(a.y, b.y), wb_f32_min(a.z, b.z), wb_f32_min(a.w, b.w));
}

static inline uint4 wb_f32x4_max(uint4 a, uint4 b) {
  return uint4(wb_f32_max(a.x, b.x), wb_f32_max(a.y, b.y), wb_f32_max(a.z, b.z), wb_f32_max(a.w, b.w));
}

static inline uint4 wb_f32x4_eq(uint4 a, uint4 b) {
  return uint4(0u) - uint4(wb_f32_eq(a.x, b.x), wb_f32_eq(a.y, b.y), wb_f32_eq(a.z, b.z), wb_f32_eq(a.w, b.w));
}

static inline uint4 wb_f32x4_ne(uint4 a, uint4 b) {
  return uint4(0u) - uint4(wb_f32_ne(a.x, b.x), wb_f32_ne(a.y, b.y), wb_f32_ne(a.z, b.z), wb_f32_ne(a.w, b.w));
}

static inline uint4 wb_f32x4_lt(uint4 a, uint4 b) {
  return uint4(0u) - uint4(wb_f32_lt(a.x, b.x), wb_f32_lt(a.y, b.y), wb_f32_lt(a.z, b.z), wb_f32_lt(a.w, b.w));
}

static inline uint4 wb_f32x4_gt(uint4 a, uint4 b) {
  return uint4(0u) - uint4(wb_f32_gt(a.x, b.x), wb_f32_gt(a.y, b.y), wb_f32_gt(a.z, b.z), wb_f32_gt(a.w, b.w));
}

static inline uint4 wb_f32x4_le(uint4 a, uint4 b) {
  return uint4(0u) - uint4(wb_f32_le(a.x, b.x), wb_f32_le(a.y, b.y), wb_f32_le(a.z, b.z), wb_f32_le(a.w, b.w));
}

static inline uint4 wb_f32x4_ge(uint4 a, uint4 b) {
  return uint4(0u) - uint4(wb_f32_ge(a.x, b.x), wb_f32_ge(a.y, b.y), wb_f32_ge(a.z, b.z), wb_f32_ge(a.w, b.w));
}

// As C's `b < a ? b : a`: an unordered pair gives a.
static inline uint4 wb_f32x4_pmin(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_f32x4_lt(b, a));
}

static inline uint4 wb_f32x4_pmax(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_f32x4_lt(a, b));
}
