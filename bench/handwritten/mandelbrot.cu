// examples/mandelbrot. Lanes wait at every point for the slowest of their warp: 10 % more steps than the lanes need, too few for points to be taken one by one.
#include <stdint.h>

__device__ static int32_t escape_time(double re, double im, int32_t limit) {
  double x = 0, y = 0, x2 = 0, y2 = 0;
  int32_t steps = 0;
  for (; steps < limit && x2 + y2 <= 4; steps++) {
    y = 2 * x * y + im;
    x = x2 - y2 + re;
    x2 = x * x;
    y2 = y * y;
  }
  return steps;
}

struct arguments {
  int32_t width, height, limit, instance;
};

extern "C" __global__ void mandelbrot(const arguments *records, int64_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [width, height, limit, zoom] = records[instance];
  double scale = 3;
  for (int32_t i = 0; i < zoom; i++) scale *= 0.99;
  int64_t sum = 0;
  for (int32_t row = 0; row < height; row++) {
    double im = 0.1 + scale * ((double)row / (double)height - 0.5);
    for (int32_t column = 0; column < width; column++) {
      double re = -0.745 + scale * ((double)column / (double)width - 0.5);
      sum += escape_time(re, im, limit);
    }
  }
  results[instance] = sum;
}
