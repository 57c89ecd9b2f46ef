import Foundation

/// Plain device memory, and as much of the host's address space, whose pages exist once they are touched.
///
/// Not managed memory: its migration by page faults is slow for scattered records, and asking for more of it than a GPU has free
/// can hang the machine.
final class CUDABuffer: NSObject, DiscreteBuffer, Labelled, @unchecked Sendable {
  // Unchecked because both memories are pointers that stay for the buffer's life: who may write them when is the caller's affair, as on Metal.
  private let owner: CUDADevice
  private let mirror: UnsafeMutableRawPointer
  let gpuAddress: UInt64
  let length: Int
  let allocatedSize: Int
  let resourceOptions: MTLResourceOptions
  let labelBox = LabelBox()

  /// cuMemAlloc's granularity.
  private static let allocationUnit = 512

  init?(device: CUDADevice, length: Int, options: MTLResourceOptions) {
    guard length > 0, length <= device.maxBufferLength else { return nil }
    let size = (length + Self.allocationUnit - 1) / Self.allocationUnit * Self.allocationUnit
    guard device.reserve(bytes: size) else { return nil }
    var address: CUDADriver.DevicePointer = 0
    do {
      try device.context.perform { $0.memoryAllocate(&address, size) }
    } catch {
      device.release(bytes: size)
      return nil
    }
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
    let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
    let isZeroed = (try? device.context.perform { $0.fill(address, 0, size, nil) }) != nil
    guard let mapped, mapped != MAP_FAILED, isZeroed, (try? device.context.perform { $0.streamSynchronize(nil) }) != nil else {
      try? device.context.perform { $0.memoryFree(address) }
      device.release(bytes: size)
      return nil
    }
    owner = device
    mirror = mapped
    gpuAddress = address
    self.length = length
    allocatedSize = size
    resourceOptions = options
    super.init()
  }

  deinit {
    munmap(mirror, allocatedSize)
    try? owner.context.perform { $0.memoryFree(gpuAddress) }
    owner.release(bytes: allocatedSize)
  }

  var device: any MTLDevice { owner }

  func contents() -> UnsafeMutableRawPointer { mirror }
}

// Copies, on the default stream and finished on return.
extension CUDABuffer {
  func copyToDevice(_ rectangle: BufferRectangle) throws {
    try copy(rectangle, isToDevice: true)
  }

  func copyToHost(_ rectangle: BufferRectangle) throws {
    try copy(rectangle, isToDevice: false)
  }

  func fillOnDevice(_ rectangle: BufferRectangle, value: UInt8) throws {
    let start = gpuAddress + UInt64(check(rectangle))
    guard rectangle.width > 0, rectangle.rows > 0 else { return }
    try perform { driver in
      rectangle.rows == 1
        ? driver.fill(start, value, rectangle.width, nil)
        : driver.fillRectangle(start, rectangle.pitch, value, rectangle.width, rectangle.rows, nil)
    }
  }

  private func copy(_ rectangle: BufferRectangle, isToDevice: Bool) throws {
    let offset = check(rectangle)
    guard rectangle.width > 0, rectangle.rows > 0 else { return }
    let (host, device) = (mirror + offset, gpuAddress + UInt64(offset))
    try perform { driver in
      if rectangle.rows == 1 {
        return isToDevice
          ? driver.copyToDevice(device, host, rectangle.width, nil) : driver.copyToHost(host, device, rectangle.width, nil)
      }
      let parameters = Self.parameters(rectangle, host: host, device: device, isToDevice: isToDevice)
      return parameters.withUnsafeBytes { driver.copyRectangle($0.baseAddress!, nil) }
    }
  }

  /// The offset of a rectangle that lies in the buffer.
  private func check(_ rectangle: BufferRectangle) -> Int {
    let end = rectangle.offset + max(0, rectangle.rows - 1) * rectangle.pitch + rectangle.width
    require(
      rectangle.offset >= 0 && rectangle.width >= 0 && end <= length && (rectangle.rows <= 1 || rectangle.width <= rectangle.pitch),
      "\(rectangle) is outside the buffer's \(length) bytes")
    return rectangle.offset
  }

  private func perform(_ body: (CUDADriver) -> CUDADriver.Status) throws {
    do throws(CUDAError) {
      try owner.context.perform(body)
      try owner.context.perform { $0.streamSynchronize(nil) }
    } catch {
      throw error.commandBufferError
    }
  }

  /// cuda.h's CUDA_MEMCPY2D: for source and destination each x, y, memory type, host and device address, array and pitch, then
  /// width and height; every field has the room of 8 bytes.
  private static func parameters(
    _ rectangle: BufferRectangle, host: UnsafeMutableRawPointer, device: UInt64, isToDevice: Bool
  ) -> [UInt64] {
    let pitch = UInt64(rectangle.pitch)
    let hostSide: [UInt64] = [0, 0, 1, UInt64(UInt(bitPattern: host)), 0, 0, pitch]
    let deviceSide: [UInt64] = [0, 0, 2, 0, device, 0, pitch]
    return (isToDevice ? hostSide + deviceSide : deviceSide + hostSide) + [UInt64(rectangle.width), UInt64(rectangle.rows)]
  }
}
