// A v128 is a uint4, its words from low to high (section 4.4.3 of the specification).
// Lane numbers are constants in the text: once inlined, every selection by one is a component.
static inline uint wb_v128_word(uint4 a, uint index) {
  uint low = (index & 1u) != 0u ? a.y : a.x;
  uint high = (index & 1u) != 0u ? a.w : a.z;
  return (index & 2u) != 0u ? high : low;
}

static inline uint4 wb_v128_replace_word(uint4 a, uint value, uint index) {
  return uint4(index == 0u ? value : a.x, index == 1u ? value : a.y, index == 2u ? value : a.z, index == 3u ? value : a.w);
}

static inline ulong wb_v128_low(uint4 a) {
  return as_type<ulong2>(a).x;
}

static inline ulong wb_v128_high(uint4 a) {
  return as_type<ulong2>(a).y;
}

static inline uint4 wb_v128_of(ulong low, ulong high) {
  return as_type<uint4>(ulong2(low, high));
}

static inline uint4 wb_v128_zero_extend_i32(uint a) {
  return uint4(a, 0u, 0u, 0u);
}

static inline uint4 wb_v128_zero_extend_i64(ulong a) {
  return wb_v128_of(a, 0ul);
}

static inline uint4 wb_v128_andnot(uint4 a, uint4 b) {
  return a & ~b;
}

static inline uint4 wb_v128_not(uint4 a) {
  return ~a;
}

static inline uint4 wb_v128_bitselect(uint4 a, uint4 b, uint4 mask) {
  return (a & mask) | (b & ~mask);
}

static inline bool wb_v128_any_true(uint4 a) {
  return (a.x | a.y | a.z | a.w) != 0u;
}

static inline uint4 wb_i8x16_splat(uint a) {
  return uint4((a & 0xffu) * 0x01010101u);
}

static inline uint4 wb_i16x8_splat(uint a) {
  return uint4((a & 0xffffu) * 0x00010001u);
}

static inline uint4 wb_i32x4_splat(uint a) {
  return uint4(a);
}

static inline uint4 wb_i64x2_splat(ulong a) {
  return wb_v128_of(a, a);
}

static inline uint4 wb_f32x4_splat(uint a) {
  return uint4(a);
}

static inline uint4 wb_f64x2_splat(ulong a) {
  return wb_v128_of(a, a);
}

static inline uint wb_i8x16_extract_lane_u(uint4 a, uint lane) {
  return (wb_v128_word(a, lane >> 2) >> ((lane * 8u) & 31u)) & 0xffu;
}

static inline uint wb_i8x16_extract_lane_s(uint4 a, uint lane) {
  return wb_i32_extend8_s(wb_i8x16_extract_lane_u(a, lane));
}

static inline uint4 wb_i8x16_replace_lane(uint4 a, uint value, uint lane) {
  uint others = wb_v128_word(a, lane >> 2) & ~(0xffu << ((lane * 8u) & 31u));
  return wb_v128_replace_word(a, others | ((value & 0xffu) << ((lane * 8u) & 31u)), lane >> 2);
}

static inline uint wb_i16x8_extract_lane_u(uint4 a, uint lane) {
  return (wb_v128_word(a, lane >> 1) >> ((lane * 16u) & 31u)) & 0xffffu;
}

static inline uint wb_i16x8_extract_lane_s(uint4 a, uint lane) {
  return wb_i32_extend16_s(wb_i16x8_extract_lane_u(a, lane));
}

static inline uint4 wb_i16x8_replace_lane(uint4 a, uint value, uint lane) {
  uint others = wb_v128_word(a, lane >> 1) & ~(0xffffu << ((lane * 16u) & 31u));
  return wb_v128_replace_word(a, others | ((value & 0xffffu) << ((lane * 16u) & 31u)), lane >> 1);
}

static inline uint wb_i32x4_extract_lane(uint4 a, uint lane) {
  return wb_v128_word(a, lane);
}

static inline uint4 wb_i32x4_replace_lane(uint4 a, uint value, uint lane) {
  return wb_v128_replace_word(a, value, lane);
}

static inline uint wb_f32x4_extract_lane(uint4 a, uint lane) {
  return wb_v128_word(a, lane);
}

static inline uint4 wb_f32x4_replace_lane(uint4 a, uint value, uint lane) {
  return wb_v128_replace_word(a, value, lane);
}

static inline ulong wb_i64x2_extract_lane(uint4 a, uint lane) {
  return lane == 0u ? wb_v128_low(a) : wb_v128_high(a);
}

static inline uint4 wb_i64x2_replace_lane(uint4 a, ulong value, uint lane) {
  return lane == 0u ? wb_v128_of(value, wb_v128_high(a)) : wb_v128_of(wb_v128_low(a), value);
}

static inline ulong wb_f64x2_extract_lane(uint4 a, uint lane) {
  return lane == 0u ? wb_v128_low(a) : wb_v128_high(a);
}

static inline uint4 wb_f64x2_replace_lane(uint4 a, ulong value, uint lane) {
  return lane == 0u ? wb_v128_of(value, wb_v128_high(a)) : wb_v128_of(wb_v128_low(a), value);
}

// Lanes 0 to 15 are those of `a`, 16 to 31 those of `b`.
static inline uint wb_shuffle_byte(uint4 a, uint4 b, uint lane) {
  uint word = lane < 16u ? wb_v128_word(a, lane >> 2) : wb_v128_word(b, lane >> 2);
  return (word >> ((lane * 8u) & 31u)) & 0xffu;
}

// Four lane numbers a word.
static inline uint wb_shuffle_bytes(uint4 a, uint4 b, uint lanes) {
  uint low = wb_shuffle_byte(a, b, lanes & 0xffu) | (wb_shuffle_byte(a, b, (lanes >> 8) & 0xffu) << 8);
  uint high = wb_shuffle_byte(a, b, (lanes >> 16) & 0xffu) | (wb_shuffle_byte(a, b, lanes >> 24) << 8);
  return low | (high << 16);
}

static inline uint4 wb_i8x16_shuffle(uint4 a, uint4 b, uint4 lanes) {
  return uint4(wb_shuffle_bytes(a, b, lanes.x), wb_shuffle_bytes(a, b, lanes.y), wb_shuffle_bytes(a, b, lanes.z), wb_shuffle_bytes(a, b, lanes.w));
}

static inline uint wb_shuffle_word(uint4 a, uint4 b, uint lane) {
  return lane < 4u ? wb_v128_word(a, lane) : wb_v128_word(b, lane);
}

// A shuffle that keeps whole words together, as compilers make them for lanes of 32 and 64 bits.
static inline uint4 wb_i32x4_shuffle(uint4 a, uint4 b, uint lane0, uint lane1, uint lane2, uint lane3) {
  return uint4(wb_shuffle_word(a, b, lane0), wb_shuffle_word(a, b, lane1), wb_shuffle_word(a, b, lane2), wb_shuffle_word(a, b, lane3));
}

// One byte of `a` for each lane number.
static inline uint4 wb_swizzle_bytes(uint4 a, uint4 lanes) {
  uint4 low = select(uint4(a.x), uint4(a.y), (lanes & 4u) != uint4(0u));
  uint4 high = select(uint4(a.z), uint4(a.w), (lanes & 4u) != uint4(0u));
  uint4 word = select(low, high, (lanes & 8u) != uint4(0u));
  uint4 selected = (word >> ((lanes * 8u) & 31u)) & 0xffu;
  return select(uint4(0u), selected, lanes < uint4(16u));
}

static inline uint4 wb_i8x16_swizzle(uint4 a, uint4 lanes) {
  uint4 low = wb_swizzle_bytes(a, lanes & 0xffu) | (wb_swizzle_bytes(a, (lanes >> 8) & 0xffu) << 8);
  uint4 high = wb_swizzle_bytes(a, (lanes >> 16) & 0xffu) | (wb_swizzle_bytes(a, lanes >> 24) << 8);
  return low | (high << 16);
}
