// Linear memory interleaved by cells (docs/kernel-abi.md, Tiled regions). No access here is misaligned or crosses a cell: Apple's GPUs round a misaligned
// address down silently. Accesses of several bytes go through vector types, which may alias everything, as wasm's memory does.

// Offset of a byte from the instance's first cell.
static inline ulong wb_memory_offset(uint address) {
  return ulong(address & ~(wb_memory_cell - 1u)) * wb_tile_width + (address & (wb_memory_cell - 1u));
}

static inline uint wb_load8(device uchar* memory, uint address) {
  return memory[wb_memory_offset(address)];
}

static inline void wb_store8(device uchar* memory, uint address, uint value) {
  memory[wb_memory_offset(address)] = uchar(value);
}

static inline uint wb_load16(device uchar* memory, uint address) {
  uint value;
  if ((address & 1u) == 0u) {
    value = as_type<ushort>(*(device uchar2*)(memory + wb_memory_offset(address)));
  } else {
    value = wb_load8(memory, address) | (wb_load8(memory, address + 1u) << 8);
  }
  return value;
}

static inline void wb_store16(device uchar* memory, uint address, uint value) {
  if ((address & 1u) == 0u) {
    *(device uchar2*)(memory + wb_memory_offset(address)) = as_type<uchar2>(ushort(value));
  } else {
    wb_store8(memory, address, value);
    wb_store8(memory, address + 1u, value >> 8);
  }
}

// The address is a multiple of 4.
static inline uint wb_load_word(device uchar* memory, uint address) {
  return as_type<uint>(*(device uchar4*)(memory + wb_memory_offset(address)));
}

static inline void wb_store_word(device uchar* memory, uint address, uint value) {
  *(device uchar4*)(memory + wb_memory_offset(address)) = as_type<uchar4>(value);
}

static inline uint wb_load32(device uchar* memory, uint address) {
  uint value;
  if ((address & 3u) == 0u) {
    value = wb_load_word(memory, address);
  } else {
    uint base = address & ~3u;
    uint shift = (address & 3u) * 8u;
    value = (wb_load_word(memory, base) >> shift) | (wb_load_word(memory, base + 4u) << (32u - shift));
  }
  return value;
}

static inline void wb_store32(device uchar* memory, uint address, uint value) {
  if ((address & 3u) == 0u) {
    wb_store_word(memory, address, value);
  } else {
    wb_store8(memory, address, value);
    wb_store8(memory, address + 1u, value >> 8);
    wb_store8(memory, address + 2u, value >> 16);
    wb_store8(memory, address + 3u, value >> 24);
  }
}

static inline ulong wb_load64(device uchar* memory, uint address) {
  ulong value;
  if ((address & 7u) == 0u && wb_memory_cell >= 8u) {
    value = as_type<ulong>(*(device uint2*)(memory + wb_memory_offset(address)));
  } else {
    value = (ulong(wb_load32(memory, address + 4u)) << 32) | wb_load32(memory, address);
  }
  return value;
}

static inline void wb_store64(device uchar* memory, uint address, ulong value) {
  if ((address & 7u) == 0u && wb_memory_cell >= 8u) {
    *(device uint2*)(memory + wb_memory_offset(address)) = as_type<uint2>(value);
  } else {
    wb_store32(memory, address, uint(value));
    wb_store32(memory, address + 4u, uint(value >> 32));
  }
}

static inline uint4 wb_load128(device uchar* memory, uint address) {
  uint4 value;
  if ((address & 15u) == 0u && wb_memory_cell >= 16u) {
    value = *(device uint4*)(memory + wb_memory_offset(address));
  } else {
    value = wb_v128_of(wb_load64(memory, address), wb_load64(memory, address + 8u));
  }
  return value;
}

static inline void wb_store128(device uchar* memory, uint address, uint4 value) {
  if ((address & 15u) == 0u && wb_memory_cell >= 16u) {
    *(device uint4*)(memory + wb_memory_offset(address)) = value;
  } else {
    wb_store64(memory, address, wb_v128_low(value));
    wb_store64(memory, address + 8u, wb_v128_high(value));
  }
}

// Two words of a frame.
static inline void wb_store_words(device uint* words, ulong value) {
  words[0] = uint(value);
  words[wb_tile_width] = uint(value >> 32);
}

static inline ulong wb_load_words(device uint* words) {
  return (ulong(words[wb_tile_width]) << 32) | words[0];
}
