// The cast is behind a branch: out of range it is undefined.
static inline uint wb_i32_trunc_sat_f32_s(uint bits) {
  uint trap = wb_i32_trunc_f32_s_trap(bits);
  uint bound = (bits >> 31) != 0u ? 0x80000000u : 0x7fffffffu;
  uint result = trap == 4u ? 0u : bound;
  if (trap == 0u) {
    result = wb_i32_trunc_f32_s(bits);
  }
  return result;
}

static inline uint wb_i32_trunc_sat_f32_u(uint bits) {
  uint trap = wb_i32_trunc_f32_u_trap(bits);
  uint bound = (bits >> 31) != 0u ? 0u : 0xffffffffu;
  uint result = trap == 4u ? 0u : bound;
  if (trap == 0u) {
    result = wb_i32_trunc_f32_u(bits);
  }
  return result;
}

static inline ulong wb_i64_trunc_sat_f32_s(uint bits) {
  uint trap = wb_i64_trunc_f32_s_trap(bits);
  ulong bound = (bits >> 31) != 0u ? 0x8000000000000000ul : 0x7ffffffffffffffful;
  ulong result = trap == 4u ? 0ul : bound;
  if (trap == 0u) {
    result = wb_i64_trunc_f32_s(bits);
  }
  return result;
}

static inline ulong wb_i64_trunc_sat_f32_u(uint bits) {
  uint trap = wb_i64_trunc_f32_u_trap(bits);
  ulong bound = (bits >> 31) != 0u ? 0ul : 0xfffffffffffffffful;
  ulong result = trap == 4u ? 0ul : bound;
  if (trap == 0u) {
    result = wb_i64_trunc_f32_u(bits);
  }
  return result;
}

static inline uint wb_i32_trunc_sat_f64_s(ulong bits) {
  uint trap = wb_i32_trunc_f64_s_trap(bits);
  uint bound = (bits >> 63) != 0ul ? 0x80000000u : 0x7fffffffu;
  uint result = trap == 4u ? 0u : bound;
  if (trap == 0u) {
    result = wb_i32_trunc_f64_s(bits);
  }
  return result;
}

static inline uint wb_i32_trunc_sat_f64_u(ulong bits) {
  uint trap = wb_i32_trunc_f64_u_trap(bits);
  uint bound = (bits >> 63) != 0ul ? 0u : 0xffffffffu;
  uint result = trap == 4u ? 0u : bound;
  if (trap == 0u) {
    result = wb_i32_trunc_f64_u(bits);
  }
  return result;
}

static inline ulong wb_i64_trunc_sat_f64_s(ulong bits) {
  uint trap = wb_i64_trunc_f64_s_trap(bits);
  ulong bound = (bits >> 63) != 0ul ? 0x8000000000000000ul : 0x7ffffffffffffffful;
  ulong result = trap == 4u ? 0ul : bound;
  if (trap == 0u) {
    result = wb_i64_trunc_f64_s(bits);
  }
  return result;
}

static inline ulong wb_i64_trunc_sat_f64_u(ulong bits) {
  uint trap = wb_i64_trunc_f64_u_trap(bits);
  ulong bound = (bits >> 63) != 0ul ? 0ul : 0xfffffffffffffffful;
  ulong result = trap == 4u ? 0ul : bound;
  if (trap == 0u) {
    result = wb_i64_trunc_f64_u(bits);
  }
  return result;
}
