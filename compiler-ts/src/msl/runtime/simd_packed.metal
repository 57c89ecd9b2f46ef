// Lanes of 8 and 16 bits: MSL has no vectors of them that fill 128 bits, so they are computed within words (H. S. Warren, Hacker's Delight, chapter 2).
// `signs` has the highest bit of every lane; with those bits taken out, no carry leaves a lane.
static inline uint4 wb_packed_add(uint4 a, uint4 b, uint signs) {
  return ((a & ~signs) + (b & ~signs)) ^ ((a ^ b) & signs);
}

static inline uint4 wb_packed_sub(uint4 a, uint4 b, uint signs) {
  return ((a | signs) - (b & ~signs)) ^ ((a ^ ~b) & signs);
}

// The highest bit of every lane that is zero.
static inline uint4 wb_packed_zero(uint4 a, uint signs) {
  return ~(((a & ~signs) + ~signs) | a) & signs;
}

// The highest bit of every lane whose sum is too large.
static inline uint4 wb_packed_carry(uint4 a, uint4 b, uint4 sum, uint signs) {
  return ((a & b) | ((a | b) & ~sum)) & signs;
}

// The highest bit of every lane where a is less than b.
static inline uint4 wb_packed_borrow(uint4 a, uint4 b, uint4 difference, uint signs) {
  return ((~a & b) | (~(a ^ b) & difference)) & signs;
}

static inline uint4 wb_packed_less_u(uint4 a, uint4 b, uint signs) {
  return wb_packed_borrow(a, b, wb_packed_sub(a, b, signs), signs);
}

static inline uint4 wb_packed_less_s(uint4 a, uint4 b, uint signs) {
  return wb_packed_less_u(a ^ signs, b ^ signs, signs);
}

// Half the sum, rounded up.
static inline uint4 wb_packed_average(uint4 a, uint4 b, uint signs) {
  return (a | b) - (((a ^ b) >> 1) & ~signs);
}
