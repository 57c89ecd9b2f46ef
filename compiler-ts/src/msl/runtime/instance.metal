// Buffer 0 of every kernel; docs/kernel-abi.md fixes the order of the words.
struct wb_launch {
  uint lane_count;
  uint memory_capacity_pages;
  uint memory_maximum_pages;
  uint values_bytes;
  uint call_stack_bytes;
  uint scratch_bytes;
  uint fuel_low;
  uint fuel_high;
};

// What one thread knows of the instance that it runs. Pointers are to this instance's first cell in its tile.
struct wb_instance {
  device uchar* memory;
  device uint* state;
  device uint* tables;
  device uint* scratch;
  device uint* status;
  constant uchar* image;
  uint memory_bytes;
  uint memory_maximum_pages;
  // Loop iterations and recursive calls left before the reserve is asked.
  uint fuel;
  ulong fuel_reserve;
  // Recursive calls left.
  uint depth;
  uint trap;
  uint trap_function;
};

// Stands for a function that the module does not have: a dispatcher of indirect calls, the instantiation.
constant constexpr uint wb_no_function = 0xffffffffu;

// First word of an instance in a tiled region of 4-byte cells with `words` words an instance.
static inline device uint* wb_lane_words(device uint* region, uint instance_index, uint words) {
  return region + (ulong(instance_index / wb_tile_width) * wb_tile_width * words + instance_index % wb_tile_width);
}

static inline wb_instance wb_enter(constant wb_launch& launch, uint instance_index, device uint* status, device uint* state, device uchar* memory,
                                   device uint* tables, device uint* execution, constant uchar* image) {
  wb_instance instance;
  uint execution_words = (launch.values_bytes + launch.call_stack_bytes + launch.scratch_bytes) >> 2;
  ulong memory_bytes = ulong(launch.memory_capacity_pages) << 16;
  instance.memory = memory + (ulong(instance_index / wb_tile_width) * wb_tile_width * memory_bytes + (instance_index % wb_tile_width) * wb_memory_cell);
  instance.state = wb_lane_words(state, instance_index, wb_state_words);
  instance.tables = wb_lane_words(tables, instance_index, wb_table_words);
  instance.scratch = wb_lane_words(execution, instance_index, execution_words) + ulong((launch.values_bytes + launch.call_stack_bytes) >> 2) * wb_tile_width;
  instance.status = wb_lane_words(status, instance_index, 4u);
  instance.image = image;
  instance.memory_bytes = instance.state[0] << 16;
  instance.memory_maximum_pages = launch.memory_maximum_pages;
  instance.fuel = 0u;
  instance.fuel_reserve = (ulong(launch.fuel_high) << 32) | launch.fuel_low;
  instance.depth = launch.call_stack_bytes >> 5;
  instance.trap = 0u;
  instance.trap_function = 0u;
  return instance;
}

static inline void wb_leave(thread wb_instance& instance) {
  instance.status[0] = instance.trap;
  instance.status[wb_tile_width] = instance.trap_function;
}

template <typename result>
static inline result wb_trap(thread wb_instance& instance, uint code, uint function) {
  instance.trap = code;
  instance.trap_function = function;
  return result();
}

static inline void wb_attribute_trap(thread wb_instance& instance, uint function) {
  if (instance.trap_function == wb_no_function) {
    instance.trap_function = function;
  }
}

// The fast counter has 32 bits, the reserve 64; 0 means that both are empty.
static inline uint wb_fuel_refill(thread wb_instance& instance) {
  uint taken = instance.fuel_reserve > 0x80000000ul ? 0x80000000u : uint(instance.fuel_reserve);
  instance.fuel_reserve -= taken;
  return taken;
}

static inline uint wb_argument32(thread wb_instance& instance, uint word) {
  return instance.scratch[word * wb_tile_width];
}

static inline ulong wb_argument64(thread wb_instance& instance, uint word) {
  return (ulong(instance.scratch[(word + 1u) * wb_tile_width]) << 32) | instance.scratch[word * wb_tile_width];
}

static inline uint4 wb_argument128(thread wb_instance& instance, uint word) {
  return wb_v128_of(wb_argument64(instance, word), wb_argument64(instance, word + 2u));
}

// Results lie in the second half of scratch.
static inline void wb_result32(thread wb_instance& instance, constant wb_launch& launch, uint word, uint value) {
  instance.scratch[((launch.scratch_bytes >> 3) + word) * wb_tile_width] = value;
}

static inline void wb_result64(thread wb_instance& instance, constant wb_launch& launch, uint word, ulong value) {
  wb_result32(instance, launch, word, uint(value));
  wb_result32(instance, launch, word + 1u, uint(value >> 32));
}

static inline void wb_result128(thread wb_instance& instance, constant wb_launch& launch, uint word, uint4 value) {
  wb_result64(instance, launch, word, wb_v128_low(value));
  wb_result64(instance, launch, word + 2u, wb_v128_high(value));
}
