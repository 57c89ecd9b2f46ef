// All ones in the lanes whose highest bit is set; no other bit may be set.
static inline uint4 wb_i16x8_fill(uint4 highest) {
  return (highest << 1) - (highest >> 15);
}

static inline uint4 wb_i16x8_eq(uint4 a, uint4 b) {
  return wb_i16x8_fill(wb_packed_zero(a ^ b, 0x80008000u));
}

static inline uint4 wb_i16x8_ne(uint4 a, uint4 b) {
  return ~wb_i16x8_eq(a, b);
}

static inline uint4 wb_i16x8_lt_s(uint4 a, uint4 b) {
  return wb_i16x8_fill(wb_packed_less_s(a, b, 0x80008000u));
}

static inline uint4 wb_i16x8_gt_s(uint4 a, uint4 b) {
  return wb_i16x8_lt_s(b, a);
}

static inline uint4 wb_i16x8_le_s(uint4 a, uint4 b) {
  return ~wb_i16x8_lt_s(b, a);
}

static inline uint4 wb_i16x8_ge_s(uint4 a, uint4 b) {
  return ~wb_i16x8_lt_s(a, b);
}

static inline uint4 wb_i16x8_min_s(uint4 a, uint4 b) {
  return wb_v128_bitselect(a, b, wb_i16x8_lt_s(a, b));
}

static inline uint4 wb_i16x8_max_s(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_i16x8_lt_s(a, b));
}

static inline uint4 wb_i16x8_lt_u(uint4 a, uint4 b) {
  return wb_i16x8_fill(wb_packed_less_u(a, b, 0x80008000u));
}

static inline uint4 wb_i16x8_gt_u(uint4 a, uint4 b) {
  return wb_i16x8_lt_u(b, a);
}

static inline uint4 wb_i16x8_le_u(uint4 a, uint4 b) {
  return ~wb_i16x8_lt_u(b, a);
}

static inline uint4 wb_i16x8_ge_u(uint4 a, uint4 b) {
  return ~wb_i16x8_lt_u(a, b);
}

static inline uint4 wb_i16x8_min_u(uint4 a, uint4 b) {
  return wb_v128_bitselect(a, b, wb_i16x8_lt_u(a, b));
}

static inline uint4 wb_i16x8_max_u(uint4 a, uint4 b) {
  return wb_v128_bitselect(b, a, wb_i16x8_lt_u(a, b));
}

static inline uint4 wb_i16x8_add(uint4 a, uint4 b) {
  return wb_packed_add(a, b, 0x80008000u);
}

static inline uint4 wb_i16x8_sub(uint4 a, uint4 b) {
  return wb_packed_sub(a, b, 0x80008000u);
}

static inline uint4 wb_i16x8_neg(uint4 a) {
  return wb_packed_sub(uint4(0u), a, 0x80008000u);
}

static inline uint4 wb_i16x8_abs(uint4 a) {
  uint4 negative = wb_i16x8_fill(a & 0x80008000u);
  return wb_packed_sub(a ^ negative, negative, 0x80008000u);
}

static inline uint4 wb_i16x8_add_sat_u(uint4 a, uint4 b) {
  uint4 sum = wb_i16x8_add(a, b);
  return sum | wb_i16x8_fill(wb_packed_carry(a, b, sum, 0x80008000u));
}

static inline uint4 wb_i16x8_sub_sat_u(uint4 a, uint4 b) {
  uint4 difference = wb_i16x8_sub(a, b);
  return difference & ~wb_i16x8_fill(wb_packed_borrow(a, b, difference, 0x80008000u));
}

// The bound on the side of the operand: least for negative lanes, else greatest.
static inline uint4 wb_i16x8_bound(uint4 a) {
  return wb_i16x8_fill(a & 0x80008000u) ^ ~0x80008000u;
}

static inline uint4 wb_i16x8_add_sat_s(uint4 a, uint4 b) {
  uint4 sum = wb_i16x8_add(a, b);
  uint4 overflow = wb_i16x8_fill(~(a ^ b) & (a ^ sum) & 0x80008000u);
  return wb_v128_bitselect(wb_i16x8_bound(a), sum, overflow);
}

static inline uint4 wb_i16x8_sub_sat_s(uint4 a, uint4 b) {
  uint4 difference = wb_i16x8_sub(a, b);
  uint4 overflow = wb_i16x8_fill((a ^ b) & (a ^ difference) & 0x80008000u);
  return wb_v128_bitselect(wb_i16x8_bound(a), difference, overflow);
}

static inline uint4 wb_i16x8_avgr_u(uint4 a, uint4 b) {
  return wb_packed_average(a, b, 0x80008000u);
}

static inline uint4 wb_i16x8_shl(uint4 a, uint count) {
  uint kept = ((0xffffu << (count & 15u & 31u)) & 0xffffu) * 0x00010001u;
  return (a << (count & 15u & 31u)) & kept;
}

static inline uint4 wb_i16x8_shr_u(uint4 a, uint count) {
  uint kept = (0xffffu >> (count & 15u & 31u)) * 0x00010001u;
  return (a >> (count & 15u & 31u)) & kept;
}

static inline uint4 wb_i16x8_shr_s(uint4 a, uint count) {
  uint4 negative = wb_i16x8_fill(a & 0x80008000u);
  return wb_i16x8_shr_u(a ^ negative, count) ^ negative;
}

static inline uint4 wb_i16x8_mul(uint4 a, uint4 b) {
  uint4 low = (a & 0xffffu) * (b & 0xffffu);
  uint4 high = (a >> 16) * (b >> 16);
  return (low & 0xffffu) | (high << 16);
}

static inline int4 wb_i16x8_even_s(uint4 a) {
  return as_type<int4>(a << 16) >> 16;
}

static inline int4 wb_i16x8_odd_s(uint4 a) {
  return as_type<int4>(a) >> 16;
}

// Only the product of two least numbers exceeds the lane.
static inline uint4 wb_i16x8_q15mulr_sat_s(uint4 a, uint4 b) {
  int4 even = min((wb_i16x8_even_s(a) * wb_i16x8_even_s(b) + 0x4000) >> 15, int4(0x7fff));
  int4 odd = min((wb_i16x8_odd_s(a) * wb_i16x8_odd_s(b) + 0x4000) >> 15, int4(0x7fff));
  return (as_type<uint4>(even) & 0xffffu) | (as_type<uint4>(odd) << 16);
}

static inline bool wb_i16x8_all_true(uint4 a) {
  return !wb_v128_any_true(wb_packed_zero(a, 0x80008000u));
}

static inline uint wb_i16x8_bitmask(uint4 a) {
  uint4 bits = ((a >> 15) & 1u) | ((a >> 30) & 2u);
  return bits.x | (bits.y << 2) | (bits.z << 4) | (bits.w << 6);
}
