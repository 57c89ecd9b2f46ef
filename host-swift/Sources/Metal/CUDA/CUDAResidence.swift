/// Limits the blocks that run side by side on a multiprocessor. CUDA has no call for that, but a block that does not find its shared memory waits: each gets so much that
/// what the driver makes shared memory is full with as many as are wanted. The rest stays cache. Pure.
struct CUDAResidence: Equatable {
  /// Asked for, of a multiprocessor; every architecture from sm_75 can make this part shared memory.
  private static let sharedBytes = 32 << 10

  /// That a multiprocessor runs side by side, whatever they need.
  private static let mostBlocks = 32

  /// What architectures can make shared memory, each some of them.
  private static let sizes = [32, 64, 100, 132, 164, 196, 228].map { $0 << 10 }

  /// Bytes of a multiprocessor that can be shared memory.
  let most: Int
  /// Bytes that the system takes of it for every block.
  let reserved: Int

  /// For CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: the driver takes the next size up.
  var carveoutPercent: Int32 { Int32(Self.sharedBytes * 100 / most) }

  /// Of dynamic shared memory, for each block of `group` threads where at most `threads` are to be resident.
  func bytes(threads: Int, group: Int) -> Int {
    let wanted = max(threads / group, 1)
    guard wanted < Self.mostBlocks else { return 0 }
    // The driver gives it out in pieces of up to 256 bytes. Of equal ones `max` takes the last, which leaves the others the least.
    let fitting = stride(from: most - reserved, to: 0, by: -256).filter { blocks(of: $0) <= wanted }
    return fitting.max { blocks(of: $0) < blocks(of: $1) } ?? 0
  }

  /// How many blocks are resident that ask for so many bytes. The driver counts those that find room in what was asked for without what the system takes of it, and makes as
  /// much shared memory as these have need of with it: more than was asked for, so that others find room as well. So Nsight Compute has it for driver 580 on an H100.
  func blocks(of bytes: Int) -> Int {
    let counted = Self.sharedBytes / bytes * (bytes + reserved)
    let size = Self.sizes.first { $0 >= counted } ?? most
    return min(size, most) / (bytes + reserved)
  }
}
