// Linear memory, sections 4.4.7 and 2.4.7 of the specification. Loads and stores come after their bounds check.

// `end` is offset + width, the first byte behind an access at address 0.
static inline bool wb_memory_out_of_bounds(uint address, uint end, uint memory_bytes) {
  return memory_bytes < end || address > memory_bytes - end;
}

// The value, computed from what was loaded before. `zero` is 0 (legalize/memory/exchanges.ts).
static inline uint wb_i32_after(uint value, uint loaded, uint zero) {
  return value | (loaded & zero);
}

static inline ulong wb_i64_after(ulong value, ulong loaded, uint zero) {
  return value | (loaded & zero);
}

static inline uint wb_i32_load(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load32(memory, address, offset, alignment);
}

static inline ulong wb_i64_load(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load64(memory, address, offset, alignment);
}

static inline uint wb_f32_load(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load32(memory, address, offset, alignment);
}

static inline ulong wb_f64_load(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load64(memory, address, offset, alignment);
}

static inline uint4 wb_v128_load(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load128(memory, address, offset, alignment);
}

static inline uint wb_i32_load8_s(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_i32_extend8_s(wb_load8(memory, address, offset, alignment));
}

static inline uint wb_i32_load8_u(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load8(memory, address, offset, alignment);
}

static inline uint wb_i32_load16_s(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_i32_extend16_s(wb_load16(memory, address, offset, alignment));
}

static inline uint wb_i32_load16_u(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_load16(memory, address, offset, alignment);
}

static inline ulong wb_i64_load8_s(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_i64_extend8_s(ulong(wb_load8(memory, address, offset, alignment)));
}

static inline ulong wb_i64_load8_u(device uchar* memory, uint address, uint offset, uint alignment) {
  return ulong(wb_load8(memory, address, offset, alignment));
}

static inline ulong wb_i64_load16_s(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_i64_extend16_s(ulong(wb_load16(memory, address, offset, alignment)));
}

static inline ulong wb_i64_load16_u(device uchar* memory, uint address, uint offset, uint alignment) {
  return ulong(wb_load16(memory, address, offset, alignment));
}

static inline ulong wb_i64_load32_s(device uchar* memory, uint address, uint offset, uint alignment) {
  return wb_i64_extend32_s(ulong(wb_load32(memory, address, offset, alignment)));
}

static inline ulong wb_i64_load32_u(device uchar* memory, uint address, uint offset, uint alignment) {
  return ulong(wb_load32(memory, address, offset, alignment));
}

static inline void wb_i32_store(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  wb_store32(memory, address, offset, alignment, value);
}

static inline void wb_i64_store(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  wb_store64(memory, address, offset, alignment, value);
}

static inline void wb_f32_store(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  wb_store32(memory, address, offset, alignment, value);
}

static inline void wb_f64_store(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  wb_store64(memory, address, offset, alignment, value);
}

static inline void wb_v128_store(device uchar* memory, uint address, uint offset, uint alignment, uint4 value) {
  wb_store128(memory, address, offset, alignment, value);
}

static inline void wb_i32_store8(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  wb_store8(memory, address, offset, alignment, value);
}

static inline void wb_i32_store16(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  wb_store16(memory, address, offset, alignment, value);
}

static inline void wb_i64_store8(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  wb_store8(memory, address, offset, alignment, uint(value));
}

static inline void wb_i64_store16(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  wb_store16(memory, address, offset, alignment, uint(value));
}

static inline void wb_i64_store32(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  wb_store32(memory, address, offset, alignment, uint(value));
}

static inline uint wb_memory_size(thread wb_instance& instance) {
  return instance.memory_bytes >> 16;
}

// New pages are zero: buffers start zero, and a reset clears what was used.
static inline uint wb_memory_grow(thread wb_instance& instance, uint delta) {
  uint pages = instance.memory_bytes >> 16;
  uint result = 0xffffffffu;
  if (delta <= instance.memory_maximum_pages - pages) {
    instance.memory_bytes = (pages + delta) << 16;
    instance.state[0] = pages + delta;
    result = pages;
  }
  return result;
}

// Whether [start, start + length) leaves [0, limit).
static inline bool wb_range_out_of_bounds(uint start, uint length, uint limit) {
  return length > limit || start > limit - length;
}

// Words in the middle, bytes at the ends.
static inline void wb_fill_bytes(device uchar* memory, uint destination, uint value, uint length) {
  uint pattern = (value & 0xffu) * 0x01010101u;
  uint done = 0u;
  uint head = min(length, (0u - destination) & 3u);
  for (; done < head; done++) {
    wb_store8(memory, destination + done, 0u, 1u, pattern);
  }
  for (; length - done >= 4u; done += 4u) {
    wb_store32(memory, destination + done, 0u, 4u, pattern);
  }
  for (; done < length; done++) {
    wb_store8(memory, destination + done, 0u, 1u, pattern);
  }
}

static inline uint wb_fill_memory(device uchar* memory, uint memory_bytes, uint destination, uint value, uint length) {
  uint trap = wb_range_out_of_bounds(destination, length, memory_bytes) ? 5u : 0u;
  if (trap == 0u) {
    wb_fill_bytes(memory, destination, value, length);
  }
  return trap;
}

static inline uint wb_memory_fill(thread wb_instance& instance, uint destination, uint value, uint length) {
  return wb_fill_memory(instance.memory, instance.memory_bytes, destination, value, length);
}

// Ascending or descending, so that an overlap never reads what was written.
static inline uint wb_copy_memory(device uchar* memory, uint memory_bytes, uint destination, uint source, uint length) {
  uint trap = wb_range_out_of_bounds(destination, length, memory_bytes) || wb_range_out_of_bounds(source, length, memory_bytes) ? 5u : 0u;
  if (trap == 0u && destination <= source) {
    uint done = 0u;
    uint head = min(length, (0u - destination) & 3u);
    for (; done < head; done++) {
      wb_store8(memory, destination + done, 0u, 1u, wb_load8(memory, source + done, 0u, 1u));
    }
    for (; length - done >= 4u; done += 4u) {
      wb_store32(memory, destination + done, 0u, 4u, wb_load32(memory, source + done, 0u, 0u));
    }
    for (; done < length; done++) {
      wb_store8(memory, destination + done, 0u, 1u, wb_load8(memory, source + done, 0u, 1u));
    }
  } else if (trap == 0u) {
    uint left = length;
    for (; left > 0u && ((destination + left) & 3u) != 0u; left--) {
      wb_store8(memory, destination + left - 1u, 0u, 1u, wb_load8(memory, source + left - 1u, 0u, 1u));
    }
    for (; left >= 4u; left -= 4u) {
      wb_store32(memory, destination + left - 4u, 0u, 4u, wb_load32(memory, source + left - 4u, 0u, 0u));
    }
    for (; left > 0u; left--) {
      wb_store8(memory, destination + left - 1u, 0u, 1u, wb_load8(memory, source + left - 1u, 0u, 1u));
    }
  }
  return trap;
}

static inline uint wb_memory_copy(thread wb_instance& instance, uint destination, uint source, uint length) {
  return wb_copy_memory(instance.memory, instance.memory_bytes, destination, source, length);
}

static inline uint wb_init_memory(device uchar* memory, uint memory_bytes, constant uchar* segment, uint segment_length, uint destination, uint source,
                                  uint length) {
  uint trap = wb_range_out_of_bounds(source, length, segment_length) || wb_range_out_of_bounds(destination, length, memory_bytes) ? 5u : 0u;
  if (trap == 0u) {
    for (uint i = 0u; i < length; i++) {
      wb_store8(memory, destination + i, 0u, 1u, segment[source + i]);
    }
  }
  return trap;
}

// Segments start at multiples of 8 in the image.
static inline uint wb_memory_init(thread wb_instance& instance, uint image_offset, uint segment_length, uint destination, uint source, uint length) {
  return wb_init_memory(instance.memory, instance.memory_bytes, instance.image + image_offset, segment_length, destination, source, length);
}

// For instantiation: the regions are zero then (docs/kernel-abi.md).
static inline void wb_memory_reset(thread wb_instance& instance, uint minimum_pages) {
  instance.state[0] = minimum_pages;
  instance.memory_bytes = minimum_pages << 16;
}
