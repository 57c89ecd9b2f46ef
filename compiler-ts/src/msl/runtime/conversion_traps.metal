// 0 where the magnitude is under the limit for its sign, else the trap code: 3 "integer overflow", 4 "invalid conversion to integer".
static inline uint wb_f32_trunc_trap(uint bits, uint positive_limit, uint negative_limit) {
  uint magnitude = bits & 0x7fffffffu;
  uint limit = (bits >> 31) != 0u ? negative_limit : positive_limit;
  uint trap = magnitude > 0x7f800000u ? 4u : 3u;
  return magnitude < limit ? 0u : trap;
}

// Limits 2^31 and the float below -2^31.
static inline uint wb_i32_trunc_f32_s_trap(uint bits) {
  return wb_f32_trunc_trap(bits, 0x4f000000u, 0x4f000001u);
}

// Limits 2^32 and -1.
static inline uint wb_i32_trunc_f32_u_trap(uint bits) {
  return wb_f32_trunc_trap(bits, 0x4f800000u, 0x3f800000u);
}

// Limits 2^63 and the float below -2^63.
static inline uint wb_i64_trunc_f32_s_trap(uint bits) {
  return wb_f32_trunc_trap(bits, 0x5f000000u, 0x5f000001u);
}

// Limits 2^64 and -1.
static inline uint wb_i64_trunc_f32_u_trap(uint bits) {
  return wb_f32_trunc_trap(bits, 0x5f800000u, 0x3f800000u);
}

// 0 where the magnitude is under the limit for its sign, else the trap code: 3 "integer overflow", 4 "invalid conversion to integer".
static inline uint wb_f64_trunc_trap(ulong bits, ulong positive_limit, ulong negative_limit) {
  ulong magnitude = bits & 0x7ffffffffffffffful;
  ulong limit = (bits >> 63) != 0ul ? negative_limit : positive_limit;
  uint trap = magnitude > 0x7ff0000000000000ul ? 4u : 3u;
  return magnitude < limit ? 0u : trap;
}

// Limits 2^31 and -(2^31 + 1).
static inline uint wb_i32_trunc_f64_s_trap(ulong bits) {
  return wb_f64_trunc_trap(bits, 0x41e0000000000000ul, 0x41e0000000200000ul);
}

// Limits 2^32 and -1.
static inline uint wb_i32_trunc_f64_u_trap(ulong bits) {
  return wb_f64_trunc_trap(bits, 0x41f0000000000000ul, 0x3ff0000000000000ul);
}

// Limits 2^63 and the float below -2^63.
static inline uint wb_i64_trunc_f64_s_trap(ulong bits) {
  return wb_f64_trunc_trap(bits, 0x43e0000000000000ul, 0x43e0000000000001ul);
}

// Limits 2^64 and -1.
static inline uint wb_i64_trunc_f64_u_trap(ulong bits) {
  return wb_f64_trunc_trap(bits, 0x43f0000000000000ul, 0x3ff0000000000000ul);
}
