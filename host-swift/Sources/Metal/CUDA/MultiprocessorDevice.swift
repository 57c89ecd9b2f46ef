/// A GPU that tells its size, for which Apple's API has no call.
public protocol MultiprocessorDevice: MTLDevice {
  var multiprocessorCount: Int { get }
  /// Bytes that the threadgroups on a multiprocessor have together.
  var threadgroupMemoryOfMultiprocessor: Int { get }
}

public protocol MultiprocessorEncoder: MTLComputeCommandEncoder {
  /// Of the dispatches that follow, on each multiprocessor at most, where their kernels use no threadgroup memory; 0: as many as fit.
  func setResidentThreads(_ most: Int)
}
