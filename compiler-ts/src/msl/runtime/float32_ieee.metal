// NVIDIA's hardware answers 0x7fffffff for every f32 NaN, which wasm allows only where an input is a NaN that is not canonical.
static inline uint wb_f32_result(float value) {
  return value == value ? as_type<uint>(value) : 0x7fc00000u;
}

// One operation a statement: contraction into a fused multiply-add works within an expression.
static inline uint wb_f32_add(uint a, uint b) {
  float result = as_type<float>(a) + as_type<float>(b);
  return wb_f32_result(result);
}

static inline uint wb_f32_sub(uint a, uint b) {
  float result = as_type<float>(a) - as_type<float>(b);
  return wb_f32_result(result);
}

static inline uint wb_f32_mul(uint a, uint b) {
  float result = as_type<float>(a) * as_type<float>(b);
  return wb_f32_result(result);
}

static inline uint wb_f32_div(uint a, uint b) {
  float result = as_type<float>(a) / as_type<float>(b);
  return wb_f32_result(result);
}

static inline uint wb_f32_sqrt(uint a) {
  float result = sqrt(as_type<float>(a));
  return wb_f32_result(result);
}

static inline uint wb_f32_ceil(uint a) {
  float result = ceil(as_type<float>(a));
  return wb_f32_result(result);
}

static inline uint wb_f32_floor(uint a) {
  float result = floor(as_type<float>(a));
  return wb_f32_result(result);
}

static inline uint wb_f32_trunc(uint a) {
  float result = trunc(as_type<float>(a));
  return wb_f32_result(result);
}

// `rint` rounds ties to even; `round` would not.
static inline uint wb_f32_nearest(uint a) {
  float result = rint(as_type<float>(a));
  return wb_f32_result(result);
}

// Operands that compare equal are the same bits or zeros of two signs, of which the lesser wins: or keeps the minus.
static inline uint wb_f32_min(uint a, uint b) {
  float x = as_type<float>(a);
  float y = as_type<float>(b);
  uint ordered = x < y ? a : b;
  uint number = x == y ? (a | b) : ordered;
  return x == x && y == y ? number : 0x7fc00000u;
}

// Operands that compare equal are the same bits or zeros of two signs, of which the greater wins: and drops the minus.
static inline uint wb_f32_max(uint a, uint b) {
  float x = as_type<float>(a);
  float y = as_type<float>(b);
  uint ordered = x > y ? a : b;
  uint number = x == y ? (a & b) : ordered;
  return x == x && y == y ? number : 0x7fc00000u;
}

static inline uint wb_f32_eq(uint a, uint b) {
  return uint(as_type<float>(a) == as_type<float>(b));
}

static inline uint wb_f32_ne(uint a, uint b) {
  return uint(as_type<float>(a) != as_type<float>(b));
}

static inline uint wb_f32_lt(uint a, uint b) {
  return uint(as_type<float>(a) < as_type<float>(b));
}

static inline uint wb_f32_gt(uint a, uint b) {
  return uint(as_type<float>(a) > as_type<float>(b));
}

static inline uint wb_f32_le(uint a, uint b) {
  return uint(as_type<float>(a) <= as_type<float>(b));
}

static inline uint wb_f32_ge(uint a, uint b) {
  return uint(as_type<float>(a) >= as_type<float>(b));
}

// The same for results of which only arithmetic, comparisons and conversions see anything: any NaN will do (compiler-ts/src/legalize/floats/anyNan.ts).
static inline uint wb_f32_add_any_nan(uint a, uint b) {
  float result = as_type<float>(a) + as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_sub_any_nan(uint a, uint b) {
  float result = as_type<float>(a) - as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_mul_any_nan(uint a, uint b) {
  float result = as_type<float>(a) * as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_div_any_nan(uint a, uint b) {
  float result = as_type<float>(a) / as_type<float>(b);
  return as_type<uint>(result);
}

static inline uint wb_f32_sqrt_any_nan(uint a) {
  float result = sqrt(as_type<float>(a));
  return as_type<uint>(result);
}
