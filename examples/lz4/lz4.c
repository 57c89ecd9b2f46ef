// The LZ4 block format: a greedy compressor with one hash table, a decompressor, and a round trip of generated text.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum {
  LARGEST_INPUT = 65536,
  // What incompressible input grows to.
  LARGEST_COMPRESSED = LARGEST_INPUT + LARGEST_INPUT / 255 + 16,
  SHORTEST_MATCH = 4,
  // The format's rules for the end of a block: the last 5 bytes are literals, the last match begins 12 bytes before the end or earlier.
  LAST_LITERALS = 5,
  MATCH_LIMIT = 12,
  HASH_BITS = 12,
  // Copies of 8 bytes write up to 7 too many.
  SLACK = 8,
};

static _Thread_local uint8_t input[LARGEST_INPUT + SLACK];
static _Thread_local uint8_t compressed[LARGEST_COMPRESSED + SLACK];
static _Thread_local uint8_t output[LARGEST_INPUT + SLACK];
// Positions of the input, all below 65,536.
static _Thread_local uint16_t newest[1 << HASH_BITS];

static uint32_t load32(const uint8_t *bytes) {
  uint32_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}

static uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}

static void copy8(uint8_t *to, const uint8_t *from) { __builtin_memcpy(to, from, 8); }

static uint32_t hash_of(uint32_t bytes) { return bytes * 2654435761u >> (32 - HASH_BITS); }

// The bytes from `a` on that equal those from `b` on, where `b` is before `end`.
static uint32_t common_length(const uint8_t *a, const uint8_t *b, const uint8_t *end) {
  const uint8_t *start = b;
  while (end - b >= 8) {
    uint64_t difference = load64(a) ^ load64(b);
    if (difference) return (uint32_t)(b - start) + (uint32_t)__builtin_ctzll(difference) / 8;
    a += 8, b += 8;
  }
  while (b < end && *a == *b) a++, b++;
  return (uint32_t)(b - start);
}

// What a token's four bits cannot hold: bytes of 255 and a last one below.
static uint8_t *put_rest(uint8_t *to, uint32_t length) {
  if (length < 15) return to;
  for (length -= 15; length >= 255; length -= 255) *to++ = 255;
  *to++ = (uint8_t)length;
  return to;
}

static uint8_t *put_literals(uint8_t *to, const uint8_t *from, uint32_t length, uint32_t match_nibble) {
  *to++ = (uint8_t)((length < 15 ? length : 15) << 4 | match_nibble);
  to = put_rest(to, length);
  for (uint32_t i = 0; i < length; i += 8) copy8(to + i, from + i);
  return to + length;
}

static uint32_t compress_block(uint32_t length) {
  for (uint32_t i = 0; i < 1 << HASH_BITS; i++) newest[i] = 0;
  const uint8_t *end = input + length, *at = input, *literals = input;
  uint8_t *to = compressed;
  // Position 0 is what an empty entry of the table says, so it is never a candidate for itself.
  if (length > MATCH_LIMIT) {
    for (at++; at <= end - MATCH_LIMIT;) {
      uint32_t bytes = load32(at);
      uint16_t *entry = &newest[hash_of(bytes)];
      const uint8_t *candidate = input + *entry;
      *entry = (uint16_t)(at - input);
      if (load32(candidate) != bytes) {
        // Skips ahead where nothing has matched for long: incompressible input is not searched byte by byte.
        at += 1 + ((at - literals) >> 6);
        continue;
      }
      uint32_t offset = (uint32_t)(at - candidate);
      uint32_t match = common_length(candidate + SHORTEST_MATCH, at + SHORTEST_MATCH, end - LAST_LITERALS);
      to = put_literals(to, literals, (uint32_t)(at - literals), match < 15 ? match : 15);
      *to++ = (uint8_t)offset;
      *to++ = (uint8_t)(offset >> 8);
      to = put_rest(to, match);
      at += SHORTEST_MATCH + match;
      literals = at;
    }
  }
  return (uint32_t)(put_literals(to, literals, (uint32_t)(end - literals), 0) - compressed);
}

// Reads what follows a nibble of 15; traps where the block ends first.
static uint32_t rest_of(const uint8_t **from, const uint8_t *end) {
  uint32_t length = 15;
  for (;;) {
    if (*from >= end) __builtin_trap();
    uint8_t byte = *(*from)++;
    length += byte;
    if (byte != 255) return length;
  }
}

static uint32_t decompress_block(uint32_t length) {
  const uint8_t *from = compressed, *end = compressed + length;
  uint8_t *to = output, *limit = output + LARGEST_INPUT;
  while (from < end) {
    uint32_t token = *from++;
    uint32_t literals = token >> 4;
    if (literals == 15) literals = rest_of(&from, end);
    if (literals > (uint32_t)(end - from) || literals > (uint32_t)(limit - to)) __builtin_trap();
    for (uint32_t i = 0; i < literals; i += 8) copy8(to + i, from + i);
    to += literals, from += literals;
    if (from == end) break;
    if (end - from < 2) __builtin_trap();
    uint32_t offset = from[0] | (uint32_t)from[1] << 8;
    from += 2;
    uint32_t match = token & 15;
    if (match == 15) match = rest_of(&from, end);
    match += SHORTEST_MATCH;
    if (offset == 0 || offset > (uint32_t)(to - output) || match > (uint32_t)(limit - to)) __builtin_trap();
    const uint8_t *source = to - offset;
    // Closer than 8 bytes a copy reads what it has just written.
    if (offset >= 8) {
      for (uint32_t i = 0; i < match; i += 8) copy8(to + i, source + i);
    } else {
      for (uint32_t i = 0; i < match; i++) to[i] = source[i];
    }
    to += match;
  }
  return (uint32_t)(to - output);
}

/// Address of the bytes that `compress` reads, 65,536 at most.
EXPORT(input_address) uint32_t input_address(void) { return (uint32_t)(uintptr_t)input; }

/// Address of the block that `compress` writes and `decompress` reads.
EXPORT(compressed_address) uint32_t compressed_address(void) { return (uint32_t)(uintptr_t)compressed; }

/// Address of the bytes that `decompress` writes.
EXPORT(output_address) uint32_t output_address(void) { return (uint32_t)(uintptr_t)output; }

/// Compresses the first `length` bytes of the input; bytes of the block. Traps for a length over 65,536.
EXPORT(compress) uint32_t compress(uint32_t length) {
  if (length > LARGEST_INPUT) __builtin_trap();
  return compress_block(length);
}

/// Decompresses a block of `length` bytes; bytes of the output. Traps for a malformed block and for more than 65,536 bytes of output.
EXPORT(decompress) uint32_t decompress(uint32_t length) {
  if (length > LARGEST_COMPRESSED) __builtin_trap();
  return decompress_block(length);
}

// Text of words, the first ones of the list more often than the last.
static void write_text(uint32_t seed, uint32_t length) {
  static const char words[16][9] = {"the ",     "of ",      "and ",     "memory ", "instance", " kernel ", "in ",      "a ",
                                    "module, ", "function", "loads ",   "stores ", "bytes. ", "lanes ",   "register", "trap; "};
  // Xorshift needs a state that is not zero.
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t at = 0; at < length;) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    const char *word = words[(state & 15) & (state >> 4 & 15)];
    for (; *word && at < length; word++) input[at++] = (uint8_t)*word;
    // Now and then a number, which no match covers.
    if (state >> 28 == 0 && at < length) input[at++] = (uint8_t)('0' + (state >> 8) % 10);
  }
}

/// Compresses `length` bytes of generated text and decompresses them; traps if they differ. Bytes of the block << 32 | a checksum of it.
EXPORT(run) uint64_t run(uint32_t seed, uint32_t length) {
  if (length > LARGEST_INPUT) __builtin_trap();
  write_text(seed, length);
  uint32_t size = compress_block(length);
  if (decompress_block(size) != length) __builtin_trap();
  if (common_length(input, output, output + length) != length) __builtin_trap();
  uint32_t checksum = 0;
  for (uint32_t i = 0; i < size; i++) checksum = checksum * 31 + compressed[i];
  return (uint64_t)size << 32 | checksum;
}
