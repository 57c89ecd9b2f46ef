// Suspended instances (docs/kernel-abi.md, Suspension): frames of values, with headers of 8 words on the call stack.

// Out of fuel in `function`. 11 is the trap `fuel exhausted`.
static inline void wb_suspend(thread wb_instance& instance, uint function) {
  instance.fuel = 0u;
  if (instance.fuel_is_last) {
    instance.trap = 11u;
  }
  instance.suspension = 1u;
  instance.trap_function = function;
}

// Innermost first. There is room: each function made sure when it started.
static inline void wb_frame_push(thread wb_instance& instance, uint function, uint point, uint words) {
  device uint* header = instance.call_stack + ulong(instance.frames * 8u) * wb_tile_width;
  header[0] = point;
  header[wb_tile_width] = function;
  header[2u * wb_tile_width] = instance.frame_end;
  header[3u * wb_tile_width] = words;
  instance.frame = instance.frame_end;
  instance.frame_end += words;
  instance.frames++;
}

// The point to resume at. With the last frame gone, the instance runs normally.
static inline uint wb_frame_pop(thread wb_instance& instance) {
  instance.frames--;
  device uint* header = instance.call_stack + ulong(instance.frames * 8u) * wb_tile_width;
  instance.frame = header[2u * wb_tile_width];
  instance.frame_end = instance.frame;
  instance.rewinding = instance.frames;
  return header[0];
}

static inline void wb_frame_save32(thread wb_instance& instance, uint word, uint value) {
  instance.values[(instance.frame + word) * wb_tile_width] = value;
}

static inline void wb_frame_save64(thread wb_instance& instance, uint word, ulong value) {
  wb_frame_save32(instance, word, uint(value));
  wb_frame_save32(instance, word + 1u, uint(value >> 32));
}

static inline void wb_frame_save128(thread wb_instance& instance, uint word, uint4 value) {
  wb_frame_save32(instance, word, value.x);
  wb_frame_save32(instance, word + 1u, value.y);
  wb_frame_save32(instance, word + 2u, value.z);
  wb_frame_save32(instance, word + 3u, value.w);
}

static inline uint wb_frame_restore32(thread wb_instance& instance, uint word) {
  return instance.values[(instance.frame + word) * wb_tile_width];
}

static inline ulong wb_frame_restore64(thread wb_instance& instance, uint word) {
  return (ulong(wb_frame_restore32(instance, word + 1u)) << 32) | wb_frame_restore32(instance, word);
}

static inline uint4 wb_frame_restore128(thread wb_instance& instance, uint word) {
  return uint4(wb_frame_restore32(instance, word), wb_frame_restore32(instance, word + 1u), wb_frame_restore32(instance, word + 2u),
               wb_frame_restore32(instance, word + 3u));
}
