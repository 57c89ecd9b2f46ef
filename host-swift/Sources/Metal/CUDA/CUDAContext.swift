import Foundation
import Synchronization

/// A GPU with its primary context: every call of the driver goes through `perform`.
///
/// The context is made by the first of them. It takes hundreds of megabytes of the GPU and a good part of a second, which a host
/// that uses another GPU has no need to spend.
final class CUDAContext: Sendable {
  let driver: CUDADriver
  let device: CUDADriver.Device
  private let made = Mutex<Made?>(nil)

  private struct Made: @unchecked Sendable {
    // Unchecked because a handle is a pointer; the driver lets any thread make a context its own.
    let handle: CUDADriver.Context
    let workingSetSize: Int
  }

  init(driver: CUDADriver, device: CUDADriver.Device) {
    self.driver = driver
    self.device = device
  }

  /// Bytes that buffers may take together; 0 where no context can be made.
  var workingSetSize: Int { (try? current())?.workingSetSize ?? 0 }

  /// Calls `body` with the context current on this thread.
  func perform(_ body: (CUDADriver) -> CUDADriver.Status) throws(CUDAError) {
    try driver.check(driver.contextSetCurrent(try current().handle))
    try driver.check(body(driver))
  }

  private func current() throws(CUDAError) -> Made {
    try made.withLock { (made) throws(CUDAError) in
      if let made { return made }
      let new = try make()
      made = new
      return new
    }
  }

  private func make() throws(CUDAError) -> Made {
    var context: CUDADriver.Context?
    try driver.check(driver.primaryContextRetain(&context, device))
    // Success means a context.
    let handle = context!
    try driver.check(driver.contextSetCurrent(handle))
    var (free, total) = (0, 0)
    try driver.check(driver.memoryGetInfo(&free, &total))
    // The rest is the driver's own.
    return Made(handle: handle, workingSetSize: free / 20 * 19)
  }

  /// Values of CUdevice_attribute.
  enum Attribute: Int32 {
    case maxThreadsPerBlock = 1
    case maxSharedMemoryPerBlock = 8
    case multiprocessorCount = 16
    case hasTimeLimit = 17  // KERNEL_EXEC_TIMEOUT
    case computeCapabilityMajor = 75
    case computeCapabilityMinor = 76
    case maxSharedMemoryPerMultiprocessor = 81
    case reservedSharedMemoryPerBlock = 111
  }

  static func attribute(_ attribute: Attribute, of device: CUDADriver.Device, _ driver: CUDADriver) throws(CUDAError) -> Int {
    var value: Int32 = 0
    try driver.check(driver.deviceGetAttribute(&value, attribute.rawValue, device))
    return Int(value)
  }
}
