// examples/quicksort: as the example has it, and in steps of one element, where lanes whose runs, gaps and ranges are of different lengths do not wait for each other.
#include "memory.cuh"
#include "memory_bytes.h"

constexpr uint32_t short_range = 16;

// A level of all of the block's threads after the other; main.c says how many there are.
extern __shared__ uint32_t quicksort_levels[];

// Ranges that wait, as their first and last places in 16 bits each.
struct Ranges {
  uint32_t *bottom = quicksort_levels + threadIdx.x, *top = bottom;

  __device__ bool is_empty() const { return top == bottom; }

  __device__ void push(uint32_t first, uint32_t last) {
    *top = first << 16 | last;
    top += blockDim.x;
  }

  __device__ void pop(uint32_t &first, uint32_t &last) {
    top -= blockDim.x;
    first = *top >> 16, last = *top & 0xffff;
  }

  // The shorter part of a range that was split becomes the range, the other one waits.
  __device__ void split(uint32_t &first, uint32_t &last, uint32_t split) {
    if (split - first < last - split) {
      push(split + 1, last);
      last = split;
    } else {
      push(first, split);
      first = split + 1;
    }
  }
};

template <uint32_t cell> struct Numbers {
  Memory<cell> memory;

  __device__ int32_t get(uint32_t at) const { return load<int32_t>(memory, 4 * at); }
  __device__ void put(uint32_t at, int32_t number) const { store(memory, 4 * at, number); }

  // The median of the first, middle and last; they are in order then.
  __device__ int32_t pivot(uint32_t first, uint32_t last) const {
    uint32_t middle = first + (last - first) / 2;
    int32_t a = get(first), b = get(middle), c = get(last);
    int32_t lower = min(a, b), higher = max(a, b), rest = max(lower, c);
    put(first, min(lower, c));
    put(middle, min(higher, rest));
    put(last, max(higher, rest));
    return min(higher, rest);
  }
};

template <uint32_t cell> __device__ static void insertion_sort(Numbers<cell> numbers, uint32_t first, uint32_t last) {
  for (uint32_t next = first + 1; next <= last; next++) {
    int32_t number = numbers.get(next);
    uint32_t gap = next;
    for (; gap > first; gap--) {
      int32_t before = numbers.get(gap - 1);
      if (before <= number) break;
      numbers.put(gap, before);
    }
    numbers.put(gap, number);
  }
}

template <uint32_t cell> __device__ static uint32_t partition(Numbers<cell> numbers, uint32_t first, uint32_t last) {
  int32_t pivot = numbers.pivot(first, last), lower, higher;
  for (uint32_t left = first, right = last;; left++, right--) {
    while ((higher = numbers.get(left)) < pivot) left++;
    while ((lower = numbers.get(right)) > pivot) right--;
    if (left >= right) return right;
    numbers.put(left, lower);
    numbers.put(right, higher);
  }
}

template <uint32_t cell> __device__ static void sort(Numbers<cell> numbers, uint32_t count) {
  Ranges waiting;
  uint32_t first = 0, last = count - 1;
  for (;;) {
    while (last - first >= short_range) waiting.split(first, last, partition(numbers, first, last));
    insertion_sort(numbers, first, last);
    if (waiting.is_empty()) return;
    waiting.pop(first, last);
  }
}

// Leaves short ranges as they are.
template <uint32_t cell> __device__ static void partition_in_steps(Numbers<cell> numbers, uint32_t count) {
  Ranges waiting;
  uint32_t first = 0, last = count - 1, left = first, right = last;
  if (last - first < short_range) return;
  int32_t pivot = numbers.pivot(first, last), higher = 0;
  bool from_left = true;
  for (;;) {
    int32_t number = numbers.get(from_left ? left : right);
    if (from_left) {
      if (number < pivot) left++;
      else higher = number, from_left = false;
      continue;
    }
    if (number > pivot) {
      right--;
      continue;
    }
    from_left = true;
    if (left < right) {
      numbers.put(left++, number);
      numbers.put(right--, higher);
      continue;
    }
    waiting.split(first, last, right);
    while (last - first < short_range) {
      if (waiting.is_empty()) return;
      waiting.pop(first, last);
    }
    pivot = numbers.pivot(first, last);
    left = first, right = last;
  }
}

// Of all numbers at once: none leaves its short range, so they are the steps that the example does range by range.
template <uint32_t cell> __device__ static void insertion_in_steps(Numbers<cell> numbers, uint32_t count) {
  int32_t number = numbers.get(1);
  for (uint32_t next = 1, gap = 1; next < count;) {
    int32_t before = gap ? numbers.get(gap - 1) : number;
    bool moves = before > number;
    numbers.put(gap, moves ? before : number);
    if (moves) {
      gap--;
    } else {
      gap = ++next;
      if (next < count) number = numbers.get(next);
    }
  }
}

struct arguments {
  uint32_t seed, count;
};

template <uint32_t cell, bool in_steps> __device__ static void run(const arguments *records, uint64_t *results, uint32_t instances, uint8_t *memories) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [seed, count] = records[instance];
  Numbers<cell> numbers{Memory<cell>(memories, QUICKSORT_BYTES, instance)};
  uint32_t state = (seed + 1) * 0x9e3779b9 | 1;
  for (uint32_t i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    numbers.put(i, (int32_t)state);
  }
  if (count > 1) {
    if constexpr (in_steps) {
      partition_in_steps(numbers, count);
      insertion_in_steps(numbers, count);
    } else {
      sort(numbers, count);
    }
  }
  uint64_t checksum = 0;
  for (uint32_t i = 0; i < count; i++) checksum = checksum * 31 + (uint32_t)numbers.get(i);
  results[instance] = checksum;
}

MEMORY_KERNEL(quicksort_cells_of_8, run<8, false>)
MEMORY_KERNEL(quicksort_cells_of_32, run<32, false>)
MEMORY_KERNEL(quicksort_steps_cells_of_8, run<8, true>)
MEMORY_KERNEL(quicksort_steps_cells_of_32, run<32, true>)
