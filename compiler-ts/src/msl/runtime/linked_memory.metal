// Memories beside the instance's own, which linked modules bring. Each lies in the tables region from an even word on; its size in bytes is a word of the state.

// Its first cell of this instance. In tiles wb_memory_cell is 4 here, as in the tables around it (compile.ts).
static inline device uchar* wb_linked_memory(thread wb_instance& instance, uint word) {
  device uint* first_lane = instance.tables - instance.lane;
  return (device uchar*)(first_lane + ulong(word) * wb_tile_width) + instance.lane * wb_memory_cell;
}

static inline uint wb_linked_memory_size(thread wb_instance& instance, uint word, uint size_word) {
  return wb_state_load32(instance, size_word) >> 16;
}

static inline uint wb_linked_memory_grow(thread wb_instance& instance, uint size_word, uint capacity_pages, uint delta) {
  uint pages = wb_state_load32(instance, size_word) >> 16;
  uint result = 0xffffffffu;
  if (delta <= capacity_pages - pages) {
    wb_state_store32(instance, size_word, (pages + delta) << 16);
    result = pages;
  }
  return result;
}

static inline uint wb_linked_memory_fill(thread wb_instance& instance, uint word, uint size_word, uint destination, uint value, uint length) {
  return wb_fill_memory(wb_linked_memory(instance, word), wb_state_load32(instance, size_word), destination, value, length);
}

static inline uint wb_linked_memory_copy(thread wb_instance& instance, uint word, uint size_word, uint destination, uint source, uint length) {
  return wb_copy_memory(wb_linked_memory(instance, word), wb_state_load32(instance, size_word), destination, source, length);
}

static inline uint wb_linked_memory_init(thread wb_instance& instance, uint word, uint size_word, uint image_offset, uint segment_length, uint destination,
                                         uint source, uint length) {
  device uchar* memory = wb_linked_memory(instance, word);
  return wb_init_memory(memory, wb_state_load32(instance, size_word), instance.image + image_offset, segment_length, destination, source, length);
}
