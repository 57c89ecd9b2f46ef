// In range by the caller's check. Subnormals truncate to 0, flushed or not.
static inline uint wb_i32_trunc_f32_s(uint bits) {
  return as_type<uint>(int(as_type<float>(bits)));
}

static inline uint wb_i32_trunc_f32_u(uint bits) {
  return uint(as_type<float>(bits));
}

static inline ulong wb_i64_trunc_f32_s(uint bits) {
  return as_type<ulong>(long(as_type<float>(bits)));
}

static inline ulong wb_i64_trunc_f32_u(uint bits) {
  return ulong(as_type<float>(bits));
}

static inline uint wb_f32_convert_i32_s(uint a) {
  return as_type<uint>(float(as_type<int>(a)));
}

static inline uint wb_f32_convert_i32_u(uint a) {
  return as_type<uint>(float(a));
}

// By integers: nothing says that Apple's 64-bit conversion rounds only once.
static inline uint wb_f32_convert_i64_s(ulong a) {
  ulong sign = wb_i64_sign_mask(a);
  return wb_u64_to_f32((a ^ sign) - sign) | (uint(sign) & 0x80000000u);
}

static inline uint wb_f32_convert_i64_u(ulong a) {
  return wb_u64_to_f32(a);
}
