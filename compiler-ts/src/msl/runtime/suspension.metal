// Suspended instances (docs/suspension.md; docs/kernel-abi.md, Suspension). A position is a frame's number in its lower half and the first word of its values
// in the upper one.

// In a frame's second word: its function belongs to a recursive component.
constant constexpr uint wb_recursive = 0x80000000u;

// `need` is of the same halves, each below 2^15 as those of a position are. A half of the difference loses its top bit where there is too little left.
static inline bool wb_stack_exhausted(uint position, uint need, uint limit) {
  return ((limit - position - need) & 0x80008000u) != 0x80008000u;
}

// First of the eight words of a frame's header.
static inline device uint* wb_frame_header(thread wb_instance& instance, uint number) {
  return instance.call_stack + ulong(number * 8u) * wb_tile_width;
}

// What an instance that stops does is kept out of line: in line it was half of the code of small recursive functions, and cost them registers.

// Out of fuel in `function`. 11 is the trap `fuel exhausted`.
static __attribute__((noinline)) void wb_suspend(thread wb_instance& instance, uint fuel, uint position, uint function) {
  instance.fuel = fuel;
  instance.trap = instance.fuel_is_last ? 11u : wb_suspended;
  instance.trap_function = function;
  instance.suspension = 1u;
  instance.frames = (position & 0xffffu) + 1u;
}

// `function`, whose frame is at `position`, waits for the host.
static inline void wb_call_import(thread wb_instance& instance, uint number, uint function, uint position) {
  instance.trap = wb_suspended;
  instance.trap_function = function;
  instance.suspension = 2u + number;
  instance.frames = (position & 0xffffu) + 1u;
}

// The function whose frame ends at `position` waits for its trampoline, which calls `callee` there.
static inline void wb_call_request(thread wb_instance& instance, uint callee, uint position) {
  instance.trap = wb_suspended;
  instance.suspension = 0u;
  instance.callee = callee;
  instance.position = position;
  instance.frames = position & 0xffffu;
}

static inline void wb_call_argument32(thread wb_instance& instance, uint word, uint value) {
  instance.scratch[word * wb_tile_width] = value;
}

static inline void wb_call_argument64(thread wb_instance& instance, uint word, ulong value) {
  wb_call_argument32(instance, word, uint(value));
  wb_call_argument32(instance, word + 1u, uint(value >> 32));
}

static inline void wb_call_argument128(thread wb_instance& instance, uint word, uint4 value) {
  wb_call_argument64(instance, word, wb_v128_low(value));
  wb_call_argument64(instance, word + 2u, wb_v128_high(value));
}

static inline uint wb_call_result32(thread wb_instance& instance, uint word) {
  return instance.results[word * wb_tile_width];
}

static inline ulong wb_call_result64(thread wb_instance& instance, uint word) {
  return (ulong(wb_call_result32(instance, word + 1u)) << 32) | wb_call_result32(instance, word);
}

static inline uint4 wb_call_result128(thread wb_instance& instance, uint word) {
  return wb_v128_of(wb_call_result64(instance, word), wb_call_result64(instance, word + 2u));
}

// Each returns the word behind what it has saved.
static inline uint wb_save(thread wb_instance& instance, uint word) {
  return word;
}

template <typename... rest>
static inline uint wb_save(thread wb_instance& instance, uint word, uint first, rest... others) {
  instance.values[word * wb_tile_width] = first;
  return wb_save(instance, word + 1u, others...);
}

template <typename... rest>
static inline uint wb_save(thread wb_instance& instance, uint word, ulong first, rest... others) {
  wb_store_words(instance.values + word * wb_tile_width, first);
  return wb_save(instance, word + 2u, others...);
}

template <typename... rest>
static inline uint wb_save(thread wb_instance& instance, uint word, uint4 first, rest... others) {
  wb_store_words(instance.values + word * wb_tile_width, wb_v128_low(first));
  wb_store_words(instance.values + (word + 2u) * wb_tile_width, wb_v128_high(first));
  return wb_save(instance, word + 4u, others...);
}

// There is room: it was made sure of before the function was called.
template <typename... all>
static __attribute__((noinline)) void wb_frame_save(thread wb_instance& instance, uint position, uint function, uint point, all... values) {
  if (instance.trap != wb_suspended) { return; }
  device uint* header = wb_frame_header(instance, position & 0xffffu);
  uint word = position >> 16;
  header[0] = point;
  header[wb_tile_width] = function;
  header[2u * wb_tile_width] = word;
  header[3u * wb_tile_width] = wb_save(instance, word, values...) - word;
}

// More values of the frame that was saved last, from its word `start` on.
template <typename... all>
static __attribute__((noinline)) void wb_frame_save_rest(thread wb_instance& instance, uint position, uint start, all... values) {
  if (instance.trap != wb_suspended) { return; }
  wb_frame_header(instance, position & 0xffffu)[3u * wb_tile_width] = wb_save(instance, (position >> 16) + start, values...) - (position >> 16);
}

// The point to resume at. With the last frame taken, the instance runs normally.
static inline uint wb_frame_pop(thread wb_instance& instance, uint position) {
  uint number = position & 0xffffu;
  if (number + 1u == instance.frames) { instance.rewinding = 0u; }
  return wb_frame_header(instance, number)[0];
}

static inline void wb_restore(thread wb_instance& instance, uint word) {}

template <typename... rest>
static inline void wb_restore(thread wb_instance& instance, uint word, thread uint& first, thread rest&... others) {
  first = instance.values[word * wb_tile_width];
  wb_restore(instance, word + 1u, others...);
}

template <typename... rest>
static inline void wb_restore(thread wb_instance& instance, uint word, thread ulong& first, thread rest&... others) {
  first = wb_load_words(instance.values + word * wb_tile_width);
  wb_restore(instance, word + 2u, others...);
}

template <typename... rest>
static inline void wb_restore(thread wb_instance& instance, uint word, thread uint4& first, thread rest&... others) {
  first = wb_v128_of(wb_load_words(instance.values + word * wb_tile_width), wb_load_words(instance.values + (word + 2u) * wb_tile_width));
  wb_restore(instance, word + 4u, others...);
}

template <typename... all>
static inline void wb_frame_restore(thread wb_instance& instance, uint position, thread all&... values) {
  wb_restore(instance, position >> 16, values...);
}

// Twice the index of a function to call at instance.position, the same plus 1 where its frame there is to be resumed; all ones: the trampoline ends. `at` is
// where the function that has returned had its frame.
static inline uint wb_trampoline_next(thread wb_instance& instance, uint trampoline, uint position, uint at) {
  uint number = position & 0xffffu;
  if (instance.rewinding != 0u) {
    // The component's frames follow on the trampoline's own. The innermost goes on; those below wait for results.
    for (; number + 1u < instance.frames && (wb_frame_header(instance, number + 1u)[wb_tile_width] & wb_recursive) != 0u; number++) {
    }
  } else if (instance.trap == wb_suspended && instance.suspension == 0u) {
    instance.trap = 0u;
    return 2u * instance.callee;
  } else if (instance.trap != 0u) {
    wb_frame_save(instance, position, trampoline, 1u);
    return 0xffffffffu;
  } else {
    if ((at & 0xffffu) == number + 1u) { return 0xffffffffu; }
    number = (at & 0xffffu) - 1u;
    instance.frames = number + 1u;
    instance.rewinding = 1u;
  }
  device uint* header = wb_frame_header(instance, number);
  instance.position = number | (header[2u * wb_tile_width] << 16);
  return 2u * (header[wb_tile_width] & ~wb_recursive) + 1u;
}
