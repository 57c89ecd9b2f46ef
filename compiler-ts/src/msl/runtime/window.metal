// Words of linear memory in an array of the thread's own (legalize/memory/memoryWindows.ts). Places are constants once the loops around them are unrolled, and the array
// is registers then.

static inline uint wb_window_load(thread uint* window, uint place) {
  return window[place >> 2];
}

// The memory has every store as well: whoever else reads it sees what it should.
static inline void wb_window_store(thread uint* window, device uchar* memory, uint base, uint place, uint alignment, uint value) {
  window[place >> 2] = value;
  wb_store_word(memory, base, place, alignment, value);
}

static inline void wb_window_set(thread uint* window, uint place, uint value) {
  window[place >> 2] = value;
}

static inline void wb_window_take(thread uint* window, device uchar* memory, uint base, uint word, uint alignment) {
  window[word] = wb_load_word(memory, base, 4u * word, alignment);
}

static inline void wb_window_take_pair(thread uint* window, device uchar* memory, uint base, uint word, uint alignment) {
  ulong both = wb_load64(memory, base, 4u * word, alignment);
  window[word] = uint(both);
  window[word + 1u] = uint(both >> 32);
}

static inline void wb_window_put(thread uint* window, device uchar* memory, uint base, uint word, uint alignment) {
  wb_store_word(memory, base, 4u * word, alignment, window[word]);
}

static inline void wb_window_put_pair(thread uint* window, device uchar* memory, uint base, uint word, uint alignment) {
  wb_store64(memory, base, 4u * word, alignment, (ulong(window[word + 1u]) << 32) | window[word]);
}
