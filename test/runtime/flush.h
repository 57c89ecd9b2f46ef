// While one exists, this thread's float hardware flushes subnormal operands and results to zero, as Apple's GPUs do.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>

class FlushToZero {
 public:
  explicit FlushToZero(bool enabled) : saved(_mm_getcsr()) {
    if (enabled) _mm_setcsr(saved | 0x8040);  // FTZ and DAZ
  }
  ~FlushToZero() { _mm_setcsr(saved); }

 private:
  unsigned saved;
};
#elif defined(__aarch64__)
class FlushToZero {
 public:
  explicit FlushToZero(bool enabled) {
    asm volatile("mrs %0, fpcr" : "=r"(saved));
    if (enabled) asm volatile("msr fpcr, %0" : : "r"(saved | (1ul << 24)));
  }
  ~FlushToZero() { asm volatile("msr fpcr, %0" : : "r"(saved)); }

 private:
  unsigned long saved;
};
#else
#error "flush.h knows x86-64 and arm64"
#endif
