// examples/sha256: the search. Unrolled, with the last 16 words of the schedule in registers.
#include <stdint.h>

__device__ static uint32_t rotate_right(uint32_t value, int bits) { return value >> bits | value << (32 - bits); }

__device__ static uint32_t leading_zeros(uint32_t seed, uint32_t nonce) {
  const uint32_t round_constants[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
      0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
      0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
      0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
      0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
      0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

  uint32_t schedule[16] = {seed, nonce, 0x80000000};
  schedule[15] = 64;
  uint32_t a = initial[0], b = initial[1], c = initial[2], d = initial[3];
  uint32_t e = initial[4], f = initial[5], g = initial[6], h = initial[7];
#pragma unroll
  for (int i = 0; i < 64; i++) {
    if (i >= 16) {
      uint32_t x = schedule[(i + 1) % 16], y = schedule[(i + 14) % 16];
      uint32_t sigma0 = rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3;
      uint32_t sigma1 = rotate_right(y, 17) ^ rotate_right(y, 19) ^ y >> 10;
      schedule[i % 16] += sigma0 + schedule[(i + 9) % 16] + sigma1;
    }
    uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
    uint32_t first = h + sum1 + ((e & f) ^ (~e & g)) + round_constants[i] + schedule[i % 16];
    uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
    uint32_t second = sum0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first;
    d = c, c = b, b = a, a = first + second;
  }
  const uint32_t hash[8] = {initial[0] + a, initial[1] + b, initial[2] + c, initial[3] + d,
                            initial[4] + e, initial[5] + f, initial[6] + g, initial[7] + h};
  uint32_t zeros = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    zeros += __clz(hash[i]);
    if (hash[i]) break;
  }
  return zeros;
}

struct arguments {
  uint32_t seed, count;
};

extern "C" __global__ void sha256(const arguments *records, uint64_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [seed, count] = records[instance];
  uint32_t best_nonce = 0, best_zeros = 0;
  for (uint32_t nonce = 0; nonce < count; nonce++) {
    uint32_t zeros = leading_zeros(seed, nonce);
    if (zeros > best_zeros) best_zeros = zeros, best_nonce = nonce;
  }
  results[instance] = (uint64_t)best_zeros << 32 | best_nonce;
}
