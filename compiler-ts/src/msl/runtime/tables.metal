// Tables, section 4.4.6 of the specification. `word` is the table's first word in the tables region; elements are references (docs/kernel-abi.md).
static inline uint wb_table_get(thread wb_instance& instance, uint word, uint index) {
  return instance.tables[(word + index) * wb_tile_width];
}

static inline void wb_table_set(thread wb_instance& instance, uint word, uint index, uint value) {
  instance.tables[(word + index) * wb_tile_width] = value;
}

static inline uint wb_table_grow(thread wb_instance& instance, uint word, uint size_word, uint capacity, uint value, uint delta) {
  uint size = wb_state_load32(instance, size_word);
  uint result = 0xffffffffu;
  if (delta <= capacity - size) {
    for (uint i = 0u; i < delta; i++) {
      wb_table_set(instance, word, size + i, value);
    }
    wb_state_store32(instance, size_word, size + delta);
    result = size;
  }
  return result;
}

static inline uint wb_table_fill(thread wb_instance& instance, uint word, uint size, uint start, uint value, uint length) {
  uint trap = wb_range_out_of_bounds(start, length, size) ? 6u : 0u;
  if (trap == 0u) {
    for (uint i = 0u; i < length; i++) {
      wb_table_set(instance, word, start + i, value);
    }
  }
  return trap;
}

static inline uint wb_table_copy(thread wb_instance& instance, uint destination_word, uint destination_size, uint source_word, uint source_size,
                                 uint destination, uint source, uint length) {
  uint trap = wb_range_out_of_bounds(destination, length, destination_size) || wb_range_out_of_bounds(source, length, source_size) ? 6u : 0u;
  if (trap == 0u) {
    for (uint i = 0u; i < length; i++) {
      uint at = destination <= source ? i : length - 1u - i;
      wb_table_set(instance, destination_word, destination + at, wb_table_get(instance, source_word, source + at));
    }
  }
  return trap;
}

static inline uint wb_table_init(thread wb_instance& instance, uint word, uint size, uint image_offset, uint segment_length, uint destination, uint source,
                                 uint length) {
  uint trap = wb_range_out_of_bounds(source, length, segment_length) || wb_range_out_of_bounds(destination, length, size) ? 6u : 0u;
  if (trap == 0u) {
    constant uint* elements = (constant uint*)(instance.image + image_offset);
    for (uint i = 0u; i < length; i++) {
      wb_table_set(instance, word, destination + i, elements[source + i]);
    }
  }
  return trap;
}

// Null where the index is out of bounds: the dispatcher then asks why.
static inline uint wb_call_indirect_reference(thread wb_instance& instance, uint word, uint size, uint index) {
  return index < size ? wb_table_get(instance, word, index) : 0u;
}

// The trap of an indirect call that found no function of its type.
static inline uint wb_call_indirect_trap(thread wb_instance& instance, uint word, uint size, uint index) {
  uint trap = 7u;
  if (index < size) {
    trap = wb_table_get(instance, word, index) == 0u ? 8u : 9u;
  }
  return trap;
}
