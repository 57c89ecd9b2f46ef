// Buffer 0 of every kernel; docs/kernel-abi.md fixes the order of the words. One more is reserved.
struct wb_launch {
  uint lane_count;
  uint memory_capacity_pages;
  uint memory_maximum_pages;
  uint values_bytes;
  uint call_stack_bytes;
  uint scratch_bytes;
  uint fuel;
  uint fuel_limit_low;
  uint fuel_limit_high;
  uint near_words;
  uint zero;
};

// Words of an instance's values: the first `near_words` lie in threadgroup memory, all others in `far`, which has room for every one.
struct wb_stack {
  threadgroup uint* near;
  uint near_words;
  // Stacks that end before this word are not exhausted, and near.
  uint sure_words;
  device uint* far;
};

// What one thread knows of the instance that it runs. Pointers are to this instance's first cell in its tile.
struct wb_instance {
  device uchar* memory;
  device uint* state;
  device uint* tables;
  device uint* scratch;
  device uint* status;
  constant uchar* image;
  // Within the tile.
  uint lane;
  uint memory_bytes;
  uint memory_maximum_pages;
  // 0, which no compiler knows.
  uint zero;
  // What is left of this launch's fuel, as a signed number that the last charge may take below zero; and what it began with.
  uint fuel;
  uint fuel_given;
  // Where the fuel of this launch ends, that of the invocation does.
  bool fuel_is_last;
  // Frames and words of values that there is room for, in halves as a position; the top bit of each half is set, for wb_stack_exhausted.
  uint stack_limit;
  device uint* values;
  // Only in kernels with threadgroup memory.
  wb_stack stack;
  device uint* call_stack;
  device uint* results;
  // Frames of the suspended instance; while it rewinds, the last of them ends that.
  uint frames;
  uint rewinding;
  // Not 0 while the instance unwinds: the trap, or wb_suspended.
  uint trap;
  uint trap_function;
  // Why it is suspended, as the status has it; 0: a call that the trampoline is to make, of `callee`, with its frame at `position`.
  uint suspension;
  uint callee;
  uint position;
};

// Stands for a function that the module does not have: a dispatcher of indirect calls, the instantiation.
constant constexpr uint wb_no_function = 0xffffffffu;

// The `trap` of an instance that unwinds to go on later.
constant constexpr uint wb_suspended = 0xffffffffu;

// First word of an instance in a tiled region of 4-byte cells with `words` words an instance.
static inline device uint* wb_lane_words(device uint* region, uint instance_index, uint words) {
  return region + (ulong(instance_index / wb_tile_width) * wb_tile_width * words + instance_index % wb_tile_width);
}

static inline ulong wb_fuel_used(thread wb_instance& instance) {
  return (ulong(instance.status[5u * wb_tile_width]) << 32) | instance.status[4u * wb_tile_width];
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
  instance.status = wb_lane_words(status, instance_index, 8u);
  instance.image = image;
  instance.lane = instance_index % wb_tile_width;
  instance.memory_bytes = instance.state[0] << 16;
  instance.memory_maximum_pages = launch.memory_maximum_pages;
  instance.zero = launch.zero;
  instance.values = wb_lane_words(execution, instance_index, execution_words);
  instance.call_stack = instance.values + ulong(launch.values_bytes >> 2) * wb_tile_width;
  instance.results = instance.scratch + ulong(launch.scratch_bytes >> 3) * wb_tile_width;
  ulong fuel_limit = (ulong(launch.fuel_limit_high) << 32) | launch.fuel_limit_low;
  ulong fuel_used = wb_fuel_used(instance);
  ulong fuel_left = fuel_limit > fuel_used ? fuel_limit - fuel_used : 0ul;
  uint fuel = min(launch.fuel, 0x7fffffffu);
  instance.fuel_is_last = fuel_left <= ulong(fuel);
  instance.fuel = instance.fuel_is_last ? uint(fuel_left) : fuel;
  instance.fuel_given = instance.fuel;
  instance.stack_limit = 0x80008000u | min(launch.call_stack_bytes >> 5, 0x7ffeu) | (min(launch.values_bytes >> 2, 0x7ffeu) << 16);
  instance.rewinding = instance.status[2u * wb_tile_width];
  instance.frames = instance.status[3u * wb_tile_width];
  instance.trap = 0u;
  instance.trap_function = 0u;
  instance.suspension = 0u;
  instance.callee = 0u;
  instance.position = 0u;
  return instance;
}

// Threads that share threadgroup memory, at most.
constant constexpr uint wb_threadgroup_width = 64u;

// `near` is the threadgroup's memory, `lane` one of its threads.
static inline void wb_enter_threadgroup(thread wb_instance& instance, constant wb_launch& launch, threadgroup uint* near, uint lane) {
  instance.stack.near = near + lane;
  instance.stack.near_words = launch.near_words;
  instance.stack.sure_words = 0u;
  instance.stack.far = instance.values;
}

static inline void wb_leave(thread wb_instance& instance) {
  bool suspended = instance.trap == wb_suspended;
  instance.status[0] = suspended ? 0u : instance.trap;
  instance.status[wb_tile_width] = instance.trap_function;
  instance.status[2u * wb_tile_width] = suspended ? instance.suspension : 0u;
  instance.status[3u * wb_tile_width] = instance.frames;
  ulong used = wb_fuel_used(instance) + ulong(instance.fuel_given - instance.fuel);
  instance.status[4u * wb_tile_width] = uint(used);
  instance.status[5u * wb_tile_width] = uint(used >> 32);
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
static inline void wb_result32(thread wb_instance& instance, uint word, uint value) {
  instance.results[word * wb_tile_width] = value;
}

static inline void wb_result64(thread wb_instance& instance, uint word, ulong value) {
  wb_result32(instance, word, uint(value));
  wb_result32(instance, word + 1u, uint(value >> 32));
}

static inline void wb_result128(thread wb_instance& instance, uint word, uint4 value) {
  wb_result64(instance, word, wb_v128_low(value));
  wb_result64(instance, word + 2u, wb_v128_high(value));
}
