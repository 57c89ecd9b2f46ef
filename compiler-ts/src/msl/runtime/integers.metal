// A zero that the compiler cannot see through. Apple's compiler before macOS 26.6.1 folds some divisions whose dividend it knows
// through an f32 (4294967294 % 3 came out as 4294967295), so every dividend gets this added. Cost: one load, off the critical path.
volatile constexpr constant uint wb_opaque_zero = 0u;

// The only 32-bit division of the text; see `wb_opaque_zero`. The divisor is not zero.
static inline uint wb_u32_quotient(uint dividend, uint divisor) {
  return (dividend + wb_opaque_zero) / divisor;
}

static inline uint wb_u32_remainder(uint dividend, uint divisor) {
  return dividend - wb_u32_quotient(dividend, divisor) * divisor;
}

// All ones for a negative number, else zero.
static inline uint wb_i32_sign_mask(uint a) {
  return as_type<uint>(as_type<int>(a) >> 31);
}

static inline bool wb_i32_div_s_overflows(uint a, uint b) {
  return a == 0x80000000u && b == 0xffffffffu;
}

// On magnitudes: signed division overflows and rounds as MSL pleases. Zero divisors and overflow are excluded by the caller's trap.
static inline uint wb_i32_div_s(uint a, uint b) {
  uint sign_a = wb_i32_sign_mask(a);
  uint sign_b = wb_i32_sign_mask(b);
  uint sign = sign_a ^ sign_b;
  uint magnitude = wb_u32_quotient((a ^ sign_a) - sign_a, (b ^ sign_b) - sign_b);
  return (magnitude ^ sign) - sign;
}

static inline uint wb_i32_div_u(uint a, uint b) {
  return wb_u32_quotient(a, b);
}

// The remainder has the dividend's sign; the least number by -1 gives 0, as it must, because magnitudes do not overflow.
static inline uint wb_i32_rem_s(uint a, uint b) {
  uint sign_a = wb_i32_sign_mask(a);
  uint sign_b = wb_i32_sign_mask(b);
  uint magnitude = wb_u32_remainder((a ^ sign_a) - sign_a, (b ^ sign_b) - sign_b);
  return (magnitude ^ sign_a) - sign_a;
}

static inline uint wb_i32_rem_u(uint a, uint b) {
  return wb_u32_remainder(a, b);
}

// MSL defines clz and ctz of 0 as the width, as wasm does.
static inline uint wb_i32_clz(uint a) {
  return clz(a);
}

static inline uint wb_i32_ctz(uint a) {
  return ctz(a);
}

static inline uint wb_i32_popcnt(uint a) {
  return popcount(a);
}

static inline uint wb_i32_shl(uint a, uint b) {
  return a << (b & 31u);
}

static inline uint wb_i32_shr_s(uint a, uint b) {
  return as_type<uint>(as_type<int>(a) >> (b & 31u));
}

static inline uint wb_i32_shr_u(uint a, uint b) {
  return a >> (b & 31u);
}

static inline uint wb_i32_rotl(uint a, uint b) {
  return (a << (b & 31u)) | (a >> ((0u - b) & 31u));
}

static inline uint wb_i32_rotr(uint a, uint b) {
  return (a >> (b & 31u)) | (a << ((0u - b) & 31u));
}

static inline uint wb_i32_extend8_s(uint a) {
  return as_type<uint>(as_type<int>(a << 24) >> 24);
}

static inline uint wb_i32_extend16_s(uint a) {
  return as_type<uint>(as_type<int>(a << 16) >> 16);
}

// The only 64-bit division of the text; whether it shares the 32-bit bug is unknown. The divisor is not zero.
static inline ulong wb_u64_quotient(ulong dividend, ulong divisor) {
  return (dividend + ulong(wb_opaque_zero)) / divisor;
}

static inline ulong wb_u64_remainder(ulong dividend, ulong divisor) {
  return dividend - wb_u64_quotient(dividend, divisor) * divisor;
}

// All ones for a negative number, else zero.
static inline ulong wb_i64_sign_mask(ulong a) {
  return as_type<ulong>(as_type<long>(a) >> 63);
}

static inline bool wb_i64_div_s_overflows(ulong a, ulong b) {
  return a == 0x8000000000000000ul && b == 0xfffffffffffffffful;
}

// On magnitudes: signed division overflows and rounds as MSL pleases. Zero divisors and overflow are excluded by the caller's trap.
static inline ulong wb_i64_div_s(ulong a, ulong b) {
  ulong sign_a = wb_i64_sign_mask(a);
  ulong sign_b = wb_i64_sign_mask(b);
  ulong sign = sign_a ^ sign_b;
  ulong magnitude = wb_u64_quotient((a ^ sign_a) - sign_a, (b ^ sign_b) - sign_b);
  return (magnitude ^ sign) - sign;
}

static inline ulong wb_i64_div_u(ulong a, ulong b) {
  return wb_u64_quotient(a, b);
}

// The remainder has the dividend's sign; the least number by -1 gives 0, as it must, because magnitudes do not overflow.
static inline ulong wb_i64_rem_s(ulong a, ulong b) {
  ulong sign_a = wb_i64_sign_mask(a);
  ulong sign_b = wb_i64_sign_mask(b);
  ulong magnitude = wb_u64_remainder((a ^ sign_a) - sign_a, (b ^ sign_b) - sign_b);
  return (magnitude ^ sign_a) - sign_a;
}

static inline ulong wb_i64_rem_u(ulong a, ulong b) {
  return wb_u64_remainder(a, b);
}

// MSL defines clz and ctz of 0 as the width, as wasm does.
static inline ulong wb_i64_clz(ulong a) {
  return clz(a);
}

static inline ulong wb_i64_ctz(ulong a) {
  return ctz(a);
}

static inline ulong wb_i64_popcnt(ulong a) {
  return popcount(a);
}

static inline ulong wb_i64_shl(ulong a, ulong b) {
  return a << (b & 63ul);
}

static inline ulong wb_i64_shr_s(ulong a, ulong b) {
  return as_type<ulong>(as_type<long>(a) >> (b & 63ul));
}

static inline ulong wb_i64_shr_u(ulong a, ulong b) {
  return a >> (b & 63ul);
}

static inline ulong wb_i64_rotl(ulong a, ulong b) {
  return (a << (b & 63ul)) | (a >> ((0ul - b) & 63ul));
}

static inline ulong wb_i64_rotr(ulong a, ulong b) {
  return (a >> (b & 63ul)) | (a << ((0ul - b) & 63ul));
}

static inline ulong wb_i64_extend8_s(ulong a) {
  return as_type<ulong>(as_type<long>(a << 56) >> 56);
}

static inline ulong wb_i64_extend16_s(ulong a) {
  return as_type<ulong>(as_type<long>(a << 48) >> 48);
}

static inline ulong wb_i64_extend32_s(ulong a) {
  return as_type<ulong>(as_type<long>(a << 32) >> 32);
}

static inline uint wb_i32_wrap_i64(ulong a) {
  return uint(a);
}

static inline ulong wb_i64_extend_i32_s(uint a) {
  return as_type<ulong>(long(as_type<int>(a)));
}

static inline ulong wb_i64_extend_i32_u(uint a) {
  return ulong(a);
}
