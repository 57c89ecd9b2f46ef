import Foundation

/// A GPU with its primary context: every call of the driver goes through `perform`.
final class CUDAContext: Sendable {
  let driver: CUDADriver
  let device: CUDADriver.Device
  private let context: ContextHandle
  /// Bytes of the stack of a thread, for recursion within kernels.
  let stackBytes: Int
  /// Bytes that buffers may take together.
  let workingSetSize: Int

  private struct ContextHandle: @unchecked Sendable {
    let pointer: CUDADriver.Context
  }

  /// 512 nested calls, the default of pools, with frames of 128 bytes.
  private static let wantedStackBytes = 64 << 10
  private static let stackLimit: UInt32 = 0  // CU_LIMIT_STACK_SIZE

  init(driver: CUDADriver, device: CUDADriver.Device) throws(CUDAError) {
    var context: CUDADriver.Context?
    try driver.check(driver.primaryContextRetain(&context, device))
    // Success means a context.
    self.context = ContextHandle(pointer: context!)
    self.driver = driver
    self.device = device
    try driver.check(driver.contextSetCurrent(context!))
    var (free, total) = (0, 0)
    try driver.check(driver.memoryGetInfo(&free, &total))
    // The driver backs the stacks of all threads that can be resident, so they get a fifth of the memory at most.
    let residentThreads =
      try Self.attribute(.multiprocessorCount, of: device, driver) * Self.attribute(.maxThreadsPerMultiprocessor, of: device, driver)
    stackBytes = min(Self.wantedStackBytes, free / 5 / residentThreads / 1024 * 1024)
    try driver.check(driver.contextSetLimit(Self.stackLimit, stackBytes))
    workingSetSize = (free - residentThreads * stackBytes) / 20 * 19
  }

  /// Calls `body` with the context current on this thread.
  func perform(_ body: (CUDADriver) -> CUDADriver.Status) throws(CUDAError) {
    try driver.check(driver.contextSetCurrent(context.pointer))
    try driver.check(body(driver))
  }

  /// Values of CUdevice_attribute.
  enum Attribute: Int32 {
    case maxThreadsPerBlock = 1
    case maxSharedMemoryPerBlock = 8
    case multiprocessorCount = 16
    case maxThreadsPerMultiprocessor = 39
    case computeCapabilityMajor = 75
    case computeCapabilityMinor = 76
  }

  static func attribute(_ attribute: Attribute, of device: CUDADriver.Device, _ driver: CUDADriver) throws(CUDAError) -> Int {
    var value: Int32 = 0
    try driver.check(driver.deviceGetAttribute(&value, attribute.rawValue, device))
    return Int(value)
  }
}
