// The examples that are not C, as their sources have them.
#include <stdint.h>

uint32_t fib_fib(int32_t n) { return n < 2 ? (uint32_t)n : fib_fib(n - 1) + fib_fib(n - 2); }

// examples/collatz/collatz.wat
uint32_t collatz_longest(uint32_t limit) {
  uint32_t best = 0, best_length = 0;
  for (uint32_t start = 1; start < limit; start++) {
    uint32_t length = 1;
    for (uint64_t value = start; value > 1; length++) value = value & 1 ? value * 3 + 1 : value >> 1;
    if (length > best_length) best = start, best_length = length;
  }
  return best;
}

// examples/mandelbrot/mandelbrot.ts
static int32_t escape_time(double re, double im, int32_t limit) {
  double x = 0, y = 0;
  int32_t steps = 0;
  while (steps < limit && x * x + y * y <= 4) {
    double next = x * x - y * y + re;
    y = 2 * x * y + im;
    x = next;
    steps++;
  }
  return steps;
}

int64_t mandelbrot_iterations(int32_t width, int32_t height, int32_t limit, int32_t instance) {
  double scale = 3;
  for (int32_t i = 0; i < instance; i++) scale *= 0.99;
  int64_t sum = 0;
  for (int32_t row = 0; row < height; row++) {
    double im = 0.1 + scale * ((double)row / (double)height - 0.5);
    for (int32_t column = 0; column < width; column++) {
      double re = -0.745 + scale * ((double)column / (double)width - 0.5);
      sum += escape_time(re, im, limit);
    }
  }
  return sum;
}
