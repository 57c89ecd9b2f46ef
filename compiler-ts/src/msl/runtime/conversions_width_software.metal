// An f64 subnormal counts as if normal: either way it rounds to an f32 zero.
static inline uint wb_f32_demote_f64(ulong a) {
  uint exponent = uint(a >> 52) & 0x7ffu;
  uint sign = uint(a >> 32) & 0x80000000u;
  uint number = wb_f32_pack(sign, int(exponent) - 896, (a << 11) | 0x8000000000000000ul);
  return (a & 0x7ffffffffffffffful) > 0x7ff0000000000000ul ? 0x7fc00000u : number;
}

// A subnormal f32 is a multiple of 2^-149, normal as an f64.
static inline ulong wb_f64_promote_f32(uint a) {
  ulong sign = ulong(a & 0x80000000u) << 32;
  uint magnitude = a & 0x7fffffffu;
  uint zeros = uint(clz(magnitude | 1u));
  ulong normal = (ulong(magnitude) << 29) + 0x3800000000000000ul;
  ulong subnormal = (ulong(904u - zeros) << 52) + (ulong(magnitude << (zeros & 31u)) << 21);
  ulong finite = magnitude < 0x00800000u ? subnormal : normal;
  ulong number = magnitude == 0u ? 0ul : finite;
  ulong special = magnitude > 0x7f800000u ? 0x7ff8000000000000ul : 0x7ff0000000000000ul;
  return sign | (magnitude >= 0x7f800000u ? special : number);
}
