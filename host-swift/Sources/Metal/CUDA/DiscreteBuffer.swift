/// A rectangle of a buffer's bytes: `rows` of `width` bytes, `pitch` bytes from each to the next.
public struct BufferRectangle: Sendable, Equatable {
  public var offset: Int
  public var width: Int
  public var pitch: Int
  public var rows: Int

  public init(offset: Int, width: Int, pitch: Int, rows: Int) {
    self.offset = offset
    self.width = width
    self.pitch = pitch
    self.rows = rows
  }

  static func whole(of buffer: any MTLBuffer) -> BufferRectangle {
    BufferRectangle(offset: 0, width: buffer.length, pitch: buffer.length, rows: 1)
  }
}

/// A buffer in the memory of a device that the host does not reach; Apple's slice of Metal has none on the machines it supports today.
///
/// `.storageModeManaged` and `.storageModePrivate` make one. Nothing is copied unless the caller asks: between copies, `contents()` is
/// what the host last wrote or copied. With `.storageModeShared` a buffer lies in the host's memory instead, and the device reaches it
/// over the bus: right for what passes through once, slow for what a kernel works on. All calls throw `MTLCommandBufferError`.
public protocol DiscreteBuffer: MTLBuffer {
  func copyToDevice(_ rectangle: BufferRectangle) throws
  func copyToHost(_ rectangle: BufferRectangle) throws
  /// On the device alone.
  func fillOnDevice(_ rectangle: BufferRectangle, value: UInt8) throws
}
