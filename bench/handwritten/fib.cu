// examples/fib: two calls a level, and the same tree with a stack of the thread's own.
#include <stdint.h>

__device__ static uint32_t fib(int32_t n) { return n < 2 ? (uint32_t)n : fib(n - 1) + fib(n - 2); }

extern "C" __global__ void fib_recursive(const int32_t *arguments, uint32_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance < instances) results[instance] = fib(arguments[instance]);
}

// A level of all of the block's threads after the other; main.c says how many there are.
extern __shared__ int32_t fib_levels[];

extern "C" __global__ void fib_stack(const int32_t *arguments, uint32_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  int32_t n = arguments[instance], *const bottom = fib_levels + threadIdx.x, *top = bottom;
  uint32_t sum = 0;
  for (;;) {
    if (n >= 2) {
      *top = n - 2;
      top += blockDim.x;
      n--;
    } else {
      sum += (uint32_t)n;
      if (top == bottom) break;
      top -= blockDim.x;
      n = *top;
    }
  }
  results[instance] = sum;
}
