#include "nvrtc.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "sources.h"

// Names and types are those of nvrtc.h.
typedef struct program *nvrtcProgram;
static int (*nvrtcCreateProgram)(nvrtcProgram *, const char *text, const char *name, int headers, const char *const *header_texts, const char *const *header_names);
static int (*nvrtcCompileProgram)(nvrtcProgram, int options, const char *const *option);
static int (*nvrtcGetProgramLogSize)(nvrtcProgram, size_t *);
static int (*nvrtcGetProgramLog)(nvrtcProgram, char *);
static int (*nvrtcGetCUBINSize)(nvrtcProgram, size_t *);
static int (*nvrtcGetCUBIN)(nvrtcProgram, char *);
static const char *(*nvrtcGetErrorString)(int);

static void check(const char *call, int status) {
  if (!status) return;
  fprintf(stderr, "%s: %s\n", call, nvrtcGetErrorString(status));
  exit(1);
}

static void *open_library(void) {
  const char *given = getenv("WASMBURST_NVRTC");
  const char *const names[] = {
      "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so", "/usr/local/cuda/lib64/libnvrtc.so.13", "/usr/local/cuda/lib64/libnvrtc.so.12",
  };
  void *library = given && *given ? dlopen(given, RTLD_NOW) : NULL;
  for (size_t i = 0; !library && !(given && *given) && i < sizeof names / sizeof *names; i++) library = dlopen(names[i], RTLD_NOW);
  if (library) return library;
  fprintf(stderr, "NVRTC, NVIDIA's runtime compiler, was not found: install libnvrtc.so.13 or .12, or name it in WASMBURST_NVRTC\n");
  exit(1);
}

static void load(void) {
  void *library = open_library();
  const struct {
    void *function;
    const char *name;
  } functions[] = {
      {&nvrtcCreateProgram, "nvrtcCreateProgram"},         {&nvrtcCompileProgram, "nvrtcCompileProgram"},
      {&nvrtcGetProgramLogSize, "nvrtcGetProgramLogSize"}, {&nvrtcGetProgramLog, "nvrtcGetProgramLog"},
      {&nvrtcGetCUBINSize, "nvrtcGetCUBINSize"},           {&nvrtcGetCUBIN, "nvrtcGetCUBIN"},
      {&nvrtcGetErrorString, "nvrtcGetErrorString"},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    // POSIX's way to have a function's address from a pointer to data.
    void *address = *(void **)functions[i].function = dlsym(library, functions[i].name);
    if (address) continue;
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
}

static char *allocate(size_t bytes) {
  char *memory = calloc(bytes + 1, 1);
  if (memory) return memory;
  perror("memory");
  exit(1);
}

struct compiled compile_kernels(const char *module, const char *architecture) {
  if (!nvrtcCreateProgram) load();
  char file[64], target[64];
  snprintf(file, sizeof file, "%s.cu", module);
  snprintf(target, sizeof target, "--gpu-architecture=%s", architecture);
  // Results are compared bit for bit, so multiplications and additions stay apart and all arithmetic is IEEE's.
  const char *const options[] = {
      "--std=c++17", target, "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true", "--ptxas-options=-v",
  };
  nvrtcProgram program;
  check("nvrtcCreateProgram", nvrtcCreateProgram(&program, kernel_text(module), file, HEADERS, header_texts, header_names));
  int status = nvrtcCompileProgram(program, sizeof options / sizeof *options, options);
  size_t log_bytes, code_bytes;
  check("nvrtcGetProgramLogSize", nvrtcGetProgramLogSize(program, &log_bytes));
  struct compiled result = {.log = allocate(log_bytes)};
  check("nvrtcGetProgramLog", nvrtcGetProgramLog(program, result.log));
  if (status) fprintf(stderr, "%s", result.log);
  check("nvrtcCompileProgram", status);
  check("nvrtcGetCUBINSize", nvrtcGetCUBINSize(program, &code_bytes));
  result.code = allocate(code_bytes);
  check("nvrtcGetCUBIN", nvrtcGetCUBIN(program, result.code));
  return result;
}
