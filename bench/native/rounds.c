#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MISSING_PROGRAM = 3 };

void fail(const char *what) {
  perror(what);
  exit(1);
}

void fail_missing(const char *path, const char *export) {
  fprintf(stderr, "no program %s, %s\n", path, export);
  exit(MISSING_PROGRAM);
}

bool is_signature_of(const struct signature *signature, const char *path, const char *export) {
  const char *slash = strrchr(path, '/'), *module = slash ? slash + 1 : path;
  size_t length = strcspn(module, ".");
  return strlen(signature->module) == length && !strncmp(signature->module, module, length) && !strcmp(signature->export, export);
}

struct jobs read_jobs(const struct signature *signature, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail(path);
  long bytes = ftell(file);
  uint32_t *arguments = malloc((size_t)bytes);
  rewind(file);
  if (!arguments || fread(arguments, 1, (size_t)bytes, file) != (size_t)bytes) fail(path);
  fclose(file);
  size_t count = (size_t)bytes / (signature->words * sizeof *arguments);
  uint32_t *results = calloc(count * signature->result_words, sizeof *results);
  if (!results) fail("results");
  return (struct jobs){count, arguments, results};
}

static void write_results(const struct signature *signature, const struct jobs *jobs, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) fail(path);
  size_t words = jobs->count * signature->result_words;
  if (fwrite(jobs->results, sizeof(uint32_t), words, file) != words || fclose(file)) fail(path);
}

double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void serve_rounds(const char *note, double (*run)(void), const struct signature *signature, const struct jobs *jobs, const char *path) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf(note ? "ready %s\n" : "ready\n", note);
  char line[8];
  while (fgets(line, sizeof line, stdin) && !strcmp(line, "run\n")) {
    double seconds = run();
    write_results(signature, jobs, path);
    printf("%.9f\n", seconds);
  }
}
