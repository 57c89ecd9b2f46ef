// The price of a European call option by Monte Carlo in f32: the mean discounted payoff of simulated prices.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static const float spot = 100.0f, strike = 100.0f, rate = 0.05f, volatility = 0.2f, years = 1.0f;
static const float ln2 = 0.69314718f;

static uint32_t bits_of(float value) {
  union { float value; uint32_t bits; } both = {.value = value};
  return both.bits;
}

static float from_bits(uint32_t bits) {
  union { uint32_t bits; float value; } both = {.bits = bits};
  return both.value;
}

static uint32_t next_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

// Uniform in [-1, 1) in steps of 2^-23, all of which an f32 holds exactly.
static float next_uniform(uint32_t *state) { return (float)((int32_t)next_random(state) >> 8) * 0x1p-23f; }

// exp(x) for |x| < 87: x = k ln 2 + r with |r| <= ln 2 / 2, the Taylor polynomial of r, k added to the exponent.
static float exponential(float x) {
  float scaled = x / ln2;
  int32_t k = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
  float r = x - (float)k * ln2;
  float sum = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6)))));
  return from_bits(bits_of(sum) + ((uint32_t)k << 23));
}

// ln(x) for normal x > 0: x = m 2^k with m in [0.75, 1.5), ln m = 2 artanh((m - 1) / (m + 1)) by its series.
static float logarithm(float x) {
  uint32_t bits = bits_of(x);
  int32_t k = (int32_t)(bits - 0x3f400000) >> 23;
  float m = from_bits(bits - ((uint32_t)k << 23));
  float s = (m - 1) / (m + 1), s2 = s * s;
  float series = 1 + s2 * (1 / 3.0f + s2 * (1 / 5.0f + s2 * (1 / 7.0f + s2 * (1 / 9.0f))));
  return 2 * s * series + (float)k * ln2;
}

// Standard normal by Marsaglia's polar method: a point uniform in the unit disc, its radius transformed.
static float next_normal(uint32_t *state) {
  float x, y, square;
  do {
    x = next_uniform(state);
    y = next_uniform(state);
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  return x * __builtin_sqrtf(-2 * logarithm(square) / square);
}

/// Estimate from `paths` simulated prices at maturity; other seeds give independent estimates. 0 paths give 0.
EXPORT(price) float price(uint32_t seed, uint32_t paths) {
  if (paths == 0) return 0;
  // Xorshift needs a state that is not zero, and neighbouring seeds far apart.
  uint32_t state = (seed + 1) * 0x9e3779b9;
  if (state == 0) state = 1;
  float drift = (rate - volatility * volatility / 2) * years;
  float spread = volatility * __builtin_sqrtf(years);
  // Kahan's compensated sum: plain f32 would lose the payoffs' low bits after some 10^5 paths.
  float sum = 0, lost = 0;
  for (uint32_t path = 0; path < paths; path++) {
    float at_maturity = spot * exponential(drift + spread * next_normal(&state));
    float payoff = at_maturity > strike ? at_maturity - strike : 0;
    float term = payoff - lost;
    float next = sum + term;
    lost = (next - sum) - term;
    sum = next;
  }
  return sum / (float)paths * exponential(-rate * years);
}
