// An instance's memory in the GPU's. The 32 instances of a warp share a tile, where `cell` bytes of one lie beside as many of the next: lanes at the same address share
// sectors of the GPU's memory, and in larger cells a lane finds its next bytes in the sector it has fetched. In a `cell` of 0 all bytes of an instance lie together.
#ifndef MEMORY_CUH
#define MEMORY_CUH

#include <stdint.h>

template <uint32_t cell> struct Memory {
  uint8_t *base;

  // `bytes` for each instance, a multiple of the cell.
  __device__ Memory(uint8_t *memory, uint32_t bytes, uint32_t instance)
      : base(memory + (cell == 0 ? (uint64_t)instance * bytes : (uint64_t)(instance / 32) * 32 * bytes + instance % 32 * cell)) {}

  __device__ uint8_t *place(uint32_t address) const {
    if constexpr (cell == 0) return base + address;
    else return base + ((address & ~(cell - 1)) * 32 + (address & (cell - 1)));
  }
};

// Of a value no larger than a cell, at a multiple of its size.
template <typename Value, uint32_t cell> __device__ static Value load(Memory<cell> memory, uint32_t address) {
  return *reinterpret_cast<const Value *>(memory.place(address));
}

template <typename Value, uint32_t cell> __device__ static void store(Memory<cell> memory, uint32_t address, Value value) {
  *reinterpret_cast<Value *>(memory.place(address)) = value;
}

// At any address, from the two words of 8 bytes that begin at or before it: two loads at once are faster than a branch that saves one of them.
template <uint32_t cell> __device__ static uint64_t load64_anywhere(Memory<cell> memory, uint32_t address) {
  uint32_t word = address & ~7u, shift = address % 8 * 8;
  uint64_t low = load<uint64_t>(memory, word), high = load<uint64_t>(memory, word + 8);
  return low >> shift | high << 1 << (63 - shift);
}

template <uint32_t cell> __device__ static uint32_t load32_anywhere(Memory<cell> memory, uint32_t address) {
  uint32_t word = address & ~7u, shift = address % 8 * 8;
  uint64_t low = load<uint64_t>(memory, word), high = load<uint32_t>(memory, word + 8);
  return (uint32_t)(low >> shift | high << 1 << (63 - shift));
}

// One of a template's functions as a kernel by a name that the host finds.
#define MEMORY_KERNEL(name, ...)                                                                                          \
  extern "C" __global__ void name(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memories) {    \
    __VA_ARGS__(records, results, instances, memories);                                                                    \
  }

#endif
