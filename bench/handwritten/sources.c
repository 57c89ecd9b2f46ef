// The kernels' texts, within the binary: it needs no other file. build.sh assembles this where they lie.
#include "sources.h"

#include <stddef.h>
#include <string.h>

#define FILE_TEXT(name, file)                                                                                           \
  __asm__(".pushsection .rodata\n" #name "_text:\n.incbin \"" file "\"\n.byte 0\n.popsection");                          \
  extern const char name##_text[];
#define TEXT(name) FILE_TEXT(name, #name ".cu")

TEXT(collatz)
TEXT(sha256)
TEXT(mandelbrot)
TEXT(nqueens)
TEXT(montecarlo)
TEXT(fib)
TEXT(lz4)
TEXT(xxhash)
TEXT(jsontree)
TEXT(quicksort)
TEXT(loop)
FILE_TEXT(memory, "memory.cuh")
FILE_TEXT(appender, "appender.cuh")
FILE_TEXT(memory_bytes, "memory_bytes.h")

static const struct {
  const char *module, *text;
} texts[] = {
    {"collatz", collatz_text}, {"sha256", sha256_text},         {"mandelbrot", mandelbrot_text},
    {"nqueens", nqueens_text}, {"montecarlo", montecarlo_text}, {"fib", fib_text},
    {"lz4", lz4_text},         {"xxhash", xxhash_text},         {"jsontree", jsontree_text},
    {"quicksort", quicksort_text}, {"loop", loop_text},
};

// Without CUDA's headers there is no other stdint.h.
static const char stdint_text[] =
    "typedef unsigned char uint8_t;\ntypedef unsigned short uint16_t;\ntypedef int int32_t;\ntypedef unsigned int uint32_t;\ntypedef long long int64_t;\n"
    "typedef unsigned long long uint64_t;\n";

const char *const header_names[HEADERS] = {"stdint.h", "memory.cuh", "appender.cuh", "memory_bytes.h"};
const char *const header_texts[HEADERS] = {stdint_text, memory_text, appender_text, memory_bytes_text};

const char *kernel_text(const char *module) {
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!strcmp(texts[i].module, module)) return texts[i].text;
  }
  return NULL;
}
