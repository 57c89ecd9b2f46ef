import Foundation

/// Pinned memory of the host's, which kernels read and write over the bus at the address that the host uses.
///
/// What passes through it once, such as arguments and results, needs no copy and no call of the driver.
final class CUDASharedBuffer: NSObject, MTLBuffer, Labelled, @unchecked Sendable {
  // Unchecked because the memory is a pointer that stays for the buffer's life: who may write it when is the caller's affair, as on Metal.
  private let owner: CUDADevice
  private let memory: UnsafeMutableRawPointer
  let length: Int
  let resourceOptions: MTLResourceOptions
  let labelBox = LabelBox()

  init?(device: CUDADevice, length: Int, options: MTLResourceOptions) {
    guard length > 0, length <= device.maxBufferLength else { return nil }
    var memory: UnsafeMutableRawPointer?
    // No flags: with unified addresses, which every 64-bit system has, such memory is mapped and portable without them.
    guard (try? device.context.perform({ $0.hostAllocate(&memory, length, 0) })) != nil, let memory else { return nil }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: length)
    owner = device
    self.memory = memory
    self.length = length
    resourceOptions = options
    super.init()
  }

  deinit {
    try? owner.context.perform { $0.hostFree(memory) }
  }

  var device: any MTLDevice { owner }
  /// None of it is the device's memory, which `currentAllocatedSize` counts.
  var allocatedSize: Int { length }

  func contents() -> UnsafeMutableRawPointer { memory }
  var gpuAddress: UInt64 { UInt64(UInt(bitPattern: memory)) }
}
