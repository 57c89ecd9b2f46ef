static inline uint wb_i32_trunc_f64_s(ulong bits) {
  return as_type<uint>(int(as_type<double>(bits)));
}

static inline uint wb_i32_trunc_f64_u(ulong bits) {
  return uint(as_type<double>(bits));
}

static inline ulong wb_i64_trunc_f64_s(ulong bits) {
  return as_type<ulong>(long(as_type<double>(bits)));
}

static inline ulong wb_i64_trunc_f64_u(ulong bits) {
  return ulong(as_type<double>(bits));
}

static inline ulong wb_f64_convert_i32_s(uint a) {
  return as_type<ulong>(double(as_type<int>(a)));
}

static inline ulong wb_f64_convert_i32_u(uint a) {
  return as_type<ulong>(double(a));
}

static inline ulong wb_f64_convert_i64_s(ulong a) {
  return as_type<ulong>(double(as_type<long>(a)));
}

static inline ulong wb_f64_convert_i64_u(ulong a) {
  return as_type<ulong>(double(a));
}
