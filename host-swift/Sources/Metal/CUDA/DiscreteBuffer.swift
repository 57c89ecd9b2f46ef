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

/// A buffer of a device whose memory is not the host's; Apple's slice of Metal has none on the machines it supports today.
///
/// With `.storageModeShared` the whole buffer is copied before and after each command buffer that binds it, as Metal's rules for
/// `contents()` ask. With `.storageModeManaged` nothing is: the caller copies what it knows to have changed. Between copies,
/// `contents()` is what the host last wrote or copied. All calls throw `MTLCommandBufferError`.
public protocol DiscreteBuffer: MTLBuffer {
  func copyToDevice(_ rectangle: BufferRectangle) throws
  func copyToHost(_ rectangle: BufferRectangle) throws
  /// On the device alone.
  func fillOnDevice(_ rectangle: BufferRectangle, value: UInt8) throws
}
