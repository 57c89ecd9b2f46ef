static inline uint4 wb_i32x4_trunc_sat_f32x4_s(uint4 a) {
  return uint4(wb_i32_trunc_sat_f32_s(a.x), wb_i32_trunc_sat_f32_s(a.y), wb_i32_trunc_sat_f32_s(a.z), wb_i32_trunc_sat_f32_s(a.w));
}

static inline uint4 wb_f32x4_convert_i32x4_s(uint4 a) {
  return uint4(wb_f32_convert_i32_s(a.x), wb_f32_convert_i32_s(a.y), wb_f32_convert_i32_s(a.z), wb_f32_convert_i32_s(a.w));
}

static inline uint4 wb_i32x4_trunc_sat_f64x2_s_zero(uint4 a) {
  return uint4(wb_i32_trunc_sat_f64_s(wb_v128_low(a)), wb_i32_trunc_sat_f64_s(wb_v128_high(a)), 0u, 0u);
}

static inline uint4 wb_f64x2_convert_low_i32x4_s(uint4 a) {
  return wb_v128_of(wb_f64_convert_i32_s(a.x), wb_f64_convert_i32_s(a.y));
}

static inline uint4 wb_i32x4_trunc_sat_f32x4_u(uint4 a) {
  return uint4(wb_i32_trunc_sat_f32_u(a.x), wb_i32_trunc_sat_f32_u(a.y), wb_i32_trunc_sat_f32_u(a.z), wb_i32_trunc_sat_f32_u(a.w));
}

static inline uint4 wb_f32x4_convert_i32x4_u(uint4 a) {
  return uint4(wb_f32_convert_i32_u(a.x), wb_f32_convert_i32_u(a.y), wb_f32_convert_i32_u(a.z), wb_f32_convert_i32_u(a.w));
}

static inline uint4 wb_i32x4_trunc_sat_f64x2_u_zero(uint4 a) {
  return uint4(wb_i32_trunc_sat_f64_u(wb_v128_low(a)), wb_i32_trunc_sat_f64_u(wb_v128_high(a)), 0u, 0u);
}

static inline uint4 wb_f64x2_convert_low_i32x4_u(uint4 a) {
  return wb_v128_of(wb_f64_convert_i32_u(a.x), wb_f64_convert_i32_u(a.y));
}

static inline uint4 wb_f32x4_demote_f64x2_zero(uint4 a) {
  return uint4(wb_f32_demote_f64(wb_v128_low(a)), wb_f32_demote_f64(wb_v128_high(a)), 0u, 0u);
}

static inline uint4 wb_f64x2_promote_low_f32x4(uint4 a) {
  return wb_v128_of(wb_f64_promote_f32(a.x), wb_f64_promote_f32(a.y));
}
