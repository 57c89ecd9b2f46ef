// Hand-written CUDA as a baseline of the throughput bench: one thread an instance, without isolation. ../README.md has the conventions.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../native/rounds.h"
#include "device.h"
#include "memory_bytes.h"

// Levels of the stacks in shared memory: fib to 33, boards to 16 by 16. 16 bytes a level of nqueens, so that an H100's multiprocessor still holds 1,024 threads.
enum { FIB_LEVELS = 32, NQUEENS_LEVELS = 14, QUICKSORT_LEVELS = 14, MOST_KERNELS = 8 };

struct program {
  struct signature signature;
  // The fastest one is taken.
  struct kernel kernels[MOST_KERNELS];
  // Of the GPU's memory, for each instance.
  size_t memory_bytes;
};

static const struct program programs[] = {
    {.signature = {"collatz", "longest", 1, 1}, .kernels = {{.name = "collatz"}}},
    {.signature = {"sha256", "search", 2, 2}, .kernels = {{.name = "sha256"}}},
    {.signature = {"mandelbrot", "iterations", 4, 2}, .kernels = {{.name = "mandelbrot"}}},
    {.signature = {"nqueens", "solve_from", 2, 1}, .kernels = {{.name = "nqueens_recursive"}, {.name = "nqueens_stack", .shared_bytes = NQUEENS_LEVELS * 16}}},
    {.signature = {"montecarlo", "price", 2, 1}, .kernels = {{.name = "montecarlo"}}},
    {.signature = {"fib", "fib", 1, 1}, .kernels = {{.name = "fib_recursive"}, {.name = "fib_stack", .shared_bytes = FIB_LEVELS * 4}}},
    // The first one is likely the best, and rounds of the others that are far behind it are not repeated.
    {.signature = {"lz4", "run", 2, 2},
     .memory_bytes = LZ4_BYTES,
     .kernels = {{.name = "lz4_cells_of_32", .resident = 256},
                 {.name = "lz4_cells_of_32", .resident = 512},
                 {.name = "lz4_cells_of_32"},
                 {.name = "lz4_cells_of_8", .resident = 256},
                 {.name = "lz4_cells_of_8"},
                 {.name = "lz4_contiguous", .resident = 256},
                 {.name = "lz4_contiguous"}}},
    {.signature = {"xxhash", "run", 3, 2},
     .memory_bytes = XXHASH_BYTES,
     .kernels = {{.name = "xxhash_cells_of_8"}, {.name = "xxhash_cells_of_16"}, {.name = "xxhash_cells_of_32"}}},
    {.signature = {"jsontree", "run", 2, 2},
     .memory_bytes = JSONTREE_BYTES,
     .kernels = {{.name = "jsontree_cells_of_8"},
                 {.name = "jsontree_cells_of_8", .resident = 512},
                 {.name = "jsontree_cells_of_16"},
                 {.name = "jsontree_cells_of_32"},
                 {.name = "jsontree_cells_of_32", .resident = 512}}},
    {.signature = {"quicksort", "run", 2, 2},
     .memory_bytes = QUICKSORT_BYTES,
     .kernels = {{.name = "quicksort_steps_cells_of_32", .shared_bytes = QUICKSORT_LEVELS * 4},
                 {.name = "quicksort_steps_cells_of_8", .shared_bytes = QUICKSORT_LEVELS * 4},
                 {.name = "quicksort_cells_of_32", .shared_bytes = QUICKSORT_LEVELS * 4},
                 {.name = "quicksort_cells_of_8", .shared_bytes = QUICKSORT_LEVELS * 4}}},
    {.signature = {"loop", "run", 2, 2},
     .memory_bytes = LOOP_BYTES,
     .kernels = {{.name = "loop_shared", .shared_bytes = LOOP_BYTES}, {.name = "loop"}, {.name = "loop_ahead"}}},
};
static const size_t program_count = sizeof programs / sizeof *programs;

enum { BLOCK_SIZES = 5 };
static const unsigned block_sizes[BLOCK_SIZES] = {32, 64, 128, 256, 512};
// Of kernels that keep an instance's whole memory in shared memory, where a warp's has no room: 28 times 8 KiB are all that a multiprocessor of an H100 has.
static const unsigned small_block_sizes[BLOCK_SIZES] = {1, 2, 4, 7, 28};
enum { MUCH_SHARED_MEMORY = 4096 };

static struct {
  const struct kernel *kernel;
  unsigned threads;
  struct jobs jobs;
} choice;

static const struct program *find(const char *path, const char *export) {
  for (size_t i = 0; i < program_count; i++) {
    if (is_signature_of(&programs[i].signature, path, export)) return &programs[i];
  }
  fail_missing(path, export);
}

// Runs the kernel once for warm-up, and again unless that is far behind the best; its results have to be those of the first one.
static void consider(const struct kernel *kernel, unsigned threads, uint32_t *results, size_t bytes) {
  static double best;
  double seconds = device_run(kernel, threads, (uint32_t)choice.jobs.count);
  if (seconds < 0) return;
  bool is_first = !choice.kernel;
  if (is_first || seconds < 2 * best) seconds = device_run(kernel, threads, (uint32_t)choice.jobs.count);
  device_copy_results(is_first ? choice.jobs.results : results);
  if (!is_first && memcmp(results, choice.jobs.results, bytes)) {
    fprintf(stderr, "%s in blocks of %u has other results than %s in blocks of %u\n", kernel->name, threads, choice.kernel->name, choice.threads);
    exit(1);
  }
  if (is_first || seconds < best) best = seconds, choice.kernel = kernel, choice.threads = threads;
}

// The kernel and the size of its blocks that take these jobs the shortest.
static void choose(const struct program *program) {
  size_t bytes = choice.jobs.count * program->signature.result_words * sizeof(uint32_t);
  uint32_t *results = malloc(bytes);
  if (!results) fail("results");
  for (const struct kernel *kernel = program->kernels; kernel < program->kernels + MOST_KERNELS && kernel->name; kernel++) {
    const unsigned *sizes = kernel->shared_bytes < MUCH_SHARED_MEMORY ? block_sizes : small_block_sizes;
    for (size_t i = 0; i < BLOCK_SIZES; i++) consider(kernel, sizes[i], results, bytes);
  }
  free(results);
  if (choice.kernel) return;
  fprintf(stderr, "%s: no kernel fits this GPU\n", program->signature.module);
  exit(1);
}

static double run_round(void) {
  double seconds = device_run(choice.kernel, choice.threads, (uint32_t)choice.jobs.count);
  device_copy_results(choice.jobs.results);
  return seconds;
}

int main(int count, char **arguments) {
  if (count == 3 && !strcmp(arguments[1], "--check")) {
    for (size_t i = 0; i < program_count; i++) device_check(programs[i].signature.module, arguments[2]);
    return 0;
  }
  // The number of threads is the device's business.
  if (count != 6) {
    fprintf(stderr, "usage: %s MODULE.wasm EXPORT ARGUMENTS RESULTS THREADS\n       %s --check ARCHITECTURE\n", arguments[0], arguments[0]);
    return 2;
  }
  const struct program *program = find(arguments[1], arguments[2]);
  choice.jobs = read_jobs(&program->signature, arguments[3]);
  if (choice.jobs.count == 0) {
    fprintf(stderr, "%s: no jobs\n", arguments[3]);
    return 1;
  }
  device_load(program->signature.module);
  device_set_records(choice.jobs.arguments, choice.jobs.count * program->signature.words * sizeof(uint32_t),
                     choice.jobs.count * program->signature.result_words * sizeof(uint32_t));
  if (program->memory_bytes) device_set_memory(program->memory_bytes, (uint32_t)choice.jobs.count);
  choose(program);
  char note[128];
  int length = snprintf(note, sizeof note, "%s, %u threads a block", choice.kernel->name, choice.threads);
  if (choice.kernel->resident) snprintf(note + length, sizeof note - (size_t)length, ", %u a multiprocessor", choice.kernel->resident);
  serve_rounds(note, run_round, &program->signature, &choice.jobs, arguments[4]);
  return 0;
}
