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
