static inline uint wb_f32_demote_f64(ulong a) {
  return wb_f32_result(float(as_type<double>(a)));
}

static inline ulong wb_f64_promote_f32(uint a) {
  return as_type<ulong>(double(as_type<float>(a)));
}
