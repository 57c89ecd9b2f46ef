// Native code as a baseline of the throughput bench: the examples by clang, one thread a core. ../README.md has the conventions.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
  const char *module, *export;
  // 32-bit words of a record of arguments and of one of results.
  size_t words, result_words;
  uint64_t (*call)(const uint32_t *arguments);
};

static const struct program programs[] = {
    {"collatz", "longest", 1, 1, collatz},   {"sha256", "search", 2, 2, sha256},  {"mandelbrot", "iterations", 4, 2, mandelbrot},
    {"nqueens", "solve_from", 2, 1, nqueens}, {"montecarlo", "price", 2, 1, montecarlo}, {"fib", "fib", 1, 1, fib},
    {"lz4", "run", 2, 2, lz4},               {"xxhash", "run", 3, 2, xxhash},     {"jsontree", "run", 2, 2, jsontree},
    {"quicksort", "run", 2, 2, quicksort},   {"loop", "run", 2, 2, loop},
};

// What bench/processBaseline.ts takes for: there is no such program here.
enum { MISSING_PROGRAM = 3, JOBS_AT_A_TIME = 4 };

static struct {
  const struct program *program;
  const uint32_t *arguments;
  uint32_t *results;
  size_t jobs;
  atomic_size_t next;
  // All threads and main: passed when a round begins and when it has ended.
  pthread_barrier_t gate;
} work;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void *run_jobs(void *unused) {
  for (;;) {
    pthread_barrier_wait(&work.gate);
    for (;;) {
      size_t first = atomic_fetch_add(&work.next, JOBS_AT_A_TIME);
      if (first >= work.jobs) break;
      size_t end = first + JOBS_AT_A_TIME < work.jobs ? first + JOBS_AT_A_TIME : work.jobs;
      for (size_t job = first; job < end; job++) {
        uint64_t result = work.program->call(work.arguments + job * work.program->words);
        memcpy(work.results + job * work.program->result_words, &result, work.program->result_words * sizeof(uint32_t));
      }
    }
    pthread_barrier_wait(&work.gate);
  }
  return unused;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static const struct program *find(const char *path, const char *export) {
  const char *slash = strrchr(path, '/'), *module = slash ? slash + 1 : path;
  size_t length = strcspn(module, ".");
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    const struct program *program = &programs[i];
    if (strlen(program->module) == length && !strncmp(program->module, module, length) && !strcmp(program->export, export)) return program;
  }
  fprintf(stderr, "no program %s, %s\n", path, export);
  exit(MISSING_PROGRAM);
}

static const uint32_t *read_arguments(const char *path, size_t *words) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail(path);
  long bytes = ftell(file);
  uint32_t *content = malloc((size_t)bytes);
  rewind(file);
  if (!content || fread(content, 1, (size_t)bytes, file) != (size_t)bytes) fail(path);
  fclose(file);
  *words = (size_t)bytes / sizeof *content;
  return content;
}

static void write_results(const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) fail(path);
  size_t words = work.jobs * work.program->result_words;
  if (fwrite(work.results, sizeof(uint32_t), words, file) != words || fclose(file)) fail(path);
}

int main(int count, char **arguments) {
  if (count != 6 || atoi(arguments[5]) < 1) {
    fprintf(stderr, "usage: %s MODULE.wasm EXPORT ARGUMENTS RESULTS THREADS\n", arguments[0]);
    return 2;
  }
  work.program = find(arguments[1], arguments[2]);
  size_t words;
  work.arguments = read_arguments(arguments[3], &words);
  work.jobs = words / work.program->words;
  work.results = calloc(work.jobs * work.program->result_words, sizeof(uint32_t));
  if (!work.results) fail("results");

  unsigned threads = (unsigned)atoi(arguments[5]);
  pthread_barrier_init(&work.gate, NULL, threads + 1);
  for (unsigned i = 0; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_jobs, NULL)) fail("a thread");
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  char line[8];
  while (fgets(line, sizeof line, stdin) && !strcmp(line, "run\n")) {
    atomic_store(&work.next, 0);
    double start = now();
    pthread_barrier_wait(&work.gate);
    pthread_barrier_wait(&work.gate);
    double seconds = now() - start;
    write_results(arguments[4]);
    printf("%.9f\n", seconds);
  }
  return 0;
}
