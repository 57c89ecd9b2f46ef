// Rates, for --measure: each operation on ordinary operands in the first-level cache, one after the other.
#pragma once

#define PLAIN(name, type, expression) extern "C" void batch_plain_##name(const uint64_t*, const uint64_t*, uint64_t*, uint64_t);
#include "plain.inc"
#undef PLAIN

struct Comparison {
  const char* name;
  Kind kind;
  Batch runtime;
  Batch plain;
};

static const Comparison comparisons[] = {
#define PLAIN(name, type, expression) {#name, Kind::type, batch_##name, batch_plain_##name},
#include "plain.inc"
#undef PLAIN
};

/// Processor time of this thread: what else the machine does is not in it.
static double threadMicroseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) * 1e6 + double(now.tv_nsec) * 1e-3;
}

static double millionsPerSecond(Batch batch, Buffers& buffers) {
  double best = 0;
  for (int attempt = 0; attempt < 5; attempt++) {
    double start = threadMicroseconds();
    constexpr int rounds = 500;
    for (int round = 0; round < rounds; round++) run(batch, buffers, batchSize);
    double rate = double(batchSize) * rounds / (threadMicroseconds() - start);
    best = rate > best ? rate : best;
  }
  return best;
}

static int measure() {
  Random random(1);
  Buffers buffers;
  std::printf("%-12s %14s %14s %7s\n", "operation", "runtime Mop/s", "plain Mop/s", "ratio");
  for (const Comparison& comparison : comparisons) {
    for (uint64_t i = 0; i < batchSize; i++) {
      double a = 0.001 + double(random.below(1000000)) * 0.01;
      double b = 0.001 + double(random.below(1000000)) * 0.01;
      bool single = comparison.kind == Kind::f32;
      buffers.a[i] = single ? toBits(float(a)) : comparison.kind == Kind::f64 ? toBits(a) : random.next();
      buffers.b[i] = single ? toBits(float(b)) : comparison.kind == Kind::f64 ? toBits(b) : (random.next() >> 40) | 1;
    }
    double runtime = millionsPerSecond(comparison.runtime, buffers);
    double plain = millionsPerSecond(comparison.plain, buffers);
    std::printf("%-12s %14.0f %14.0f %7.2f\n", comparison.name, runtime, plain, plain / runtime);
  }
  return 0;
}
