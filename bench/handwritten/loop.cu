// examples/loop: its window in the GPU's memory, the elements of a warp's lanes side by side, and in shared memory, which has room for few threads but no distance.
#include "memory_bytes.h"

#include <stdint.h>

constexpr uint32_t integer_count = 1024, real_count = 512, window_bytes = integer_count * 4 + real_count * 8;
static_assert(window_bytes == LOOP_BYTES, "main.c reserves the window");

// `stride` elements from one of an instance's to its next.
struct Window {
  uint32_t *integers;
  double *reals;
  uint32_t stride;

  // Of the lane `lane` of `lanes` whose windows begin at `tile`.
  __device__ Window(uint8_t *tile, uint32_t lanes, uint32_t lane)
      : integers((uint32_t *)tile + lane), reals((double *)((uint32_t *)tile + integer_count * lanes) + lane), stride(lanes) {}
};

// `ahead`: all three loads before the first store, so that an iteration waits once. The f64 is loaded first in any case.
template <bool ahead> __device__ static uint64_t run(Window window, uint32_t seed, uint32_t iterations) {
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t i = 0; i < integer_count; i++) window.integers[i * window.stride] = i;
  for (uint32_t i = 0; i < real_count; i++) window.reals[i * window.stride] = i;
  for (uint32_t i = 0; i < iterations; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    uint32_t at = state % integer_count * window.stride, other = (state >> 10) % integer_count * window.stride;
    uint32_t real = (state >> 20) % real_count * window.stride;
    double before = window.reals[real];
    uint32_t addend;
    if (ahead) {
      uint32_t loaded = window.integers[other], sum = window.integers[at] + state;
      addend = other == at ? sum : loaded;
      window.integers[at] = sum;
    } else {
      window.integers[at] += state;
      addend = window.integers[other];
    }
    window.reals[real] = before * 0.5 + (double)addend;
  }
  uint64_t checksum = 0;
#pragma unroll 4
  for (uint32_t i = 0; i < integer_count; i++) checksum = checksum * 31 + window.integers[i * window.stride];
#pragma unroll 4
  for (uint32_t i = 0; i < real_count; i++) checksum = checksum * 31 + (uint64_t)__double_as_longlong(window.reals[i * window.stride]);
  return checksum;
}

struct arguments {
  uint32_t seed, iterations;
};

template <bool ahead> __device__ static void run_in_memory(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memory) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [seed, iterations] = records[instance];
  results[instance] = run<ahead>(Window(memory + (uint64_t)(instance / 32) * 32 * window_bytes, 32, instance % 32), seed, iterations);
}

extern "C" __global__ void __launch_bounds__(512, 4) loop(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memory) {
  run_in_memory<false>(records, results, instances, memory);
}

extern "C" __global__ void __launch_bounds__(512, 4) loop_ahead(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memory) {
  run_in_memory<true>(records, results, instances, memory);
}

// LOOP_BYTES for each of the block's threads.
extern __shared__ double loop_windows[];

extern "C" __global__ void loop_shared(const arguments *records, uint64_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [seed, iterations] = records[instance];
  results[instance] = run<true>(Window((uint8_t *)loop_windows, blockDim.x, threadIdx.x), seed, iterations);
}
