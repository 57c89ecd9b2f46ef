// Hand-written CUDA as a baseline of the throughput bench: one thread an instance, without isolation. ../README.md has the conventions.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../native/rounds.h"
#include "device.h"

// Levels of the stacks in shared memory: fib to 33, boards to 16 by 16. 16 bytes a level of nqueens, so that an H100's multiprocessor still holds 1,024 threads.
enum { FIB_LEVELS = 32, NQUEENS_LEVELS = 14, MOST_KERNELS = 2 };

struct program {
  struct signature signature;
  // The faster one is taken.
  struct kernel kernels[MOST_KERNELS];
};

static const struct program programs[] = {
    {{"collatz", "longest", 1, 1}, {{"collatz", 0}}},
    {{"sha256", "search", 2, 2}, {{"sha256", 0}}},
    {{"mandelbrot", "iterations", 4, 2}, {{"mandelbrot", 0}}},
    {{"nqueens", "solve_from", 2, 1}, {{"nqueens_recursive", 0}, {"nqueens_stack", NQUEENS_LEVELS * 16}}},
    {{"montecarlo", "price", 2, 1}, {{"montecarlo", 0}}},
    {{"fib", "fib", 1, 1}, {{"fib_recursive", 0}, {"fib_stack", FIB_LEVELS * 4}}},
};
static const size_t program_count = sizeof programs / sizeof *programs;

static const unsigned block_sizes[] = {32, 64, 128, 256, 512};

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

// The kernel and the size of its blocks that take these jobs the shortest, after a round of warm-up; all have to agree on the results.
static void choose(const struct program *program) {
  struct jobs *jobs = &choice.jobs;
  size_t bytes = jobs->count * program->signature.result_words * sizeof(uint32_t);
  uint32_t *results = malloc(bytes);
  if (!results) fail("results");
  double best = 0;
  for (const struct kernel *kernel = program->kernels; kernel < program->kernels + MOST_KERNELS && kernel->name; kernel++) {
    for (size_t i = 0; i < sizeof block_sizes / sizeof *block_sizes; i++) {
      if (device_run(kernel, block_sizes[i], (uint32_t)jobs->count) < 0) continue;
      double seconds = device_run(kernel, block_sizes[i], (uint32_t)jobs->count);
      bool is_first = !choice.kernel;
      device_copy_results(is_first ? jobs->results : results);
      if (!is_first && memcmp(results, jobs->results, bytes)) {
        fprintf(stderr, "%s in blocks of %u has other results than %s in blocks of %u\n", kernel->name, block_sizes[i], choice.kernel->name, choice.threads);
        exit(1);
      }
      if (is_first || seconds < best) best = seconds, choice.kernel = kernel, choice.threads = block_sizes[i];
    }
  }
  free(results);
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
  choose(program);
  char note[80];
  snprintf(note, sizeof note, "%s, %u threads a block", choice.kernel->name, choice.threads);
  serve_rounds(note, run_round, &program->signature, &choice.jobs, arguments[4]);
  return 0;
}
