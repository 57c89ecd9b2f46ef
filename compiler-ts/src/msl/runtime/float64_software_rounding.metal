// The bits below the integers, for a magnitude in [1, 2^52); none for one that is an integer by its size.
static inline ulong wb_f64_fraction_mask(ulong magnitude) {
  uint exponent = uint(magnitude >> 52);
  ulong mask = 0x000ffffffffffffful >> ((exponent - 1023u) & 63u);
  return exponent >= 1075u ? 0ul : mask;
}

// Quiets a NaN; the rounding functions change nothing else above 2^52.
static inline ulong wb_f64_quiet(ulong a) {
  return wb_f64_is_nan(a) ? 0x7ff8000000000000ul : a;
}

static inline ulong wb_f64_trunc(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  ulong large = wb_f64_quiet(a & ~wb_f64_fraction_mask(magnitude));
  return magnitude < 0x3ff0000000000000ul ? a & 0x8000000000000000ul : large;
}

// To the next integer away from zero; a carry out of the fraction gives the right exponent.
static inline ulong wb_f64_round_away(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  ulong mask = wb_f64_fraction_mask(magnitude);
  ulong large = wb_f64_quiet((a + mask) & ~mask);
  ulong small = magnitude == 0ul ? 0ul : 0x3ff0000000000000ul;
  return magnitude < 0x3ff0000000000000ul ? (a & 0x8000000000000000ul) | small : large;
}

static inline ulong wb_f64_ceil(ulong a) {
  return (a >> 63) != 0ul ? wb_f64_trunc(a) : wb_f64_round_away(a);
}

static inline ulong wb_f64_floor(ulong a) {
  return (a >> 63) != 0ul ? wb_f64_round_away(a) : wb_f64_trunc(a);
}

static inline ulong wb_f64_nearest(ulong a) {
  ulong magnitude = wb_f64_magnitude(a);
  ulong mask = wb_f64_fraction_mask(magnitude);
  ulong odd = (a & (mask + 1ul)) == 0ul ? 0ul : 1ul;
  // Half of the last place, less one where the integer is even, so that a tie carries only from an odd one. 1.0's last place is the
  // exponent's lowest bit, which is set for it.
  ulong large = mask == 0ul ? wb_f64_quiet(a) : (a + (mask >> 1) + odd) & ~mask;
  ulong small = magnitude > 0x3fe0000000000000ul ? 0x3ff0000000000000ul : 0ul;
  return magnitude < 0x3ff0000000000000ul ? (a & 0x8000000000000000ul) | small : large;
}
