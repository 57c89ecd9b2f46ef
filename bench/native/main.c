// Native code as a baseline of the throughput bench: the examples by clang, one thread a core. ../README.md has the conventions.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rounds.h"

uint32_t collatz_longest(uint32_t limit);
uint64_t sha256_search(uint32_t seed, uint32_t count);
int64_t mandelbrot_iterations(int32_t width, int32_t height, int32_t limit, int32_t instance);
uint32_t nqueens_solve_from(uint32_t n, uint32_t column);
float montecarlo_price(uint32_t seed, uint32_t paths);
uint32_t fib_fib(int32_t n);
uint64_t lz4_run(uint32_t seed, uint32_t length);
uint64_t xxhash_run(uint32_t seed, uint32_t length, uint32_t rounds);
uint64_t jsontree_run(uint32_t seed, uint32_t records);
uint64_t quicksort_run(uint32_t seed, uint32_t count);
uint64_t loop_run(uint32_t seed, uint32_t iterations);

static uint64_t collatz(const uint32_t *a) { return collatz_longest(a[0]); }
static uint64_t sha256(const uint32_t *a) { return sha256_search(a[0], a[1]); }
static uint64_t mandelbrot(const uint32_t *a) {
  return (uint64_t)mandelbrot_iterations((int32_t)a[0], (int32_t)a[1], (int32_t)a[2], (int32_t)a[3]);
}
static uint64_t nqueens(const uint32_t *a) { return nqueens_solve_from(a[0], a[1]); }
static uint64_t montecarlo(const uint32_t *a) {
  float price = montecarlo_price(a[0], a[1]);
  uint32_t bits;
  memcpy(&bits, &price, sizeof bits);
  return bits;
}
static uint64_t fib(const uint32_t *a) { return fib_fib((int32_t)a[0]); }
static uint64_t lz4(const uint32_t *a) { return lz4_run(a[0], a[1]); }
static uint64_t xxhash(const uint32_t *a) { return xxhash_run(a[0], a[1], a[2]); }
static uint64_t jsontree(const uint32_t *a) { return jsontree_run(a[0], a[1]); }
static uint64_t quicksort(const uint32_t *a) { return quicksort_run(a[0], a[1]); }
static uint64_t loop(const uint32_t *a) { return loop_run(a[0], a[1]); }

struct program {
  struct signature signature;
  uint64_t (*call)(const uint32_t *arguments);
};

static const struct program programs[] = {
    {{"collatz", "longest", 1, 1}, collatz},
    {{"sha256", "search", 2, 2}, sha256},
    {{"mandelbrot", "iterations", 4, 2}, mandelbrot},
    {{"nqueens", "solve_from", 2, 1}, nqueens},
    {{"montecarlo", "price", 2, 1}, montecarlo},
    {{"fib", "fib", 1, 1}, fib},
    {{"lz4", "run", 2, 2}, lz4},
    {{"xxhash", "run", 3, 2}, xxhash},
    {{"jsontree", "run", 2, 2}, jsontree},
    {{"quicksort", "run", 2, 2}, quicksort},
    {{"loop", "run", 2, 2}, loop},
};

enum { JOBS_AT_A_TIME = 4 };

static struct {
  const struct program *program;
  struct jobs jobs;
  atomic_size_t next;
  // All threads and main: passed when a round begins and when it has ended.
  pthread_barrier_t gate;
} work;

static void *run_jobs(void *unused) {
  const struct jobs *jobs = &work.jobs;
  size_t words = work.program->signature.words, result_words = work.program->signature.result_words;
  for (;;) {
    pthread_barrier_wait(&work.gate);
    for (;;) {
      size_t first = atomic_fetch_add(&work.next, JOBS_AT_A_TIME);
      if (first >= jobs->count) break;
      size_t end = first + JOBS_AT_A_TIME < jobs->count ? first + JOBS_AT_A_TIME : jobs->count;
      for (size_t job = first; job < end; job++) {
        uint64_t result = work.program->call(jobs->arguments + job * words);
        memcpy(jobs->results + job * result_words, &result, result_words * sizeof(uint32_t));
      }
    }
    pthread_barrier_wait(&work.gate);
  }
  return unused;
}

static double run_round(void) {
  atomic_store(&work.next, 0);
  double start = seconds_now();
  pthread_barrier_wait(&work.gate);
  pthread_barrier_wait(&work.gate);
  return seconds_now() - start;
}

static const struct program *find(const char *path, const char *export) {
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    if (is_signature_of(&programs[i].signature, path, export)) return &programs[i];
  }
  fail_missing(path, export);
}

int main(int count, char **arguments) {
  if (count != 6 || atoi(arguments[5]) < 1) {
    fprintf(stderr, "usage: %s MODULE.wasm EXPORT ARGUMENTS RESULTS THREADS\n", arguments[0]);
    return 2;
  }
  work.program = find(arguments[1], arguments[2]);
  work.jobs = read_jobs(&work.program->signature, arguments[3]);

  unsigned threads = (unsigned)atoi(arguments[5]);
  pthread_barrier_init(&work.gate, NULL, threads + 1);
  for (unsigned i = 0; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_jobs, NULL)) fail("a thread");
  }
  serve_rounds(NULL, run_round, &work.program->signature, &work.jobs, arguments[4]);
  return 0;
}
