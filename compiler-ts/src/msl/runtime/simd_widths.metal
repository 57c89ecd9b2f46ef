// The low byte of every lane of 16 bits.
static inline uint2 wb_i16x8_low_bytes(uint4 a) {
  uint4 pairs = (a & 0xffu) | ((a >> 8) & 0xff00u);
  return uint2(pairs.x | (pairs.y << 16), pairs.z | (pairs.w << 16));
}

static inline uint4 wb_i8x16_narrow_i16x8_s(uint4 a, uint4 b) {
  uint4 first = wb_i16x8_min_s(wb_i16x8_max_s(a, wb_i16x8_splat(0xff80u)), wb_i16x8_splat(0x007fu));
  uint4 second = wb_i16x8_min_s(wb_i16x8_max_s(b, wb_i16x8_splat(0xff80u)), wb_i16x8_splat(0x007fu));
  return uint4(wb_i16x8_low_bytes(first), wb_i16x8_low_bytes(second));
}

static inline uint4 wb_i8x16_narrow_i16x8_u(uint4 a, uint4 b) {
  uint4 first = wb_i16x8_min_s(wb_i16x8_max_s(a, wb_i16x8_splat(0u)), wb_i16x8_splat(0x00ffu));
  uint4 second = wb_i16x8_min_s(wb_i16x8_max_s(b, wb_i16x8_splat(0u)), wb_i16x8_splat(0x00ffu));
  return uint4(wb_i16x8_low_bytes(first), wb_i16x8_low_bytes(second));
}

// The low half of every lane of 32 bits.
static inline uint2 wb_i32x4_low_halves(uint4 a) {
  return uint2((a.x & 0xffffu) | (a.y << 16), (a.z & 0xffffu) | (a.w << 16));
}

static inline uint4 wb_i16x8_narrow_i32x4_s(uint4 a, uint4 b) {
  int4 first = clamp(as_type<int4>(a), int4(-32768), int4(32767));
  int4 second = clamp(as_type<int4>(b), int4(-32768), int4(32767));
  return uint4(wb_i32x4_low_halves(as_type<uint4>(first)), wb_i32x4_low_halves(as_type<uint4>(second)));
}

static inline uint4 wb_i16x8_narrow_i32x4_u(uint4 a, uint4 b) {
  int4 first = clamp(as_type<int4>(a), int4(0), int4(65535));
  int4 second = clamp(as_type<int4>(b), int4(0), int4(65535));
  return uint4(wb_i32x4_low_halves(as_type<uint4>(first)), wb_i32x4_low_halves(as_type<uint4>(second)));
}

// Eight bytes to lanes of 16 bits.
static inline uint4 wb_extend_bytes_u(uint2 a) {
  uint4 pairs = uint4(a.x & 0xffffu, a.x >> 16, a.y & 0xffffu, a.y >> 16);
  return (pairs | (pairs << 8)) & 0x00ff00ffu;
}

// The product of a sign bit and 0x1fe is the ones above it.
static inline uint4 wb_extend_bytes_s(uint2 a) {
  uint4 lanes = wb_extend_bytes_u(a);
  return lanes | ((lanes & 0x00800080u) * 0x1feu);
}

// Four halves to lanes of 32 bits.
static inline uint4 wb_extend_halves_u(uint2 a) {
  return uint4(a.x & 0xffffu, a.x >> 16, a.y & 0xffffu, a.y >> 16);
}

static inline uint4 wb_extend_halves_s(uint2 a) {
  return as_type<uint4>(as_type<int4>(uint4(a.x << 16, a.x, a.y << 16, a.y)) >> 16);
}

// Two words to lanes of 64 bits.
static inline uint4 wb_extend_words_u(uint2 a) {
  return uint4(a.x, 0u, a.y, 0u);
}

static inline uint4 wb_extend_words_s(uint2 a) {
  return uint4(a.x, wb_i32_sign_mask(a.x), a.y, wb_i32_sign_mask(a.y));
}

static inline uint4 wb_i16x8_extend_low_i8x16_s(uint4 a) {
  return wb_extend_bytes_s(a.xy);
}

static inline uint4 wb_i16x8_extend_low_i8x16_u(uint4 a) {
  return wb_extend_bytes_u(a.xy);
}

static inline uint4 wb_i16x8_extend_high_i8x16_s(uint4 a) {
  return wb_extend_bytes_s(a.zw);
}

static inline uint4 wb_i16x8_extend_high_i8x16_u(uint4 a) {
  return wb_extend_bytes_u(a.zw);
}

static inline uint4 wb_i32x4_extend_low_i16x8_s(uint4 a) {
  return wb_extend_halves_s(a.xy);
}

static inline uint4 wb_i32x4_extend_low_i16x8_u(uint4 a) {
  return wb_extend_halves_u(a.xy);
}

static inline uint4 wb_i32x4_extend_high_i16x8_s(uint4 a) {
  return wb_extend_halves_s(a.zw);
}

static inline uint4 wb_i32x4_extend_high_i16x8_u(uint4 a) {
  return wb_extend_halves_u(a.zw);
}

static inline uint4 wb_i64x2_extend_low_i32x4_s(uint4 a) {
  return wb_extend_words_s(a.xy);
}

static inline uint4 wb_i64x2_extend_low_i32x4_u(uint4 a) {
  return wb_extend_words_u(a.xy);
}

static inline uint4 wb_i64x2_extend_high_i32x4_s(uint4 a) {
  return wb_extend_words_s(a.zw);
}

static inline uint4 wb_i64x2_extend_high_i32x4_u(uint4 a) {
  return wb_extend_words_u(a.zw);
}

static inline uint4 wb_i16x8_extmul_low_i8x16_s(uint4 a, uint4 b) {
  return wb_i16x8_mul(wb_i16x8_extend_low_i8x16_s(a), wb_i16x8_extend_low_i8x16_s(b));
}

static inline uint4 wb_i16x8_extmul_low_i8x16_u(uint4 a, uint4 b) {
  return wb_i16x8_mul(wb_i16x8_extend_low_i8x16_u(a), wb_i16x8_extend_low_i8x16_u(b));
}

static inline uint4 wb_i16x8_extmul_high_i8x16_s(uint4 a, uint4 b) {
  return wb_i16x8_mul(wb_i16x8_extend_high_i8x16_s(a), wb_i16x8_extend_high_i8x16_s(b));
}

static inline uint4 wb_i16x8_extmul_high_i8x16_u(uint4 a, uint4 b) {
  return wb_i16x8_mul(wb_i16x8_extend_high_i8x16_u(a), wb_i16x8_extend_high_i8x16_u(b));
}

static inline uint4 wb_i32x4_extmul_low_i16x8_s(uint4 a, uint4 b) {
  return wb_i32x4_extend_low_i16x8_s(a) * wb_i32x4_extend_low_i16x8_s(b);
}

static inline uint4 wb_i32x4_extmul_low_i16x8_u(uint4 a, uint4 b) {
  return wb_i32x4_extend_low_i16x8_u(a) * wb_i32x4_extend_low_i16x8_u(b);
}

static inline uint4 wb_i32x4_extmul_high_i16x8_s(uint4 a, uint4 b) {
  return wb_i32x4_extend_high_i16x8_s(a) * wb_i32x4_extend_high_i16x8_s(b);
}

static inline uint4 wb_i32x4_extmul_high_i16x8_u(uint4 a, uint4 b) {
  return wb_i32x4_extend_high_i16x8_u(a) * wb_i32x4_extend_high_i16x8_u(b);
}

static inline uint4 wb_i64x2_extmul_low_i32x4_s(uint4 a, uint4 b) {
  return wb_i64x2_mul(wb_i64x2_extend_low_i32x4_s(a), wb_i64x2_extend_low_i32x4_s(b));
}

static inline uint4 wb_i64x2_extmul_low_i32x4_u(uint4 a, uint4 b) {
  return wb_i64x2_mul(wb_i64x2_extend_low_i32x4_u(a), wb_i64x2_extend_low_i32x4_u(b));
}

static inline uint4 wb_i64x2_extmul_high_i32x4_s(uint4 a, uint4 b) {
  return wb_i64x2_mul(wb_i64x2_extend_high_i32x4_s(a), wb_i64x2_extend_high_i32x4_s(b));
}

static inline uint4 wb_i64x2_extmul_high_i32x4_u(uint4 a, uint4 b) {
  return wb_i64x2_mul(wb_i64x2_extend_high_i32x4_u(a), wb_i64x2_extend_high_i32x4_u(b));
}

static inline uint4 wb_i16x8_extadd_pairwise_i8x16_u(uint4 a) {
  return (a & 0x00ff00ffu) + ((a >> 8) & 0x00ff00ffu);
}

// Each byte is 128 too large while its sign is flipped.
static inline uint4 wb_i16x8_extadd_pairwise_i8x16_s(uint4 a) {
  uint4 biased = wb_i16x8_extadd_pairwise_i8x16_u(a ^ 0x80808080u);
  return wb_i16x8_sub(biased, uint4(0x01000100u));
}

static inline uint4 wb_i32x4_extadd_pairwise_i16x8_u(uint4 a) {
  return (a & 0xffffu) + (a >> 16);
}

static inline uint4 wb_i32x4_extadd_pairwise_i16x8_s(uint4 a) {
  return as_type<uint4>(wb_i16x8_even_s(a) + wb_i16x8_odd_s(a));
}
