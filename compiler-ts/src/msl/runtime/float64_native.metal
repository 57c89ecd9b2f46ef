// NaN results that a compiler or the hardware made from a signalling operand become canonical.
static inline ulong wb_f64_result(double value) {
  return value == value ? as_type<ulong>(value) : 0x7ff8000000000000ul;
}

// Compilers fold `x * 1.0`, `x - 0.0` and the like to x, whatever its bits: a signalling NaN would come through. Only an operand that they know can be folded,
// and only then the test is in the text; it would lengthen every chain of f64 operations.
static inline ulong wb_f64_arithmetic(double value, bool known_operand) {
  return known_operand ? wb_f64_result(value) : as_type<ulong>(value);
}

// One operation a statement: contraction into a fused multiply-add works within an expression.
static inline ulong wb_f64_add(ulong a, ulong b) {
  double result = as_type<double>(a) + as_type<double>(b);
  return wb_f64_arithmetic(result, __builtin_constant_p(a) || __builtin_constant_p(b));
}

static inline ulong wb_f64_sub(ulong a, ulong b) {
  double result = as_type<double>(a) - as_type<double>(b);
  return wb_f64_arithmetic(result, __builtin_constant_p(a) || __builtin_constant_p(b));
}

static inline ulong wb_f64_mul(ulong a, ulong b) {
  double result = as_type<double>(a) * as_type<double>(b);
  return wb_f64_arithmetic(result, __builtin_constant_p(a) || __builtin_constant_p(b));
}

static inline ulong wb_f64_div(ulong a, ulong b) {
  double result = as_type<double>(a) / as_type<double>(b);
  return wb_f64_arithmetic(result, __builtin_constant_p(a) || __builtin_constant_p(b));
}

static inline ulong wb_f64_sqrt(ulong a) {
  double result = sqrt(as_type<double>(a));
  return wb_f64_result(result);
}

static inline ulong wb_f64_ceil(ulong a) {
  double result = ceil(as_type<double>(a));
  return wb_f64_result(result);
}

static inline ulong wb_f64_floor(ulong a) {
  double result = floor(as_type<double>(a));
  return wb_f64_result(result);
}

static inline ulong wb_f64_trunc(ulong a) {
  double result = trunc(as_type<double>(a));
  return wb_f64_result(result);
}

// `rint` rounds ties to even; `round` would not.
static inline ulong wb_f64_nearest(ulong a) {
  double result = rint(as_type<double>(a));
  return wb_f64_result(result);
}

// Operands that compare equal are the same bits or zeros of two signs, of which the lesser wins: or keeps the minus.
static inline ulong wb_f64_min(ulong a, ulong b) {
  double x = as_type<double>(a);
  double y = as_type<double>(b);
  ulong ordered = x < y ? a : b;
  ulong number = x == y ? (a | b) : ordered;
  return x == x && y == y ? number : 0x7ff8000000000000ul;
}

// Operands that compare equal are the same bits or zeros of two signs, of which the greater wins: and drops the minus.
static inline ulong wb_f64_max(ulong a, ulong b) {
  double x = as_type<double>(a);
  double y = as_type<double>(b);
  ulong ordered = x > y ? a : b;
  ulong number = x == y ? (a & b) : ordered;
  return x == x && y == y ? number : 0x7ff8000000000000ul;
}

static inline uint wb_f64_eq(ulong a, ulong b) {
  return uint(as_type<double>(a) == as_type<double>(b));
}

static inline uint wb_f64_ne(ulong a, ulong b) {
  return uint(as_type<double>(a) != as_type<double>(b));
}

static inline uint wb_f64_lt(ulong a, ulong b) {
  return uint(as_type<double>(a) < as_type<double>(b));
}

static inline uint wb_f64_gt(ulong a, ulong b) {
  return uint(as_type<double>(a) > as_type<double>(b));
}

static inline uint wb_f64_le(ulong a, ulong b) {
  return uint(as_type<double>(a) <= as_type<double>(b));
}

static inline uint wb_f64_ge(ulong a, ulong b) {
  return uint(as_type<double>(a) >= as_type<double>(b));
}

// The same for results of which only arithmetic, comparisons and conversions see anything: any NaN will do (compiler-ts/src/legalize/floats/anyNan.ts).
static inline ulong wb_f64_add_any_nan(ulong a, ulong b) {
  double result = as_type<double>(a) + as_type<double>(b);
  return as_type<ulong>(result);
}

static inline ulong wb_f64_sub_any_nan(ulong a, ulong b) {
  double result = as_type<double>(a) - as_type<double>(b);
  return as_type<ulong>(result);
}

static inline ulong wb_f64_mul_any_nan(ulong a, ulong b) {
  double result = as_type<double>(a) * as_type<double>(b);
  return as_type<ulong>(result);
}

static inline ulong wb_f64_div_any_nan(ulong a, ulong b) {
  double result = as_type<double>(a) / as_type<double>(b);
  return as_type<ulong>(result);
}

static inline ulong wb_f64_sqrt_any_nan(ulong a) {
  double result = sqrt(as_type<double>(a));
  return as_type<ulong>(result);
}
