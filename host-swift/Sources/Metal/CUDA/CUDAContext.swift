import Foundation

/// A GPU with its primary context: every call of the driver goes through `perform`.
final class CUDAContext: Sendable {
  let driver: CUDADriver
  let device: CUDADriver.Device
  private let context: ContextHandle
  /// Bytes that buffers may take together.
  let workingSetSize: Int

  private struct ContextHandle: @unchecked Sendable {
    // Unchecked because a handle is a pointer; the driver lets any thread make a context its own.
    let pointer: CUDADriver.Context
  }

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
    // The rest is the driver's own.
    workingSetSize = free / 20 * 19
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
