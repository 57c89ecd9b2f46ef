// The kernels of bench/handwritten as C++ for a CPU, thread by thread: what they compute can be checked where there is no GPU. They have no barriers.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../../bench/handwritten/device.h"

#define __device__
#define __global__
#define __shared__

struct uint3 {
  unsigned x, y, z;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

static uint3 blockIdx, threadIdx, blockDim;

static uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static int __clz(unsigned value) { return value == 0 ? 32 : __builtin_clz(value); }

template <typename To, typename From> static To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
static float __uint_as_float(unsigned bits) { return bits_as<float>(bits); }
static unsigned __float_as_uint(float value) { return bits_as<unsigned>(value); }

// Names of one file are not those of another.
namespace collatz_cu {
#include "../../../bench/handwritten/collatz.cu"
}
namespace sha256_cu {
#include "../../../bench/handwritten/sha256.cu"
}
namespace mandelbrot_cu {
#include "../../../bench/handwritten/mandelbrot.cu"
}
namespace nqueens_cu {
#include "../../../bench/handwritten/nqueens.cu"
}
namespace montecarlo_cu {
#include "../../../bench/handwritten/montecarlo.cu"
}
namespace fib_cu {
#include "../../../bench/handwritten/fib.cu"
}

// More than a block's shared memory: what a kernel writes beyond what its launch has is seen.
constexpr size_t shared_bytes = 96 << 10;
uint4 nqueens_cu::nqueens_levels[shared_bytes / sizeof(uint4)];
int32_t fib_cu::fib_levels[shared_bytes / sizeof(int32_t)];

static const void *arguments;
static void *results;
static size_t results_size;

template <auto kernel> struct Thread;
template <typename Arguments, typename Results, void (*kernel)(const Arguments *, Results *, uint32_t)> struct Thread<kernel> {
  static void run(uint32_t instances) { kernel(static_cast<const Arguments *>(arguments), static_cast<Results *>(results), instances); }
};

static const struct {
  const char *kernel;
  void (*run)(uint32_t instances);
  void *shared;
} kernels[] = {
    {"collatz", Thread<collatz_cu::collatz>::run, nullptr},
    {"sha256", Thread<sha256_cu::sha256>::run, nullptr},
    {"mandelbrot", Thread<mandelbrot_cu::mandelbrot>::run, nullptr},
    {"nqueens_recursive", Thread<nqueens_cu::nqueens_recursive>::run, nullptr},
    {"nqueens_stack", Thread<nqueens_cu::nqueens_stack>::run, nqueens_cu::nqueens_levels},
    {"montecarlo", Thread<montecarlo_cu::montecarlo>::run, nullptr},
    {"fib_recursive", Thread<fib_cu::fib_recursive>::run, nullptr},
    {"fib_stack", Thread<fib_cu::fib_stack>::run, fib_cu::fib_levels},
};

void device_load(const char *) {}
void device_check(const char *, const char *) {}

void device_set_records(const void *argument_records, size_t, size_t result_bytes) {
  arguments = argument_records;
  results = new unsigned char[result_bytes];
  results_size = result_bytes;
}

double device_run(const kernel *kernel, unsigned threads, uint32_t instances) {
  const auto *found = kernels;
  while (std::strcmp(found->kernel, kernel->name) != 0) found++;
  std::memset(results, 0xee, results_size);
  const size_t used = kernel->shared_bytes * threads;
  if (used > shared_bytes / 2) return -1;
  auto *beyond = static_cast<unsigned char *>(found->shared) + used;
  const size_t beyond_bytes = found->shared == nullptr ? 0 : shared_bytes - used;
  std::fill_n(beyond, beyond_bytes, 0xa5);

  const auto start = std::chrono::steady_clock::now();
  blockDim = {threads, 1, 1};
  for (blockIdx = {0, 0, 0}; blockIdx.x * threads < instances; blockIdx.x++) {
    for (threadIdx = {0, 0, 0}; threadIdx.x < threads; threadIdx.x++) found->run(instances);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  if (std::count(beyond, beyond + beyond_bytes, 0xa5) != static_cast<std::ptrdiff_t>(beyond_bytes)) {
    std::fprintf(stderr, "%s wrote beyond its shared memory\n", kernel->name);
    std::exit(1);
  }
  return seconds.count();
}

void device_copy_results(void *to) { std::memcpy(to, results, results_size); }
