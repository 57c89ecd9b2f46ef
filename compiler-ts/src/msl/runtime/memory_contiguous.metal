// Linear memory for tiles of one instance on a processor that takes misaligned accesses: address a lies at byte a, and no alignment matters.
typedef ushort wb_unaligned_ushort __attribute__((aligned(1), may_alias));

typedef uint wb_unaligned_uint __attribute__((aligned(1), may_alias));

typedef ulong wb_unaligned_ulong __attribute__((aligned(1), may_alias));

typedef uint4 wb_unaligned_uint4 __attribute__((aligned(1), may_alias));

static inline uint wb_load8(device uchar* memory, uint address, uint offset, uint alignment) {
  return memory[address + offset];
}

static inline void wb_store8(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  memory[address + offset] = uchar(value);
}

static inline uint wb_load16(device uchar* memory, uint address, uint offset, uint alignment) {
  return *(device wb_unaligned_ushort*)(memory + (address + offset));
}

static inline void wb_store16(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  *(device wb_unaligned_ushort*)(memory + (address + offset)) = ushort(value);
}

static inline uint wb_load32(device uchar* memory, uint address, uint offset, uint alignment) {
  return *(device wb_unaligned_uint*)(memory + (address + offset));
}

static inline void wb_store32(device uchar* memory, uint address, uint offset, uint alignment, uint value) {
  *(device wb_unaligned_uint*)(memory + (address + offset)) = value;
}

static inline ulong wb_load64(device uchar* memory, uint address, uint offset, uint alignment) {
  return *(device wb_unaligned_ulong*)(memory + (address + offset));
}

static inline void wb_store64(device uchar* memory, uint address, uint offset, uint alignment, ulong value) {
  *(device wb_unaligned_ulong*)(memory + (address + offset)) = value;
}

static inline uint4 wb_load128(device uchar* memory, uint address, uint offset, uint alignment) {
  return *(device wb_unaligned_uint4*)(memory + (address + offset));
}

static inline void wb_store128(device uchar* memory, uint address, uint offset, uint alignment, uint4 value) {
  *(device wb_unaligned_uint4*)(memory + (address + offset)) = value;
}

// Two words of a frame in one access: taken apart, clang would keep every local of 64 bits that is saved in an integer register (mandelbrot: 0.6 times the speed).
static inline void wb_store_words(device uint* words, ulong value) {
  *(device wb_unaligned_ulong*)words = value;
}

static inline ulong wb_load_words(device uint* words) {
  return *(device wb_unaligned_ulong*)words;
}
