static inline uint4 wb_i32x4_eq(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), a == b);
}

static inline uint4 wb_i32x4_ne(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), a != b);
}

static inline uint4 wb_i32x4_lt_s(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), as_type<int4>(a) < as_type<int4>(b));
}

static inline uint4 wb_i32x4_lt_u(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), a < b);
}

static inline uint4 wb_i32x4_gt_s(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), as_type<int4>(a) > as_type<int4>(b));
}

static inline uint4 wb_i32x4_gt_u(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), a > b);
}

static inline uint4 wb_i32x4_le_s(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), as_type<int4>(a) <= as_type<int4>(b));
}

static inline uint4 wb_i32x4_le_u(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), a <= b);
}

static inline uint4 wb_i32x4_ge_s(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), as_type<int4>(a) >= as_type<int4>(b));
}

static inline uint4 wb_i32x4_ge_u(uint4 a, uint4 b) {
  return select(uint4(0u), uint4(0xffffffffu), a >= b);
}

static inline uint4 wb_i32x4_min_s(uint4 a, uint4 b) {
  return as_type<uint4>(min(as_type<int4>(a), as_type<int4>(b)));
}

static inline uint4 wb_i32x4_min_u(uint4 a, uint4 b) {
  return min(a, b);
}

static inline uint4 wb_i32x4_max_s(uint4 a, uint4 b) {
  return as_type<uint4>(max(as_type<int4>(a), as_type<int4>(b)));
}

static inline uint4 wb_i32x4_max_u(uint4 a, uint4 b) {
  return max(a, b);
}

// All ones in negative lanes.
static inline uint4 wb_i32x4_sign_mask(uint4 a) {
  return as_type<uint4>(as_type<int4>(a) >> 31);
}

static inline uint4 wb_i32x4_abs(uint4 a) {
  uint4 negative = wb_i32x4_sign_mask(a);
  return (a ^ negative) - negative;
}

static inline uint4 wb_i32x4_neg(uint4 a) {
  return uint4(0u) - a;
}

static inline uint4 wb_i32x4_shl(uint4 a, uint count) {
  return a << (count & 31u);
}

static inline uint4 wb_i32x4_shr_u(uint4 a, uint count) {
  return a >> (count & 31u);
}

static inline uint4 wb_i32x4_shr_s(uint4 a, uint count) {
  return as_type<uint4>(as_type<int4>(a) >> (count & 31u));
}

static inline bool wb_i32x4_all_true(uint4 a) {
  return a.x != 0u && a.y != 0u && a.z != 0u && a.w != 0u;
}

static inline uint wb_i32x4_bitmask(uint4 a) {
  uint4 bits = a >> 31;
  return bits.x | (bits.y << 1) | (bits.z << 2) | (bits.w << 3);
}

// The sum of two products of least numbers wraps.
static inline uint4 wb_i32x4_dot_i16x8_s(uint4 a, uint4 b) {
  uint4 even = as_type<uint4>(wb_i16x8_even_s(a) * wb_i16x8_even_s(b));
  uint4 odd = as_type<uint4>(wb_i16x8_odd_s(a) * wb_i16x8_odd_s(b));
  return even + odd;
}

static inline uint4 wb_i64x2_add(uint4 a, uint4 b) {
  return as_type<uint4>(as_type<ulong2>(a) + as_type<ulong2>(b));
}

static inline uint4 wb_i64x2_sub(uint4 a, uint4 b) {
  return as_type<uint4>(as_type<ulong2>(a) - as_type<ulong2>(b));
}

static inline uint4 wb_i64x2_mul(uint4 a, uint4 b) {
  return as_type<uint4>(as_type<ulong2>(a) * as_type<ulong2>(b));
}

static inline uint4 wb_i64x2_neg(uint4 a) {
  return as_type<uint4>(ulong2(0ul) - as_type<ulong2>(a));
}

static inline uint4 wb_i64x2_abs(uint4 a) {
  ulong2 negative = ulong2(wb_i64_sign_mask(wb_v128_low(a)), wb_i64_sign_mask(wb_v128_high(a)));
  return as_type<uint4>((as_type<ulong2>(a) ^ negative) - negative);
}

static inline uint4 wb_i64x2_shl(uint4 a, uint count) {
  return as_type<uint4>(as_type<ulong2>(a) << (ulong(count) & 63ul));
}

static inline uint4 wb_i64x2_shr_u(uint4 a, uint count) {
  return as_type<uint4>(as_type<ulong2>(a) >> (ulong(count) & 63ul));
}

static inline uint4 wb_i64x2_shr_s(uint4 a, uint count) {
  return wb_v128_of(wb_i64_shr_s(wb_v128_low(a), ulong(count)), wb_i64_shr_s(wb_v128_high(a), ulong(count)));
}

static inline uint4 wb_i64x2_masks(bool low, bool high) {
  uint first = 0u - uint(low);
  uint second = 0u - uint(high);
  return uint4(first, first, second, second);
}

static inline uint4 wb_i64x2_eq(uint4 a, uint4 b) {
  bool low = wb_v128_low(a) == wb_v128_low(b);
  bool high = wb_v128_high(a) == wb_v128_high(b);
  return wb_i64x2_masks(low, high);
}

static inline uint4 wb_i64x2_ne(uint4 a, uint4 b) {
  bool low = wb_v128_low(a) != wb_v128_low(b);
  bool high = wb_v128_high(a) != wb_v128_high(b);
  return wb_i64x2_masks(low, high);
}

static inline uint4 wb_i64x2_lt_s(uint4 a, uint4 b) {
  bool low = as_type<long>(wb_v128_low(a)) < as_type<long>(wb_v128_low(b));
  bool high = as_type<long>(wb_v128_high(a)) < as_type<long>(wb_v128_high(b));
  return wb_i64x2_masks(low, high);
}

static inline uint4 wb_i64x2_gt_s(uint4 a, uint4 b) {
  bool low = as_type<long>(wb_v128_low(a)) > as_type<long>(wb_v128_low(b));
  bool high = as_type<long>(wb_v128_high(a)) > as_type<long>(wb_v128_high(b));
  return wb_i64x2_masks(low, high);
}

static inline uint4 wb_i64x2_le_s(uint4 a, uint4 b) {
  bool low = as_type<long>(wb_v128_low(a)) <= as_type<long>(wb_v128_low(b));
  bool high = as_type<long>(wb_v128_high(a)) <= as_type<long>(wb_v128_high(b));
  return wb_i64x2_masks(low, high);
}

static inline uint4 wb_i64x2_ge_s(uint4 a, uint4 b) {
  bool low = as_type<long>(wb_v128_low(a)) >= as_type<long>(wb_v128_low(b));
  bool high = as_type<long>(wb_v128_high(a)) >= as_type<long>(wb_v128_high(b));
  return wb_i64x2_masks(low, high);
}

static inline bool wb_i64x2_all_true(uint4 a) {
  return (a.x | a.y) != 0u && (a.z | a.w) != 0u;
}

static inline uint wb_i64x2_bitmask(uint4 a) {
  return (a.y >> 31) | ((a.w >> 31) << 1);
}
