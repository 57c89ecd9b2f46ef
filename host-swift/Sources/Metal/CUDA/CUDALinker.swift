import Foundation

/// NVIDIA's linker for relocatable cubins, which is part of the driver.
struct CUDALinker: Sendable {
  private let context: CUDAContext

  /// nil where the driver is older than the compiler: then it may not know its cubins well enough to link them.
  init?(context: CUDAContext, nvrtc: NVRTC?) {
    var version: Int32 = 0
    guard let nvrtc, context.driver.driverGetVersion(&version) == 0, version >= nvrtc.versionNumber else { return nil }
    self.context = context
  }

  /// Throws the linker's messages.
  func link(_ cubins: [Data]) throws(KernelLoadError) -> Data {
    let messages = Messages()
    do throws(CUDAError) {
      return try link(cubins, messages)
    } catch {
      throw KernelLoadError(message: "\(error.message) \(messages.text)")
    }
  }

  private func link(_ cubins: [Data], _ messages: Messages) throws(CUDAError) -> Data {
    let cubinInput: UInt32 = 0  // CU_JIT_INPUT_CUBIN
    var state: CUDADriver.LinkState?
    try context.perform { $0.linkCreate(2, messages.options, messages.values, &state) }
    defer { _ = context.driver.linkDestroy(state!) }
    for (number, cubin) in cubins.enumerated() {
      try context.perform { driver in
        cubin.withUnsafeBytes { driver.linkAddData(state!, cubinInput, $0.baseAddress!, $0.count, "unit\(number)", 0, nil, nil) }
      }
    }
    var linked: UnsafeRawPointer?
    var count = 0
    try context.perform { $0.linkComplete(state!, &linked, &count) }
    // A copy: what was linked goes with the state.
    return Data(bytes: linked!, count: count)
  }

  /// What the linker writes while its state lives.
  private final class Messages {
    private let bytes = 16 << 10
    private let buffer: UnsafeMutablePointer<CChar>
    let options: UnsafeMutablePointer<UInt32>
    let values: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    init() {
      buffer = .allocate(capacity: bytes)
      buffer.initialize(repeating: 0, count: bytes)
      options = .allocate(capacity: 2)
      values = .allocate(capacity: 2)
      options[0] = 5  // CU_JIT_ERROR_LOG_BUFFER
      values[0] = UnsafeMutableRawPointer(buffer)
      // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES; the number itself stands in the place of an address. The last byte stays zero.
      options[1] = 6
      values[1] = UnsafeMutableRawPointer(bitPattern: bytes - 1)
    }

    deinit {
      buffer.deallocate()
      options.deallocate()
      values.deallocate()
    }

    var text: String { String(cString: buffer) }
  }
}
