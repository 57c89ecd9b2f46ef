// A loop of integer and f64 work on a window of 8 KiB: what memory accesses at random within a small working set cost.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { INTEGERS = 1024, REALS = 512 };

// Kept apart: an integer read as an f64 may be a NaN, whose bits engines may choose.
static _Thread_local uint32_t integers[INTEGERS];
static _Thread_local double reals[REALS];

/// `iterations` times: a random number, two loads and a store of an i32, a load, multiply-add and store of an f64. A checksum of the window.
EXPORT(run) uint64_t run(uint32_t seed, uint32_t iterations) {
  // Xorshift needs a state that is not zero.
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t i = 0; i < INTEGERS; i++) integers[i] = i;
  for (uint32_t i = 0; i < REALS; i++) reals[i] = i;
  for (uint32_t i = 0; i < iterations; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    integers[state % INTEGERS] += state;
    uint32_t other = integers[(state >> 10) % INTEGERS];
    double *real = &reals[(state >> 20) % REALS];
    *real = *real * 0.5 + (double)other;
  }
  uint64_t checksum = 0;
  for (uint32_t i = 0; i < INTEGERS; i++) checksum = checksum * 31 + integers[i];
  for (uint32_t i = 0; i < REALS; i++) {
    union { double value; uint64_t bits; } both = {.value = reals[i]};
    checksum = checksum * 31 + both.bits;
  }
  return checksum;
}
