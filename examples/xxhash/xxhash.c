// XXH64 (xxHash specification 0.1.1) over a buffer in memory, and a run that fills the buffer by itself.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { LARGEST_INPUT = 65536, STRIPE_BYTES = 32 };

static const uint64_t prime1 = 0x9e3779b185ebca87, prime2 = 0xc2b2ae3d27d4eb4f, prime3 = 0x165667b19e3779f9;
static const uint64_t prime4 = 0x85ebca77c2b2ae63, prime5 = 0x27d4eb2f165667c5;

static _Thread_local _Alignas(8) uint8_t data[LARGEST_INPUT];

static uint64_t rotate_left(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}

static uint32_t load32(const uint8_t *bytes) {
  uint32_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}

static uint64_t round_of(uint64_t accumulator, uint64_t lane) { return rotate_left(accumulator + lane * prime2, 31) * prime1; }

static uint64_t merge(uint64_t hash, uint64_t accumulator) { return (hash ^ round_of(0, accumulator)) * prime1 + prime4; }

static uint64_t xxh64(uint32_t length, uint64_t seed) {
  const uint8_t *at = data, *end = data + length;
  uint64_t hash = seed + prime5;
  if (length >= STRIPE_BYTES) {
    uint64_t a = seed + prime1 + prime2, b = seed + prime2, c = seed, d = seed - prime1;
    for (; end - at >= STRIPE_BYTES; at += STRIPE_BYTES) {
      a = round_of(a, load64(at));
      b = round_of(b, load64(at + 8));
      c = round_of(c, load64(at + 16));
      d = round_of(d, load64(at + 24));
    }
    hash = rotate_left(a, 1) + rotate_left(b, 7) + rotate_left(c, 12) + rotate_left(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  }
  hash += length;
  for (; end - at >= 8; at += 8) hash = rotate_left(hash ^ round_of(0, load64(at)), 27) * prime1 + prime4;
  if (end - at >= 4) {
    hash = rotate_left(hash ^ load32(at) * prime1, 23) * prime2 + prime3;
    at += 4;
  }
  for (; at < end; at++) hash = rotate_left(hash ^ *at * prime5, 11) * prime1;
  hash = (hash ^ hash >> 33) * prime2;
  hash = (hash ^ hash >> 29) * prime3;
  return hash ^ hash >> 32;
}

/// Address of the bytes that `hash` reads, 65,536 at most.
EXPORT(data_address) uint32_t data_address(void) { return (uint32_t)(uintptr_t)data; }

/// XXH64 of the first `length` bytes of the data. Traps for a length over 65,536.
EXPORT(hash) uint64_t hash(uint32_t length, uint64_t seed) {
  if (length > LARGEST_INPUT) __builtin_trap();
  return xxh64(length, seed);
}

/// Fills `length` bytes, a multiple of 4, with random ones, and hashes them `rounds` times, each time with the last hash as the seed.
EXPORT(run) uint64_t run(uint32_t seed, uint32_t length, uint32_t rounds) {
  if (length > LARGEST_INPUT || length % 4) __builtin_trap();
  // Xorshift needs a state that is not zero.
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t at = 0; at < length; at += 4) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    __builtin_memcpy(data + at, &state, 4);
  }
  uint64_t hash = seed;
  for (uint32_t round = 0; round < rounds; round++) hash = xxh64(length, hash);
  return hash;
}
