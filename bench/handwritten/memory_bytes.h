// What an instance has of the GPU's memory, multiples of 32 bytes: as main.c reserves it and as the kernels lay it out.
#ifndef MEMORY_BYTES_H
#define MEMORY_BYTES_H

enum {
  JSONTREE_BYTES = 59424,
  LOOP_BYTES = 8192,
  LZ4_BYTES = 205184,
  QUICKSORT_BYTES = 65536,
  XXHASH_BYTES = 65536,
};

#endif
