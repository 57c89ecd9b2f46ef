// Three kernels in f32 as programs have them: a fractal, bodies that attract each other, and a filter over samples in memory.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/// Sum of the escape times of a grid over the Mandelbrot set; every instance has its own window.
EXPORT(mandelbrot) uint32_t mandelbrot(uint32_t width, uint32_t height, uint32_t limit, uint32_t instance) {
  float left = -2.0f + (float)(instance % 16) * 0.0625f, top = -1.25f + (float)(instance / 16 % 16) * 0.0625f;
  uint32_t sum = 0;
  for (uint32_t row = 0; row < height; row++) {
    for (uint32_t column = 0; column < width; column++) {
      float a = left + (float)column * (2.5f / (float)width), b = top + (float)row * (2.5f / (float)height);
      float x = 0, y = 0;
      uint32_t count = 0;
      while (count < limit && x * x + y * y <= 4) {
        float next = x * x - y * y + a;
        y = 2 * x * y + b;
        x = next;
        count++;
      }
      sum += count;
    }
  }
  return sum;
}

static uint32_t next_random(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

// In [-1, 1), as many digits as an f32 holds.
static float next_uniform(uint32_t *state) { return (float)((int32_t)next_random(state) >> 8) * 0x1p-23f; }

// Xorshift needs a state that is not zero, and neighbouring seeds far apart.
static uint32_t state_of(uint32_t seed) {
  uint32_t state = (seed + 1) * 0x9e3779b9;
  return state == 0 ? 1 : state;
}

enum { bodies = 16 };

static _Thread_local struct { float x[3], v[3], mass; } body[bodies];

/// Total kinetic energy of 16 bodies after so many steps of the semi-implicit Euler method, forces softened.
EXPORT(nbody) float nbody(uint32_t seed, uint32_t steps) {
  uint32_t state = state_of(seed);
  for (int i = 0; i < bodies; i++) {
    for (int axis = 0; axis < 3; axis++) {
      body[i].x[axis] = next_uniform(&state);
      body[i].v[axis] = 0.125f * next_uniform(&state);
    }
    body[i].mass = 1.0f + 0.5f * next_uniform(&state);
  }
  const float softening = 0.0009765625f, step = 0.001953125f;
  for (uint32_t done = 0; done < steps; done++) {
    for (int i = 0; i < bodies; i++) {
      float force[3] = {0, 0, 0};
      for (int j = 0; j < bodies; j++) {
        float dx = body[j].x[0] - body[i].x[0], dy = body[j].x[1] - body[i].x[1], dz = body[j].x[2] - body[i].x[2];
        float square = dx * dx + dy * dy + dz * dz + softening;
        float inverse = 1 / __builtin_sqrtf(square);
        float pull = body[j].mass * (inverse * inverse * inverse);
        force[0] += dx * pull;
        force[1] += dy * pull;
        force[2] += dz * pull;
      }
      for (int axis = 0; axis < 3; axis++) body[i].v[axis] += step * force[axis];
    }
    for (int i = 0; i < bodies; i++)
      for (int axis = 0; axis < 3; axis++) body[i].x[axis] += step * body[i].v[axis];
  }
  float energy = 0;
  for (int i = 0; i < bodies; i++)
    for (int axis = 0; axis < 3; axis++) energy += 0.5f * body[i].mass * body[i].v[axis] * body[i].v[axis];
  return energy;
}

enum { taps = 32, length = 1024 };

static _Thread_local float samples[length + taps];
static _Thread_local float coefficients[taps];

/// Noise through a filter of 32 taps, so many times: the largest magnitude of the last output.
EXPORT(filter) float filter(uint32_t seed, uint32_t rounds) {
  uint32_t state = state_of(seed);
  for (int i = 0; i < length + taps; i++) samples[i] = next_uniform(&state);
  for (int i = 0; i < taps; i++) coefficients[i] = 0.25f * next_uniform(&state);
  float largest = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    largest = 0;
    for (int i = 0; i < length; i++) {
      float sum = 0;
      for (int tap = 0; tap < taps; tap++) sum += coefficients[tap] * samples[i + tap];
      samples[i] = sum;
      float magnitude = __builtin_fabsf(sum);
      if (magnitude > largest) largest = magnitude;
    }
  }
  return largest;
}
