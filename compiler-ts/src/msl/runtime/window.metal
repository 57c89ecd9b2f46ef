// Words of linear memory in an array of the thread's own (legalize/memoryWindows.ts). Places are constants once the loops around them are unrolled, and the array
// is registers then.

static inline uint wb_window_load(thread uint* window, uint place) {
  return window[place >> 2];
}

// The memory has every store as well: whoever else reads it sees what it should.
static inline void wb_window_store(thread uint* window, device uchar* memory, uint base, uint place, uint alignment, uint value) {
  window[place >> 2] = value;
  wb_store_word(memory, base, place, alignment, value);
}
