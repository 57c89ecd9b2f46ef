// examples/nqueens: as the example has it, and with a stack of the thread's own, on which lanes at different depths of the search run together.
#include <stdint.h>

struct arguments {
  uint32_t n, column;
};

__device__ static uint32_t place(uint32_t board, uint32_t columns, uint32_t left_diagonals, uint32_t right_diagonals) {
  if (columns == board) return 1;
  uint32_t solutions = 0;
  uint32_t free = board & ~(columns | left_diagonals | right_diagonals);
  while (free) {
    uint32_t queen = free & -free;
    free ^= queen;
    solutions += place(board, columns | queen, (left_diagonals | queen) << 1, (right_diagonals | queen) >> 1);
  }
  return solutions;
}

extern "C" __global__ void nqueens_recursive(const arguments *records, uint32_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [n, column] = records[instance];
  uint32_t queen = 1u << column;
  results[instance] = place((1u << n) - 1, queen, queen << 1, queen >> 1);
}

// A level of all of the block's threads after the other; main.c says how many there are.
extern __shared__ uint4 nqueens_levels[];

// Boards of 2 by 2 and more.
extern "C" __global__ void nqueens_stack(const arguments *records, uint32_t *results, uint32_t instances) {
  uint32_t instance = blockIdx.x * blockDim.x + threadIdx.x;
  if (instance >= instances) return;
  auto [n, column] = records[instance];
  uint32_t board = (1u << n) - 1, columns = 1u << column, left_diagonals = columns << 1, right_diagonals = columns >> 1;
  uint32_t free = board & ~(columns | left_diagonals | right_diagonals), solutions = 0;
  uint4 *const bottom = nqueens_levels + threadIdx.x, *top = bottom;
  while (free) {
    uint32_t queen = free & -free;
    free ^= queen;
    uint32_t next_columns = columns | queen, next_left = (left_diagonals | queen) << 1, next_right = (right_diagonals | queen) >> 1;
    uint32_t next_free = board & ~(next_columns | next_left | next_right);
    solutions += next_columns == board;
    if (next_free) {
      // Rows without another place for their queen are not returned to.
      if (free) {
        *top = make_uint4(columns, left_diagonals, right_diagonals, free);
        top += blockDim.x;
      }
      columns = next_columns, left_diagonals = next_left, right_diagonals = next_right, free = next_free;
    } else if (!free && top != bottom) {
      top -= blockDim.x;
      columns = top->x, left_diagonals = top->y, right_diagonals = top->z, free = top->w;
    }
  }
  results[instance] = solutions;
}
