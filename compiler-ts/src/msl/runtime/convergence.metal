// Lanes that are here with this one. Only NVIDIA's have to be told to come together, and can be told: simdgroup_barrier waits for all lanes of a SIMD-group.
static inline uint wb_lanes() {
#ifdef __CUDACC__
  return __activemask();
#else
  return 0u;
#endif
}

// Waits until each of `lanes` has come to such a call, whichever it is, or has ended.
static inline void wb_lanes_together(uint lanes) {
#ifdef __CUDACC__
  __syncwarp(lanes);
#endif
}
