import Foundation

/// Page-aligned memory that the operating system zero-fills when it is first touched.
final class CPUBuffer: NSObject, MTLBuffer, Labelled, @unchecked Sendable {
  // Unchecked because the memory is a pointer that stays for the buffer's life: who may write it when is the caller's affair, as on Metal.
  private let owner: CPUDevice
  private let memory: UnsafeMutableRawPointer
  let length: Int
  let allocatedSize: Int
  let resourceOptions: MTLResourceOptions
  let labelBox = LabelBox()

  init?(device: CPUDevice, length: Int, options: MTLResourceOptions) {
    guard length > 0, length <= device.maxBufferLength else { return nil }
    let size = (length + Machine.pageSize - 1) / Machine.pageSize * Machine.pageSize
    guard device.reserve(bytes: size) else { return nil }
    let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      device.release(bytes: size)
      return nil
    }
    owner = device
    memory = mapped
    self.length = length
    allocatedSize = size
    resourceOptions = options
    super.init()
  }

  deinit {
    munmap(memory, allocatedSize)
    owner.release(bytes: allocatedSize)
  }

  var device: any MTLDevice { owner }

  func contents() -> UnsafeMutableRawPointer { memory }
  var gpuAddress: UInt64 { UInt64(UInt(bitPattern: memory)) }
}
