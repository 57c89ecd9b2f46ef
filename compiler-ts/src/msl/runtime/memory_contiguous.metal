// Linear memory for tiles of one instance on a processor that takes misaligned accesses: address a lies at byte a.
typedef ushort wb_unaligned_ushort __attribute__((aligned(1), may_alias));

typedef uint wb_unaligned_uint __attribute__((aligned(1), may_alias));

typedef ulong wb_unaligned_ulong __attribute__((aligned(1), may_alias));

typedef uint4 wb_unaligned_uint4 __attribute__((aligned(1), may_alias));

static inline uint wb_load8(device uchar* memory, uint address) {
  return memory[address];
}

static inline void wb_store8(device uchar* memory, uint address, uint value) {
  memory[address] = uchar(value);
}

static inline uint wb_load16(device uchar* memory, uint address) {
  return *(device wb_unaligned_ushort*)(memory + address);
}

static inline void wb_store16(device uchar* memory, uint address, uint value) {
  *(device wb_unaligned_ushort*)(memory + address) = ushort(value);
}

static inline uint wb_load32(device uchar* memory, uint address) {
  return *(device wb_unaligned_uint*)(memory + address);
}

static inline void wb_store32(device uchar* memory, uint address, uint value) {
  *(device wb_unaligned_uint*)(memory + address) = value;
}

static inline ulong wb_load64(device uchar* memory, uint address) {
  return *(device wb_unaligned_ulong*)(memory + address);
}

static inline void wb_store64(device uchar* memory, uint address, ulong value) {
  *(device wb_unaligned_ulong*)(memory + address) = value;
}

static inline uint4 wb_load128(device uchar* memory, uint address) {
  return *(device wb_unaligned_uint4*)(memory + address);
}

static inline void wb_store128(device uchar* memory, uint address, uint4 value) {
  *(device wb_unaligned_uint4*)(memory + address) = value;
}

// Two words of a frame in one access: taken apart, clang would keep every local of 64 bits that is saved in an integer register (mandelbrot: 0.6 times the speed).
static inline void wb_store_words(device uint* words, ulong value) {
  *(device wb_unaligned_ulong*)words = value;
}

static inline ulong wb_load_words(device uint* words) {
  return *(device wb_unaligned_ulong*)words;
}
