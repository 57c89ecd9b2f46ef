// The side of a baseline's binary that bench/processBaseline.ts talks to: programs by name, records in files, a round for each line "run".
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct signature {
  const char *module, *export;
  // 32-bit words of a record of arguments and of one of results.
  size_t words, result_words;
};

struct jobs {
  size_t count;
  const uint32_t *arguments;
  uint32_t *results;
};

// Whether `signature` is that of the export of the module at `path`.
bool is_signature_of(const struct signature *signature, const char *path, const char *export);

// Ends the process with the status that stands for: there is no such program here.
_Noreturn void fail_missing(const char *path, const char *export);

// Ends the process; errno has the reason.
_Noreturn void fail(const char *what);

struct jobs read_jobs(const struct signature *signature, const char *path);

// Of a clock that only goes forward.
double seconds_now(void);

// Until stdin ends. `note` goes with "ready": what the process chose, or NULL. `run` fills the results and returns the seconds that it took.
void serve_rounds(const char *note, double (*run)(void), const struct signature *signature, const struct jobs *jobs, const char *path);

#endif
