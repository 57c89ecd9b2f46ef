// Bytes one after the other into an instance's memory.
#ifndef APPENDER_CUH
#define APPENDER_CUH

#include "memory.cuh"

// The first 1 to 8 bytes.
__device__ static uint64_t first_bytes(uint64_t bytes, uint32_t count) { return bytes & ~0ull >> (64 - 8 * count); }

// Writes whole words, from a multiple of 8 on: what there is of the last one stays in a register, so that nothing is read back to be completed.
template <uint32_t cell> struct Appender {
  Memory<cell> memory;
  uint32_t at;
  uint64_t last = 0;

  __device__ Appender(Memory<cell> memory, uint32_t at) : memory(memory), at(at) {}

  // The first 1 to 8 of `bytes`; the others are 0.
  __device__ void append(uint64_t bytes, uint32_t count) {
    uint32_t filled = at % 8 * 8, next = at + count;
    last |= bytes << filled;
    if ((at ^ next) & ~7u) {
      store(memory, at & ~7u, last);
      last = bytes >> 1 >> (63 - filled);
    }
    at = next;
  }

  // Puts the last word into memory, where it will be written again.
  __device__ void flush() const { store(memory, at & ~7u, last); }

  __device__ void copy(uint32_t from, uint32_t length) {
    for (; length >= 8; length -= 8, from += 8) append(load64_anywhere(memory, from), 8);
    if (length) append(first_bytes(load64_anywhere(memory, from), length), length);
  }
};

#endif
