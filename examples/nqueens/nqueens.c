// N queens by backtracking: a row at a time, the attacked columns and diagonals of that row as bit masks.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { LARGEST_BOARD = 31 };

static uint32_t place(uint32_t board, uint32_t columns, uint32_t left_diagonals, uint32_t right_diagonals) {
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

/// Number of ways to place `n` queens on a board of `n` by `n`; traps for boards over 31.
EXPORT(solve) uint32_t solve(uint32_t n) {
  if (n > LARGEST_BOARD) __builtin_trap();
  return place((1u << n) - 1, 0, 0, 0);
}

/// The solutions with the first row's queen in `column`: shares of one board for several instances.
EXPORT(solve_from) uint32_t solve_from(uint32_t n, uint32_t column) {
  if (n > LARGEST_BOARD || column >= n) __builtin_trap();
  uint32_t queen = 1u << column;
  return place((1u << n) - 1, queen, queen << 1, queen >> 1);
}
