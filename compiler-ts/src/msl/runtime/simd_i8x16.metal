// All ones in the lanes whose highest bit is set; no other bit may be set.
static inline uint4 wb_i8x16_fill(uint4 highest) {
  return (highest << 1) - (highest >> 7);
}

static inline uint4 wb_i8x16_eq(uint4 a, uint4 b) {
  return wb_i8x16_fill(wb_packed_zero(a ^ b, 0x80808080u));
}

static inline uint4 wb_i8x16_ne(uint4 a, uint4 b) {
  return ~wb_i8x16_eq(a, b);
}

static inline uint4 wb_i8x16_lt_s(uint4 a, uint4 b) {
  return wb_i8x16_fill(wb_packed_less_s(a, b, 0x80808080u));
}

static inline uint4 wb_i8x16_gt_s(uint4 a, uint4 b) {
  return wb_i8x16_lt_s(b, a);
}

static inline uint4 wb_i8x16_le_s(uint4 a, uint4 b) {
  return ~wb_i8x16_lt_s(b, a);
}

static inline uint4 wb_i8x16_ge_s(uint4 a, uint4 b) {
  return ~wb_i8x16_lt_s(a, b);
}

static inline uint4 wb_i8x16_min_s(uint4 a, uint4 b) {
  return wb_v128_bitselect(a, b, wb_i8x16_lt_s(a, b));
}

static inline uint4 wb_i8x16_max_s(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_i8x16_lt_s(a, b));
}

static inline uint4 wb_i8x16_lt_u(uint4 a, uint4 b) {
  return wb_i8x16_fill(wb_packed_less_u(a, b, 0x80808080u));
}

static inline uint4 wb_i8x16_gt_u(uint4 a, uint4 b) {
  return wb_i8x16_lt_u(b, a);
}

static inline uint4 wb_i8x16_le_u(uint4 a, uint4 b) {
  return ~wb_i8x16_lt_u(b, a);
}

static inline uint4 wb_i8x16_ge_u(uint4 a, uint4 b) {
  return ~wb_i8x16_lt_u(a, b);
}

static inline uint4 wb_i8x16_min_u(uint4 a, uint4 b) {
  return wb_v128_bitselect(a, b, wb_i8x16_lt_u(a, b));
}

static inline uint4 wb_i8x16_max_u(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_i8x16_lt_u(a, b));
}

static inline uint4 wb_i8x16_add(uint4 a, uint4 b) {
  return wb_packed_add(a, b, 0x80808080u);
}

static inline uint4 wb_i8x16_sub(uint4 a, uint4 b) {
  return wb_packed_sub(a, b, 0x80808080u);
}

static inline uint4 wb_i8x16_neg(uint4 a) {
  return wb_packed_sub(uint4(0u), a, 0x80808080u);
}

static inline uint4 wb_i8x16_abs(uint4 a) {
  uint4 negative = wb_i8x16_fill(a & 0x80808080u);
  return wb_packed_sub(a ^ negative, negative, 0x80808080u);
}

static inline uint4 wb_i8x16_add_sat_u(uint4 a, uint4 b) {
  uint4 sum = wb_i8x16_add(a, b);
  return sum | wb_i8x16_fill(wb_packed_carry(a, b, sum, 0x80808080u));
}

static inline uint4 wb_i8x16_sub_sat_u(uint4 a, uint4 b) {
  uint4 difference = wb_i8x16_sub(a, b);
  return difference & ~wb_i8x16_fill(wb_packed_borrow(a, b, difference, 0x80808080u));
}

// The bound on the side of the operand: least for negative lanes, else greatest.
static inline uint4 wb_i8x16_bound(uint4 a) {
  return wb_i8x16_fill(a & 0x80808080u) ^ ~0x80808080u;
}

static inline uint4 wb_i8x16_add_sat_s(uint4 a, uint4 b) {
  uint4 sum = wb_i8x16_add(a, b);
  uint4 overflow = wb_i8x16_fill(~(a ^ b) & (a ^ sum) & 0x80808080u);
  return wb_v128_bitselect(wb_i8x16_bound(a), sum, overflow);
}

static inline uint4 wb_i8x16_sub_sat_s(uint4 a, uint4 b) {
  uint4 difference = wb_i8x16_sub(a, b);
  uint4 overflow = wb_i8x16_fill((a ^ b) & (a ^ difference) & 0x80808080u);
  return wb_v128_bitselect(wb_i8x16_bound(a), difference, overflow);
}

static inline uint4 wb_i8x16_avgr_u(uint4 a, uint4 b) {
  return wb_packed_average(a, b, 0x80808080u);
}

static inline uint4 wb_i8x16_shl(uint4 a, uint count) {
  uint kept = ((0xffu << (count & 7u & 31u)) & 0xffu) * 0x01010101u;
  return (a << (count & 7u & 31u)) & kept;
}

static inline uint4 wb_i8x16_shr_u(uint4 a, uint count) {
  uint kept = (0xffu >> (count & 7u & 31u)) * 0x01010101u;
  return (a >> (count & 7u & 31u)) & kept;
}

static inline uint4 wb_i8x16_shr_s(uint4 a, uint count) {
  uint4 negative = wb_i8x16_fill(a & 0x80808080u);
  return wb_i8x16_shr_u(a ^ negative, count) ^ negative;
}

static inline uint4 wb_i8x16_popcnt(uint4 a) {
  uint4 pairs = a - ((a >> 1) & 0x55555555u);
  uint4 nibbles = (pairs & 0x33333333u) + ((pairs >> 2) & 0x33333333u);
  return (nibbles + (nibbles >> 4)) & 0x0f0f0f0fu;
}

static inline bool wb_i8x16_all_true(uint4 a) {
  return !wb_v128_any_true(wb_packed_zero(a, 0x80808080u));
}

// The product moves the bits at 0, 8, 16 and 24 side by side to the top; no other sum of places reaches it.
static inline uint wb_i8x16_bitmask(uint4 a) {
  uint4 bits = (((a >> 7) & 0x01010101u) * 0x10204080u) >> 28;
  return bits.x | (bits.y << 4) | (bits.z << 8) | (bits.w << 12);
}
