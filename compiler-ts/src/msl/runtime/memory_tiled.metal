// Linear memory interleaved by cells (docs/kernel-abi.md, Tiled regions). No access here is misaligned or crosses a cell: Apple's GPUs round a misaligned
// address down silently. Accesses of several bytes go through vector types, which may alias everything, as wasm's memory does.
//
// An access is at address + offset. The address is a multiple of `alignment`; 0 says that nothing is known and that misaligned ones are to be expected, 1 that
// the module promises alignment, which it may break. Constants all: what does not apply is not compiled.

// Offset of a byte from the instance's first cell.
static inline ulong wb_memory_offset(uint address) {
  return ulong(address & ~(wb_memory_cell - 1u)) * wb_tile_width + (address & (wb_memory_cell - 1u));
}

// The place of an aligned access of `width` bytes. From the start of a cell on, neighbours are a constant apart. The masks take nothing away that is there, but
// a snapshot can hold any numbers: whatever they are, an access stays within the instance's own cells.
static inline device uchar* wb_memory_at(device uchar* memory, uint address, uint offset, uint alignment, uint width) {
  return alignment >= wb_memory_cell ? memory + ulong(address & ~(wb_memory_cell - 1u)) * wb_tile_width + wb_memory_offset(offset)
                                     : memory + wb_memory_offset((address + offset) & ~(width - 1u));
}

static inline bool wb_is_aligned(uint address, uint offset, uint alignment, uint width) {
  return alignment >= width ? (offset & (width - 1u)) == 0u : ((address + offset) & (width - 1u)) == 0u;
}

static inline uint wb_load8(device uchar* memory, uint address, uint offset, uint alignment) {
  return *wb_memory_at(memory, address, offset, alignment, 1u);
}

static inline void wb_store8(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  *wb_memory_at(memory, address, offset, alignment, 1u) = uchar(value);
}

static inline uint wb_load16(device uchar* memory, uint address, uint offset, uint alignment) {
  uint value;
  if (wb_is_aligned(address, offset, alignment, 2u)) {
    value = as_type<ushort>(*(device uchar2*)wb_memory_at(memory, address, offset, alignment, 2u));
  } else {
    value = wb_load8(memory, address, offset, 1u) | (wb_load8(memory, address, offset + 1u, 1u) << 8);
  }
  return value;
}

static inline void wb_store16(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  if (wb_is_aligned(address, offset, alignment, 2u)) {
    *(device uchar2*)wb_memory_at(memory, address, offset, alignment, 2u) = as_type<uchar2>(ushort(value));
  } else {
    wb_store8(memory, address, offset, 1u, value);
    wb_store8(memory, address, offset + 1u, 1u, value >> 8);
  }
}

// The sum of address and offset is a multiple of 4.
static inline uint wb_load_word(device uchar* memory, uint address, uint offset, uint alignment) {
  return as_type<uint>(*(device uchar4*)wb_memory_at(memory, address, offset, alignment, 4u));
}

static inline void wb_store_word(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  *(device uchar4*)wb_memory_at(memory, address, offset, alignment, 4u) = as_type<uchar4>(value);
}

// The address is a multiple of 8, and cells have that many bytes at least.
static inline ulong wb_load_pair(device uchar* memory, uint address, uint offset, uint alignment) {
  return as_type<ulong>(*(device uint2*)wb_memory_at(memory, address, offset, alignment, 8u));
}

static inline void wb_store_pair(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  *(device uint2*)wb_memory_at(memory, address, offset, alignment, 8u) = as_type<uint2>(value);
}

// What lies behind is read only where the value reaches into it.
static inline uint wb_load32_composed(device uchar* memory, uint address) {
  uint value;
  if (wb_memory_cell >= 8u) {
    uint base = address & ~7u;
    uint shift = (address & 7u) * 8u;
    value = uint(wb_load_pair(memory, base, 0u, 1u) >> shift);
    if (shift > 32u) { value |= wb_load_word(memory, base, 8u, 1u) << ((64u - shift) & 31u); }
  } else {
    uint base = address & ~3u;
    uint low = wb_load_word(memory, base, 0u, 1u);
    uint high = 0u;
    if ((address & 3u) != 0u) { high = wb_load_word(memory, base, 4u, 1u); }
    value = uint(((ulong(high) << 32) | low) >> ((address & 3u) * 8u));
  }
  return value;
}

// The bytes around the value are written back: nobody else writes to an instance's memory while its kernel runs.
static inline void wb_store32_composed(device uchar* memory, uint address, uint value) {
  uint base = address & ~3u;
  uint shift = (address & 3u) * 8u;
  uint low = value << (shift & 31u);
  if (shift != 0u) {
    uint kept = 0xffffffffu << (shift & 31u);
    low |= wb_load_word(memory, base, 0u, 1u) & ~kept;
    wb_store_word(memory, base, 4u, 1u, (wb_load_word(memory, base, 4u, 1u) & kept) | (value >> (32u - shift)));
  }
  wb_store_word(memory, base, 0u, 1u, low);
}

// Out of line, since hardly any program gets here: in line they take half the text of a program, and registers of all lanes (docs/performance.md).
static __attribute__((noinline)) uint wb_load32_misaligned(device uchar* memory, uint address) {
  return wb_load32_composed(memory, address);
}

static __attribute__((noinline)) void wb_store32_misaligned(device uchar* memory, uint address, uint value) {
  wb_store32_composed(memory, address, value);
}

static inline uint wb_load32(device uchar* memory, uint address, uint offset, uint alignment) {
  uint value;
  if (alignment == 0u) {
    value = wb_load32_composed(memory, address + offset);
  } else if (wb_is_aligned(address, offset, alignment, 4u)) {
    value = wb_load_word(memory, address, offset, alignment);
  } else {
    value = wb_load32_misaligned(memory, address + offset);
  }
  return value;
}

static inline void wb_store32(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  if (alignment == 0u) {
    wb_store32_composed(memory, address + offset, value);
  } else if (wb_is_aligned(address, offset, alignment, 4u)) {
    wb_store_word(memory, address, offset, alignment, value);
  } else {
    wb_store32_misaligned(memory, address + offset, value);
  }
}

static inline ulong wb_load64_words(device uchar* memory, uint address, uint offset, uint alignment) {
  return (ulong(wb_load32(memory, address, offset + 4u, alignment)) << 32) | wb_load32(memory, address, offset, alignment);
}

static inline void wb_store64_words(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  wb_store32(memory, address, offset, alignment, uint(value));
  wb_store32(memory, address, offset + 4u, alignment, uint(value >> 32));
}

static inline ulong wb_load64_composed(device uchar* memory, uint address) {
  ulong value;
  if (wb_memory_cell >= 8u) {
    uint base = address & ~7u;
    uint shift = (address & 7u) * 8u;
    value = wb_load_pair(memory, base, 0u, 1u) >> shift;
    if (shift != 0u) { value |= wb_load_pair(memory, base, 8u, 1u) << ((64u - shift) & 63u); }
  } else {
    value = (ulong(wb_load32_composed(memory, address + 4u)) << 32) | wb_load32_composed(memory, address);
  }
  return value;
}

static inline void wb_store64_composed(device uchar* memory, uint address, ulong value) {
  uint base = address & ~7u;
  uint shift = (address & 7u) * 8u;
  if (wb_memory_cell < 8u) {
    wb_store32_composed(memory, address, uint(value));
    wb_store32_composed(memory, address + 4u, uint(value >> 32));
  } else if (shift == 0u) {
    wb_store_pair(memory, base, 0u, 1u, value);
  } else {
    ulong kept = 0xfffffffffffffffful << (shift & 63u);
    wb_store_pair(memory, base, 0u, 1u, (wb_load_pair(memory, base, 0u, 1u) & ~kept) | (value << (shift & 63u)));
    wb_store_pair(memory, base, 8u, 1u, (wb_load_pair(memory, base, 8u, 1u) & kept) | (value >> ((64u - shift) & 63u)));
  }
}

static __attribute__((noinline)) ulong wb_load64_misaligned(device uchar* memory, uint address) {
  return wb_load64_composed(memory, address);
}

static __attribute__((noinline)) void wb_store64_misaligned(device uchar* memory, uint address, ulong value) {
  wb_store64_composed(memory, address, value);
}

static inline ulong wb_load64(device uchar* memory, uint address, uint offset, uint alignment) {
  ulong value;
  if (alignment == 0u) {
    value = wb_load64_composed(memory, address + offset);
  } else if (wb_memory_cell >= 8u && wb_is_aligned(address, offset, alignment, 8u)) {
    value = wb_load_pair(memory, address, offset, alignment);
  } else if (wb_memory_cell < 8u || alignment >= 4u) {
    value = wb_load64_words(memory, address, offset, alignment);
  } else {
    value = wb_load64_misaligned(memory, address + offset);
  }
  return value;
}

static inline void wb_store64(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  if (alignment == 0u) {
    wb_store64_composed(memory, address + offset, value);
  } else if (wb_memory_cell >= 8u && wb_is_aligned(address, offset, alignment, 8u)) {
    wb_store_pair(memory, address, offset, alignment, value);
  } else if (wb_memory_cell < 8u || alignment >= 4u) {
    wb_store64_words(memory, address, offset, alignment, value);
  } else {
    wb_store64_misaligned(memory, address + offset, value);
  }
}

static inline uint4 wb_load128(device uchar* memory, uint address, uint offset, uint alignment) {
  uint4 value;
  if (wb_memory_cell >= 16u && wb_is_aligned(address, offset, alignment, 16u)) {
    value = *(device uint4*)wb_memory_at(memory, address, offset, alignment, 16u);
  } else {
    value = wb_v128_of(wb_load64(memory, address, offset, alignment), wb_load64(memory, address, offset + 8u, alignment));
  }
  return value;
}

static inline void wb_store128(device uchar* memory, uint address, uint offset, uint alignment, uint4 value) {
  if (wb_memory_cell >= 16u && wb_is_aligned(address, offset, alignment, 16u)) {
    *(device uint4*)wb_memory_at(memory, address, offset, alignment, 16u) = value;
  } else {
    wb_store64(memory, address, offset, alignment, wb_v128_low(value));
    wb_store64(memory, address, offset + 8u, alignment, wb_v128_high(value));
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
