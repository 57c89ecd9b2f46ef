static inline uint wb_f32_demote_f64(ulong a) {
  return wb_f32_result(float(as_type<double>(a)));
}

// The operand may be any NaN (compiler-ts/src/legalize/floats/seenBits.ts), of which hardware keeps the bits.
static inline ulong wb_f64_promote_f32(uint a) {
  return wb_f64_result(double(as_type<float>(a)));
}
