/// Limits the blocks that run side by side on a multiprocessor. CUDA has no call for that, but a block that does not find its shared memory waits: each gets so much that
/// a small part of the multiprocessor's memory is full with as many as are wanted. The rest stays cache. Pure.
struct CUDAResidence: Equatable {
  /// Of a multiprocessor, of which every architecture from sm_75 can make this part shared memory.
  private static let sharedBytes = 32 << 10

  /// Bytes of a multiprocessor that can be shared memory.
  let most: Int
  /// Bytes that the system takes of it for every block.
  let reserved: Int

  /// For CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: the driver takes the next size up.
  var carveoutPercent: Int32 { Int32(Self.sharedBytes * 100 / most) }

  /// Of dynamic shared memory, for each block of `group` threads where at most `threads` are to be resident.
  func bytes(threads: Int, group: Int) -> Int {
    let blocks = max(threads / group, 1)
    // The driver gives it out in pieces of up to 256 bytes.
    return max(Self.sharedBytes / blocks / 256 * 256 - reserved, 0)
  }
}
