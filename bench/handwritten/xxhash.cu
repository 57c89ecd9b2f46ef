// examples/xxhash: as much at a time as the cells have together, 8 or 16 bytes.
#include "memory.cuh"
#include "memory_bytes.h"

constexpr uint32_t stripe_bytes = 32;
constexpr uint64_t prime1 = 0x9e3779b185ebca87, prime2 = 0xc2b2ae3d27d4eb4f, prime3 = 0x165667b19e3779f9;
constexpr uint64_t prime4 = 0x85ebca77c2b2ae63, prime5 = 0x27d4eb2f165667c5;

__device__ static uint64_t rotate_left(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

__device__ static uint64_t round_of(uint64_t accumulator, uint64_t lane) { return rotate_left(accumulator + lane * prime2, 31) * prime1; }

__device__ static uint64_t merge(uint64_t hash, uint64_t accumulator) { return (hash ^ round_of(0, accumulator)) * prime1 + prime4; }

struct Pair {
  uint64_t first, second;
};

// 16 bytes at a multiple of 16.
template <uint32_t cell> __device__ static Pair load_pair(Memory<cell> memory, uint32_t at) {
  if constexpr (cell < 16) return {load<uint64_t>(memory, at), load<uint64_t>(memory, at + 8)};
  ulonglong2 pair = load<ulonglong2>(memory, at);
  return {pair.x, pair.y};
}

// `length` is a multiple of 4.
template <uint32_t cell> __device__ static uint64_t xxh64(Memory<cell> memory, uint32_t length, uint64_t seed) {
  uint32_t at = 0;
  uint64_t hash = seed + prime5;
  if (length >= stripe_bytes) {
    uint64_t a = seed + prime1 + prime2, b = seed + prime2, c = seed, d = seed - prime1;
#pragma unroll 4
    for (uint32_t stripes = length / stripe_bytes; stripes; stripes--, at += stripe_bytes) {
      Pair low = load_pair(memory, at), high = load_pair(memory, at + 16);
      a = round_of(a, low.first);
      b = round_of(b, low.second);
      c = round_of(c, high.first);
      d = round_of(d, high.second);
    }
    hash = rotate_left(a, 1) + rotate_left(b, 7) + rotate_left(c, 12) + rotate_left(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  }
  hash += length;
  for (; length - at >= 8; at += 8) hash = rotate_left(hash ^ round_of(0, load<uint64_t>(memory, at)), 27) * prime1 + prime4;
  if (length - at >= 4) hash = rotate_left(hash ^ load<uint32_t>(memory, at) * prime1, 23) * prime2 + prime3;
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return hash ^ hash >> 32;
}

struct arguments {
  uint32_t seed, length, rounds;
};

template <uint32_t cell> __device__ static void run(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memories) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [seed, length, rounds] = records[instance];
  Memory<cell> memory(memories, XXHASH_BYTES, instance);
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t at = 0; at < length; at += 4) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    store(memory, at, state);
  }
  uint64_t hash = seed;
  for (uint32_t round = 0; round < rounds; round++) hash = xxh64(memory, length, hash);
  results[instance] = hash;
}

MEMORY_KERNEL(xxhash_cells_of_8, run<8>)
MEMORY_KERNEL(xxhash_cells_of_16, run<16>)
MEMORY_KERNEL(xxhash_cells_of_32, run<32>)
