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
#define __launch_bounds__(...)

struct uint3 {
  unsigned x, y, z;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

struct alignas(16) ulonglong2 {
  unsigned long long x, y;
};

static uint3 blockIdx, threadIdx, blockDim, gridDim;

static uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static int __clz(unsigned value) { return value == 0 ? 32 : __builtin_clz(value); }
static int __clzll(long long value) { return value == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(value)); }
static int __ffsll(long long value) { return __builtin_ffsll(value); }
using std::max, std::min;

template <typename To, typename From> static To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
static float __uint_as_float(unsigned bits) { return bits_as<float>(bits); }
static unsigned __float_as_uint(float value) { return bits_as<unsigned>(value); }
static long long __double_as_longlong(double value) { return bits_as<long long>(value); }

// What more than one of the files includes.
#include "../../../bench/handwritten/appender.cuh"
#include "../../../bench/handwritten/memory.cuh"
#include "../../../bench/handwritten/memory_bytes.h"

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
namespace lz4_cu {
#include "../../../bench/handwritten/lz4.cu"
}
namespace xxhash_cu {
#include "../../../bench/handwritten/xxhash.cu"
}
namespace jsontree_cu {
#include "../../../bench/handwritten/jsontree.cu"
}
namespace quicksort_cu {
#include "../../../bench/handwritten/quicksort.cu"
}
namespace loop_cu {
#include "../../../bench/handwritten/loop.cu"
}

// More than a block's shared memory: what a kernel writes beyond what its launch has is seen.
constexpr size_t shared_bytes = 512 << 10;
uint4 nqueens_cu::nqueens_levels[shared_bytes / sizeof(uint4)];
int32_t fib_cu::fib_levels[shared_bytes / sizeof(int32_t)];
uint32_t quicksort_cu::quicksort_levels[shared_bytes / sizeof(uint32_t)];
double loop_cu::loop_windows[shared_bytes / sizeof(double)];

static const void *arguments;
static void *results;
static size_t results_size;
static uint8_t *memory;
static size_t memory_size;

template <auto kernel> struct Thread;
template <typename Arguments, typename Results, void (*kernel)(const Arguments *, Results *, uint32_t)> struct Thread<kernel> {
  static void run(uint32_t instances) { kernel(static_cast<const Arguments *>(arguments), static_cast<Results *>(results), instances); }
};
template <typename Arguments, typename Results, void (*kernel)(const Arguments *, Results *, uint32_t, uint8_t *)> struct Thread<kernel> {
  static void run(uint32_t instances) { kernel(static_cast<const Arguments *>(arguments), static_cast<Results *>(results), instances, memory); }
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
    {"lz4_cells_of_8", Thread<lz4_cu::lz4_cells_of_8>::run, nullptr},
    {"lz4_cells_of_32", Thread<lz4_cu::lz4_cells_of_32>::run, nullptr},
    {"lz4_contiguous", Thread<lz4_cu::lz4_contiguous>::run, nullptr},
    {"xxhash_cells_of_8", Thread<xxhash_cu::xxhash_cells_of_8>::run, nullptr},
    {"xxhash_cells_of_16", Thread<xxhash_cu::xxhash_cells_of_16>::run, nullptr},
    {"xxhash_cells_of_32", Thread<xxhash_cu::xxhash_cells_of_32>::run, nullptr},
    {"jsontree_cells_of_8", Thread<jsontree_cu::jsontree_cells_of_8>::run, nullptr},
    {"jsontree_cells_of_16", Thread<jsontree_cu::jsontree_cells_of_16>::run, nullptr},
    {"jsontree_cells_of_32", Thread<jsontree_cu::jsontree_cells_of_32>::run, nullptr},
    {"quicksort_cells_of_8", Thread<quicksort_cu::quicksort_cells_of_8>::run, quicksort_cu::quicksort_levels},
    {"quicksort_cells_of_32", Thread<quicksort_cu::quicksort_cells_of_32>::run, quicksort_cu::quicksort_levels},
    {"quicksort_steps_cells_of_8", Thread<quicksort_cu::quicksort_steps_cells_of_8>::run, quicksort_cu::quicksort_levels},
    {"quicksort_steps_cells_of_32", Thread<quicksort_cu::quicksort_steps_cells_of_32>::run, quicksort_cu::quicksort_levels},
    {"loop", Thread<loop_cu::loop>::run, nullptr},
    {"loop_ahead", Thread<loop_cu::loop_ahead>::run, nullptr},
    {"loop_shared", Thread<loop_cu::loop_shared>::run, loop_cu::loop_windows},
};

void device_load(const char *) {}
void device_check(const char *, const char *) {}

void device_set_records(const void *argument_records, size_t, size_t result_bytes) {
  arguments = argument_records;
  results = new unsigned char[result_bytes];
  results_size = result_bytes;
}

// Behind an instance's own memory lies that of another, and behind the last one's what nobody may write.
constexpr size_t guard_bytes = 1 << 20;
constexpr uint8_t untouched = 0xa5;

void device_set_memory(size_t bytes, uint32_t instances) {
  memory_size = bytes * ((instances + 31) / 32 * 32);
  memory = static_cast<uint8_t *>(std::aligned_alloc(256, memory_size + guard_bytes));
  if (memory == nullptr) std::abort();
}

static void check_untouched(const uint8_t *bytes, size_t count, const char *kernel, const char *what) {
  if (std::all_of(bytes, bytes + count, [](uint8_t byte) { return byte == untouched; })) return;
  std::fprintf(stderr, "%s wrote beyond its %s\n", kernel, what);
  std::exit(1);
}

double device_run(const kernel *kernel, unsigned threads, uint32_t instances) {
  const auto *found = kernels;
  while (std::strcmp(found->kernel, kernel->name) != 0) found++;
  std::memset(results, 0xee, results_size);
  const size_t used = kernel->shared_bytes * threads;
  if (used > shared_bytes / 2) return -1;
  auto *beyond = static_cast<uint8_t *>(found->shared) + used;
  const size_t beyond_bytes = found->shared == nullptr ? 0 : shared_bytes - used;
  std::fill_n(beyond, beyond_bytes, untouched);
  // What was there before is not what the results come from.
  if (memory != nullptr) std::fill_n(memory, memory_size + guard_bytes, untouched);

  const auto start = std::chrono::steady_clock::now();
  blockDim = {threads, 1, 1};
  // Threads that take one instance after the other are those of one block.
  gridDim = {kernel->resident == 0 ? (instances + threads - 1) / threads : 1, 1, 1};
  for (blockIdx = {0, 0, 0}; blockIdx.x < gridDim.x; blockIdx.x++) {
    for (threadIdx = {0, 0, 0}; threadIdx.x < threads; threadIdx.x++) found->run(instances);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  check_untouched(beyond, beyond_bytes, kernel->name, "shared memory");
  if (memory != nullptr) check_untouched(memory + memory_size, guard_bytes, kernel->name, "memory");
  return seconds.count();
}

void device_copy_results(void *to) { std::memcpy(to, results, results_size); }
