// examples/montecarlo
#include <stdint.h>

constexpr float spot = 100.0f, strike = 100.0f, rate = 0.05f, volatility = 0.2f, years = 1.0f;
constexpr float ln2 = 0.69314718f;

__device__ static uint32_t next_random(uint32_t &state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

__device__ static float next_uniform(uint32_t &state) { return (float)((int32_t)next_random(state) >> 8) * 0x1p-23f; }

__device__ static float exponential(float x) {
  float scaled = x / ln2;
  int32_t k = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
  float r = x - (float)k * ln2;
  float sum = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6)))));
  return __uint_as_float(__float_as_uint(sum) + ((uint32_t)k << 23));
}

__device__ static float logarithm(float x) {
  uint32_t bits = __float_as_uint(x);
  int32_t k = (int32_t)(bits - 0x3f400000) >> 23;
  float m = __uint_as_float(bits - ((uint32_t)k << 23));
  float s = (m - 1) / (m + 1), s2 = s * s;
  float series = 1 + s2 * (1 / 3.0f + s2 * (1 / 5.0f + s2 * (1 / 7.0f + s2 * (1 / 9.0f))));
  return 2 * s * series + (float)k * ln2;
}

__device__ static float next_normal(uint32_t &state) {
  float x, y, square;
  do {
    x = next_uniform(state);
    y = next_uniform(state);
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  return x * sqrtf(-2 * logarithm(square) / square);
}

struct arguments {
  uint32_t seed, paths;
};

extern "C" __global__ void montecarlo(const arguments *records, float *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [seed, paths] = records[instance];
  uint32_t state = (seed + 1) * 0x9e3779b9;
  if (state == 0) state = 1;
  float drift = (rate - volatility * volatility / 2) * years;
  float spread = volatility * sqrtf(years);
  float sum = 0, lost = 0;
  for (uint32_t path = 0; path < paths; path++) {
    float at_maturity = spot * exponential(drift + spread * next_normal(state));
    float payoff = at_maturity > strike ? at_maturity - strike : 0;
    float term = payoff - lost;
    float next = sum + term;
    lost = (next - sum) - term;
    sum = next;
  }
  results[instance] = paths == 0 ? 0 : sum / (float)paths * exponential(-rate * years);
}
