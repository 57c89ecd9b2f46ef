// Quicksort of i32 in memory: median of three, an explicit stack, insertion sort for short ranges.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

// The longer half waits and the shorter one is at most half of a range, so the stack is no deeper than log2 of the count.
enum { LARGEST_COUNT = 16384, SHORT_RANGE = 16, STACK_DEPTH = 14 };

static _Thread_local int32_t data[LARGEST_COUNT];

static void swap(int32_t *a, int32_t *b) {
  int32_t kept = *a;
  *a = *b;
  *b = kept;
}

static void insertion_sort(int32_t *first, int32_t *last) {
  for (int32_t *next = first + 1; next <= last; next++) {
    int32_t value = *next, *gap = next;
    for (; gap > first && gap[-1] > value; gap--) *gap = gap[-1];
    *gap = value;
  }
}

// Hoare's partition around the median of the first, middle and last: nothing up to the result is greater than anything behind it.
static int32_t *partition(int32_t *first, int32_t *last) {
  int32_t *middle = first + (last - first) / 2;
  if (*middle < *first) swap(middle, first);
  if (*last < *first) swap(last, first);
  if (*last < *middle) swap(last, middle);
  int32_t pivot = *middle, *left = first, *right = last;
  for (;;) {
    while (*left < pivot) left++;
    while (*right > pivot) right--;
    if (left >= right) return right;
    swap(left++, right--);
  }
}

static void quicksort(int32_t *first, int32_t *last) {
  struct { int32_t *first, *last; } waiting[STACK_DEPTH];
  int depth = 0;
  for (;;) {
    while (last - first >= SHORT_RANGE) {
      int32_t *split = partition(first, last);
      if (split - first < last - split) {
        waiting[depth].first = split + 1, waiting[depth++].last = last;
        last = split;
      } else {
        waiting[depth].first = first, waiting[depth++].last = split;
        first = split + 1;
      }
    }
    insertion_sort(first, last);
    if (depth == 0) return;
    first = waiting[--depth].first, last = waiting[depth].last;
  }
}

/// Address of the numbers that `sort` sorts, 16,384 at most.
EXPORT(data_address) uint32_t data_address(void) { return (uint32_t)(uintptr_t)data; }

/// Sorts the first `count` numbers, ascending. Traps for a count over 16,384.
EXPORT(sort) void sort(uint32_t count) {
  if (count > LARGEST_COUNT) __builtin_trap();
  if (count > 1) quicksort(data, data + count - 1);
}

/// Sorts `count` random numbers; a checksum of the sorted sequence.
EXPORT(run) uint64_t run(uint32_t seed, uint32_t count) {
  if (count > LARGEST_COUNT) __builtin_trap();
  // Xorshift needs a state that is not zero.
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    data[i] = (int32_t)state;
  }
  sort(count);
  uint64_t checksum = 0;
  for (uint32_t i = 0; i < count; i++) checksum = checksum * 31 + (uint32_t)data[i];
  return checksum;
}
