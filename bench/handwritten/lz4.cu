// examples/lz4: words of 8 bytes where the example has bytes, and output that is put together in a register.
#include "appender.cuh"
#include "memory.cuh"
#include "memory_bytes.h"

constexpr uint32_t largest_input = 65536, largest_compressed = largest_input + largest_input / 255 + 16;
constexpr uint32_t shortest_match = 4, last_literals = 5, match_limit = 12, hash_bits = 12;

// Behind what is read or written by words is room for one more.
constexpr uint32_t input = 0;
constexpr uint32_t compressed = input + largest_input + 32;
constexpr uint32_t output = compressed + largest_compressed / 32 * 32 + 64;
constexpr uint32_t newest = output + largest_input + 32;
static_assert(newest + (2 << hash_bits) == LZ4_BYTES, "main.c reserves the memory");

__device__ static uint32_t hash_of(uint32_t bytes) { return bytes * 2654435761u >> (32 - hash_bits); }

template <uint32_t cell> __device__ static uint32_t common_length(Memory<cell> memory, uint32_t a, uint32_t b, uint32_t end) {
  uint32_t start = b;
  for (; end - b >= 8; a += 8, b += 8) {
    uint64_t difference = load64_anywhere(memory, a) ^ load64_anywhere(memory, b);
    if (difference) return b - start + (__ffsll((long long)difference) - 1) / 8;
  }
  while (b < end && load<uint8_t>(memory, a) == load<uint8_t>(memory, b)) a++, b++;
  return b - start;
}

template <uint32_t cell> __device__ static void put_rest(Appender<cell> &to, uint32_t length) {
  if (length < 15) return;
  for (length -= 15; length >= 255; length -= 255) to.append(255, 1);
  to.append(length, 1);
}

template <uint32_t cell> __device__ static void put_literals(Appender<cell> &to, uint32_t from, uint32_t length, uint32_t match_nibble) {
  to.append(min(length, 15u) << 4 | match_nibble, 1);
  put_rest(to, length);
  to.copy(from, length);
}

template <uint32_t cell> __device__ static uint32_t compress_block(Memory<cell> memory, uint32_t length) {
  for (uint32_t i = 0; i < 2 << hash_bits; i += 8) store(memory, newest + i, (uint64_t)0);
  Appender<cell> to(memory, compressed);
  uint32_t literals = 0;
  if (length > match_limit) {
    for (uint32_t at = 1; at <= length - match_limit;) {
      uint32_t bytes = load32_anywhere(memory, input + at), entry = newest + 2 * hash_of(bytes);
      uint32_t candidate = load<uint16_t>(memory, entry);
      // Before the entry is stored: this load needs the old entry, so the store waits for that. A store that overtakes the load of its own place
      // makes both several times as slow on an H100 (docs/performance.md, Exchanges).
      uint32_t candidate_bytes = load32_anywhere(memory, input + candidate);
      store(memory, entry, (uint16_t)at);
      if (candidate_bytes != bytes) {
        at += 1 + ((at - literals) >> 6);
        continue;
      }
      uint32_t match = common_length(memory, input + candidate + shortest_match, input + at + shortest_match, input + length - last_literals);
      put_literals(to, input + literals, at - literals, min(match, 15u));
      to.append(at - candidate, 2);
      put_rest(to, match);
      at += shortest_match + match;
      literals = at;
    }
  }
  put_literals(to, input + literals, length - literals, 0);
  to.flush();
  return to.at - compressed;
}

template <uint32_t cell> __device__ static uint32_t rest_of(Memory<cell> memory, uint32_t &from) {
  uint32_t length = 15;
  for (;;) {
    uint32_t byte = load<uint8_t>(memory, from++);
    length += byte;
    if (byte != 255) return length;
  }
}

template <uint32_t cell> __device__ static void repeat(Appender<cell> &to, uint32_t offset, uint32_t length) {
  // Closer than 16 bytes, the last word may have what is read.
  if (offset < 16) to.flush();
  uint32_t from = to.at - offset;
  if (offset >= 8) {
    for (; length >= 8; length -= 8, from += 8) {
      to.append(load64_anywhere(to.memory, from), 8);
      if (offset < 16) to.flush();
    }
    if (length) to.append(first_bytes(load64_anywhere(to.memory, from), length), length);
    return;
  }
  // As often as it fits into a word.
  uint64_t pattern = first_bytes(load64_anywhere(to.memory, from), offset);
  for (uint32_t bytes = offset; bytes < 8; bytes *= 2) pattern |= pattern << 8 * bytes;
  for (uint32_t bytes = 8 / offset * offset; length; length -= bytes) {
    bytes = min(bytes, length);
    to.append(first_bytes(pattern, bytes), bytes);
  }
}

// 0 for a malformed block.
template <uint32_t cell> __device__ static uint32_t decompress_block(Memory<cell> memory, uint32_t length) {
  uint32_t from = compressed, end = compressed + length, limit = output + largest_input;
  Appender<cell> to(memory, output);
  while (from < end) {
    uint32_t token = load<uint8_t>(memory, from++), literals = token >> 4, match = token & 15;
    if (literals == 15) literals = rest_of(memory, from);
    if (literals > end - from || literals > limit - to.at) return 0;
    to.copy(from, literals);
    from += literals;
    if (from == end) break;
    uint32_t offset = load<uint8_t>(memory, from) | (uint32_t)load<uint8_t>(memory, from + 1) << 8;
    from += 2;
    if (match == 15) match = rest_of(memory, from);
    match += shortest_match;
    if (offset == 0 || offset > to.at - output || match > limit - to.at) return 0;
    repeat(to, offset, match);
  }
  to.flush();
  return to.at - output;
}

// A word of the example's list, its first character lowest, with zeros behind.
__device__ static constexpr uint64_t word(const char (&characters)[9]) {
  uint64_t bytes = 0;
  for (int i = 7; i >= 0; i--) bytes = bytes << 8 | (uint8_t)characters[i];
  return bytes;
}

__device__ static const uint64_t words[16] = {
    word("the \0\0\0\0"), word("of \0\0\0\0\0"), word("and \0\0\0\0"), word("memory \0"), word("instance"), word(" kernel "), word("in \0\0\0\0\0"), word("a \0\0\0\0\0\0"),
    word("module, "), word("function"), word("loads \0\0"), word("stores \0"), word("bytes. \0"), word("lanes \0\0"), word("register"), word("trap; \0\0"),
};

template <uint32_t cell> __device__ static void write_text(Memory<cell> memory, uint32_t seed, uint32_t length) {
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  Appender<cell> to(memory, input);
  const uint32_t end = input + length;
  while (to.at < end) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    uint64_t characters = words[state & state >> 4 & 15];
    uint32_t count = min(8 - (uint32_t)__clzll((long long)characters) / 8, end - to.at);
    to.append(first_bytes(characters, count), count);
    if (state >> 28 == 0 && to.at < end) to.append('0' + (state >> 8) % 10, 1);
  }
  to.flush();
}

template <uint32_t cell> __device__ static uint32_t checksum_of(Memory<cell> memory, uint32_t at, uint32_t size) {
  uint32_t checksum = 0;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < size; i++, bytes >>= 8) {
    if (i % 8 == 0) bytes = load<uint64_t>(memory, at + i);
    checksum = checksum * 31 + (uint8_t)bytes;
  }
  return checksum;
}

struct arguments {
  uint32_t seed, length;
};

// One instance after the other: there may be fewer threads than instances.
template <uint32_t cell> __device__ static void run_all(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memories) {
  for (uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x; instance < instances; instance += gridDim.x * blockDim.x) {
    auto [seed, length] = records[instance];
    Memory<cell> memory(memories, LZ4_BYTES, instance);
    write_text(memory, seed, length);
    uint32_t size = compress_block(memory, length);
    // Where the example traps.
    bool differs = decompress_block(memory, size) != length || common_length(memory, input, output, output + length) != length;
    results[instance] = differs ? 0 : (uint64_t)size << 32 | checksum_of(memory, compressed, size);
  }
}

MEMORY_KERNEL(lz4_cells_of_8, run_all<8>)
MEMORY_KERNEL(lz4_cells_of_32, run_all<32>)
MEMORY_KERNEL(lz4_contiguous, run_all<0>)
