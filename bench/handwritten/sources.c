// The kernels' texts, within the binary: it needs no other file. build.sh assembles this where they lie.
#include "sources.h"

#include <stddef.h>
#include <string.h>

#define TEXT(name)                                                                                                      \
  __asm__(".pushsection .rodata\n" #name "_text:\n.incbin \"" #name ".cu\"\n.byte 0\n.popsection");                     \
  extern const char name##_text[];

TEXT(collatz)
TEXT(sha256)
TEXT(mandelbrot)
TEXT(nqueens)
TEXT(montecarlo)
TEXT(fib)

static const struct {
  const char *module, *text;
} texts[] = {
    {"collatz", collatz_text}, {"sha256", sha256_text},         {"mandelbrot", mandelbrot_text},
    {"nqueens", nqueens_text}, {"montecarlo", montecarlo_text}, {"fib", fib_text},
};

const char *kernel_text(const char *module) {
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!strcmp(texts[i].module, module)) return texts[i].text;
  }
  return NULL;
}
