// The stack of a function whose recursion is a loop (compiler-ts/src/legalize/recursion/recursionLoop.ts): the frames of its calls lie behind one another in the values,
// from its own position on. The first words of an instance's values are in threadgroup memory while a kernel runs: lanes at different depths would each fetch
// a piece of device memory of their own. Suspended, the function leaves the stack and the frame of its innermost call as one frame; the header's fifth word is
// that call's position.

// Addressed from its end, which is what is known: what a value lies before it is then part of the access.
struct wb_near_frame {
  threadgroup uint* end;
  int below;
};

// A frame that is partly or wholly beyond the near words.
struct wb_far_frame {
  wb_stack stack;
  uint first;
};

static inline void wb_stack_store(wb_near_frame frame, uint word, uint value) {
  frame.end[(int(word) - frame.below) * int(wb_threadgroup_width)] = value;
}

static inline void wb_stack_store(wb_far_frame frame, uint word, uint value) {
  uint index = frame.first + word;
  if (index < frame.stack.near_words) {
    frame.stack.near[index * wb_threadgroup_width] = value;
  } else {
    frame.stack.far[index * wb_tile_width] = value;
  }
}

static inline uint wb_stack_load(wb_near_frame frame, uint word) {
  return frame.end[(int(word) - frame.below) * int(wb_threadgroup_width)];
}

static inline uint wb_stack_load(wb_far_frame frame, uint word) {
  uint index = frame.first + word;
  return index < frame.stack.near_words ? frame.stack.near[index * wb_threadgroup_width] : frame.stack.far[index * wb_tile_width];
}

template <typename place>
static inline void wb_stack_put(place frame, uint word) {}

template <typename place, typename... rest>
static inline void wb_stack_put(place frame, uint word, uint first, rest... others) {
  wb_stack_store(frame, word, first);
  wb_stack_put(frame, word + 1u, others...);
}

template <typename place, typename... rest>
static inline void wb_stack_put(place frame, uint word, ulong first, rest... others) {
  wb_stack_store(frame, word, uint(first));
  wb_stack_store(frame, word + 1u, uint(first >> 32));
  wb_stack_put(frame, word + 2u, others...);
}

template <typename place, typename... rest>
static inline void wb_stack_put(place frame, uint word, uint4 first, rest... others) {
  wb_stack_put(frame, word, first.x, first.y, first.z, first.w);
  wb_stack_put(frame, word + 4u, others...);
}

template <typename place>
static inline void wb_stack_take(place frame, uint word) {}

template <typename place, typename... rest>
static inline void wb_stack_take(place frame, uint word, thread uint& first, thread rest&... others) {
  first = wb_stack_load(frame, word);
  wb_stack_take(frame, word + 1u, others...);
}

template <typename place, typename... rest>
static inline void wb_stack_take(place frame, uint word, thread ulong& first, thread rest&... others) {
  first = (ulong(wb_stack_load(frame, word + 1u)) << 32) | wb_stack_load(frame, word);
  wb_stack_take(frame, word + 2u, others...);
}

template <typename place, typename... rest>
static inline void wb_stack_take(place frame, uint word, thread uint4& first, thread rest&... others) {
  first = uint4(wb_stack_load(frame, word), wb_stack_load(frame, word + 1u), wb_stack_load(frame, word + 2u), wb_stack_load(frame, word + 3u));
  wb_stack_take(frame, word + 4u, others...);
}

// `stack` with what is known where the function at `position` begins: of frames of at least `least` words, with `need` behind the last, none that ends before
// the word is the one that exhausts it. The function itself has room.
static inline wb_stack wb_stack_sure(wb_stack stack, uint position, uint need, uint least, uint limit) {
  uint room = (limit & 0x7fffu) - (position & 0x7fffu) - (need & 0x7fffu);
  uint words = ((limit >> 16) & 0x7fffu) - (need >> 16);
  stack.sure_words = min(min(stack.near_words, words), (position >> 16) + least * room);
  return stack;
}

// `values` begin `below` words below `end`. One test serves a frame that is all near.
template <typename... all>
static inline void wb_stack_push(wb_stack stack, uint end, uint below, all... values) {
  if (end <= stack.sure_words) {
    wb_stack_put(wb_near_frame{stack.near + end * wb_threadgroup_width, int(below)}, 0u, values...);
  } else {
    wb_stack_put(wb_far_frame{stack, end - below}, 0u, values...);
  }
}

// The same for the first of a frame's values, which end at `position`; says whether the stack is exhausted, which is asked far away alone.
template <typename... all>
static inline bool wb_stack_push_first(wb_stack stack, uint position, uint need, uint limit, uint below, all... values) {
  uint end = position >> 16;
  if (end <= stack.sure_words) {
    wb_stack_put(wb_near_frame{stack.near + end * wb_threadgroup_width, int(below)}, 0u, values...);
    return false;
  }
  if (wb_stack_exhausted(position, need, limit)) { return true; }
  wb_stack_put(wb_far_frame{stack, end - below}, 0u, values...);
  return false;
}

template <typename... all>
static inline void wb_stack_pop(wb_stack stack, uint end, uint below, thread all&... values) {
  if (end <= stack.sure_words) {
    wb_stack_take(wb_near_frame{stack.near + end * wb_threadgroup_width, int(below)}, 0u, values...);
  } else {
    wb_stack_take(wb_far_frame{stack, end - below}, 0u, values...);
  }
}

// Where the function's frame is saved: its number, and its values behind the stack.
static inline uint wb_stack_frame(uint position, uint innermost) {
  return (innermost & 0xffff0000u) | (position & 0xffffu);
}

// Before that frame is saved. The headers of the calls between say that they have no values of their own.
static __attribute__((noinline)) void wb_stack_save(thread wb_instance& instance, uint position, uint innermost) {
  if (instance.trap != wb_suspended) { return; }
  wb_stack stack = instance.stack;
  uint end = min(innermost >> 16, stack.near_words);
  for (uint word = position >> 16; word < end; word++) {
    stack.far[word * wb_tile_width] = stack.near[word * wb_threadgroup_width];
  }
  wb_frame_header(instance, position & 0xffffu)[4u * wb_tile_width] = innermost;
  for (uint number = (position & 0xffffu) + 1u; number <= (innermost & 0xffffu); number++) {
    device uint* header = wb_frame_header(instance, number);
    header[wb_tile_width] = 0u;
    header[2u * wb_tile_width] = 0u;
    header[3u * wb_tile_width] = 0u;
  }
}

// The innermost position, with the stack below it back where it was.
static __attribute__((noinline)) uint wb_stack_restore(thread wb_instance& instance, uint position) {
  wb_stack stack = instance.stack;
  uint innermost = wb_frame_header(instance, position & 0xffffu)[4u * wb_tile_width];
  uint end = min(innermost >> 16, stack.near_words);
  for (uint word = position >> 16; word < end; word++) {
    stack.near[word * wb_threadgroup_width] = stack.far[word * wb_tile_width];
  }
  return innermost;
}
