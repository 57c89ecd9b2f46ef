// SHA-256 (FIPS 180-4) of messages that fit in one block, and a search for the nonce with the smallest hash prefix.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8, LONGEST_MESSAGE = BLOCK_BYTES - LENGTH_BYTES - 1 };

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint8_t message[BLOCK_BYTES];
static uint8_t digest[32];

static uint32_t rotate_right(uint32_t value, int bits) { return value >> bits | value << (32 - bits); }

static uint32_t load_big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_big_endian(uint8_t *bytes, uint32_t word) {
  bytes[0] = word >> 24;
  bytes[1] = word >> 16;
  bytes[2] = word >> 8;
  bytes[3] = word;
}

// One compression from the initial state: `schedule` holds the padded block in its first 16 words.
static void compress(uint32_t schedule[64], uint32_t state[8]) {
  for (int i = 16; i < 64; i++) {
    uint32_t a = schedule[i - 15], b = schedule[i - 2];
    uint32_t sigma0 = rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3;
    uint32_t sigma1 = rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10;
    schedule[i] = schedule[i - 16] + sigma0 + schedule[i - 7] + sigma1;
  }
  uint32_t a = initial_state[0], b = initial_state[1], c = initial_state[2], d = initial_state[3];
  uint32_t e = initial_state[4], f = initial_state[5], g = initial_state[6], h = initial_state[7];
  for (int i = 0; i < 64; i++) {
    uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    uint32_t choice = (e & f) ^ (~e & g);
    uint32_t first = h + sum1 + choice + round_constants[i] + schedule[i];
    uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    uint32_t second = sum0 + majority;
    h = g, g = f, f = e, e = d + first;
    d = c, c = b, b = a, a = first + second;
  }
  state[0] = initial_state[0] + a, state[1] = initial_state[1] + b;
  state[2] = initial_state[2] + c, state[3] = initial_state[3] + d;
  state[4] = initial_state[4] + e, state[5] = initial_state[5] + f;
  state[6] = initial_state[6] + g, state[7] = initial_state[7] + h;
}

/// Address of the message that `hash` reads, 55 bytes at most.
EXPORT(message_address) uint32_t message_address(void) { return (uint32_t)message; }

/// Hashes the first `length` bytes of the message; the address of the digest, 32 bytes. Traps for a length over 55.
EXPORT(hash) uint32_t hash(uint32_t length) {
  if (length > LONGEST_MESSAGE) __builtin_trap();
  uint32_t schedule[64], state[8];
  message[length] = 0x80;
  for (uint32_t i = length + 1; i < BLOCK_BYTES; i++) message[i] = 0;
  for (int i = 0; i < 15; i++) schedule[i] = load_big_endian(message + 4 * i);
  schedule[15] = length * 8;
  compress(schedule, state);
  for (int i = 0; i < 8; i++) store_big_endian(digest + 4 * i, state[i]);
  return (uint32_t)digest;
}

// Leading zero bits of the hash of eight bytes: `seed`, then `nonce`, both big-endian.
static uint32_t leading_zeros(uint32_t seed, uint32_t nonce) {
  uint32_t schedule[64] = {seed, nonce, 0x80000000}, state[8];
  schedule[15] = 64;
  compress(schedule, state);
  uint32_t zeros = 0;
  for (int i = 0; i < 8; i++) {
    if (state[i]) return zeros + __builtin_clz(state[i]);
    zeros += 32;
  }
  return zeros;
}

/// Of the nonces below `count`, the first whose hash with `seed` has the most leading zero bits: bits << 32 | nonce.
EXPORT(search) uint64_t search(uint32_t seed, uint32_t count) {
  uint32_t best_nonce = 0, best_zeros = 0;
  for (uint32_t nonce = 0; nonce < count; nonce++) {
    uint32_t zeros = leading_zeros(seed, nonce);
    if (zeros > best_zeros) best_zeros = zeros, best_nonce = nonce;
  }
  return (uint64_t)best_zeros << 32 | best_nonce;
}
