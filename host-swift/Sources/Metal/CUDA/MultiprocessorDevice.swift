/// A GPU that tells its size, for which Apple's API has no call.
public protocol MultiprocessorDevice: MTLDevice {
  var multiprocessorCount: Int { get }
  /// Bytes that the threadgroups on a multiprocessor have together.
  var threadgroupMemoryOfMultiprocessor: Int { get }
}
