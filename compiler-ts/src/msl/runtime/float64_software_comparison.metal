static inline bool wb_f64_unordered(ulong a, ulong b) {
  return wb_f64_is_nan(a) || wb_f64_is_nan(b);
}

// Orders numbers as integers; both zeros are 0.
static inline long wb_f64_order(ulong a) {
  ulong sign = wb_i64_sign_mask(a);
  return as_type<long>((wb_f64_magnitude(a) ^ sign) - sign);
}

// Operands of equal order are the same bits or zeros of two signs, of which the lesser wins: or keeps the minus.
static inline ulong wb_f64_min(ulong a, ulong b) {
  ulong ordered = wb_f64_order(a) < wb_f64_order(b) ? a : b;
  ulong number = wb_f64_order(a) == wb_f64_order(b) ? (a | b) : ordered;
  return wb_f64_unordered(a, b) ? 0x7ff8000000000000ul : number;
}

// As in `wb_f64_min`, but the greater zero wins: and drops the minus.
static inline ulong wb_f64_max(ulong a, ulong b) {
  ulong ordered = wb_f64_order(a) > wb_f64_order(b) ? a : b;
  ulong number = wb_f64_order(a) == wb_f64_order(b) ? (a & b) : ordered;
  return wb_f64_unordered(a, b) ? 0x7ff8000000000000ul : number;
}

static inline uint wb_f64_eq(ulong a, ulong b) {
  uint both_zero = uint(((a | b) << 1) == 0ul);
  return (uint(a == b) & uint(!wb_f64_is_nan(a))) | both_zero;
}

static inline uint wb_f64_ne(ulong a, ulong b) {
  return wb_f64_eq(a, b) ^ 1u;
}

static inline uint wb_f64_lt(ulong a, ulong b) {
  return uint(wb_f64_order(a) < wb_f64_order(b)) & uint(!wb_f64_unordered(a, b));
}

static inline uint wb_f64_gt(ulong a, ulong b) {
  return wb_f64_lt(b, a);
}

static inline uint wb_f64_le(ulong a, ulong b) {
  return uint(wb_f64_order(a) <= wb_f64_order(b)) & uint(!wb_f64_unordered(a, b));
}

static inline uint wb_f64_ge(ulong a, ulong b) {
  return wb_f64_le(b, a);
}
