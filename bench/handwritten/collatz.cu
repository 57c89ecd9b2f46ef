// examples/collatz
#include <stdint.h>

__device__ static uint32_t chain_length(uint32_t start) {
  uint32_t length = 1;
  for (uint64_t value = start; value > 1; length++) value = value & 1 ? value * 3 + 1 : value >> 1;
  return length;
}

extern "C" __global__ void collatz(const uint32_t *limits, uint32_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  uint32_t limit = limits[instance], best = 0, best_length = 0;
  for (uint32_t start = 1; start < limit; start++) {
    uint32_t length = chain_length(start);
    if (length > best_length) best = start, best_length = length;
  }
  results[instance] = best;
}
