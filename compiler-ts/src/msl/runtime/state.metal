// Words of the state region: globals, table sizes, dropped segments.
static inline uint wb_state_load32(thread wb_instance& instance, uint word) {
  return instance.state[word * wb_tile_width];
}

static inline ulong wb_state_load64(thread wb_instance& instance, uint word) {
  return (ulong(instance.state[(word + 1u) * wb_tile_width]) << 32) | instance.state[word * wb_tile_width];
}

static inline uint4 wb_state_load128(thread wb_instance& instance, uint word) {
  return wb_v128_of(wb_state_load64(instance, word), wb_state_load64(instance, word + 2u));
}

static inline void wb_state_store32(thread wb_instance& instance, uint word, uint value) {
  instance.state[word * wb_tile_width] = value;
}

static inline void wb_state_store64(thread wb_instance& instance, uint word, ulong value) {
  instance.state[word * wb_tile_width] = uint(value);
  instance.state[(word + 1u) * wb_tile_width] = uint(value >> 32);
}

static inline void wb_state_store128(thread wb_instance& instance, uint word, uint4 value) {
  wb_state_store64(instance, word, wb_v128_low(value));
  wb_state_store64(instance, word + 2u, wb_v128_high(value));
}

// A dropped segment is empty (section 4.4.7, memory.init and data.drop).
static inline uint wb_segment_length(thread wb_instance& instance, uint dropped_word, uint length) {
  return wb_state_load32(instance, dropped_word) != 0u ? 0u : length;
}
