import BurstProtocol
import Metal

/// Copies between a pool's buffers and what the host sees of them. On a device with unified memory there is nothing to copy.
enum DeviceCopies {
  /// How buffers that are copied by these calls are made.
  static func storage(of device: any MTLDevice) -> MTLResourceOptions {
    #if os(Linux)
      return device.hasUnifiedMemory ? .storageModeShared : .storageModeManaged
    #else
      return .storageModeShared
    #endif
  }

  /// Makes `contents()` hold what the device has in `block`. Throws `ResponseError`: `deviceError`.
  static func fetch(_ block: TiledRegion.Block, of buffer: any MTLBuffer) throws(ResponseError) {
    #if os(Linux)
      try perform { try (buffer as? any DiscreteBuffer)?.copyToHost(block.rectangle) }
    #endif
  }

  /// Gives the device what `contents()` holds in `block`.
  static func publish(_ block: TiledRegion.Block, of buffer: any MTLBuffer) throws(ResponseError) {
    #if os(Linux)
      try perform { try (buffer as? any DiscreteBuffer)?.copyToDevice(block.rectangle) }
    #endif
  }

  #if os(Linux)
    private static func perform(_ body: () throws -> Void) throws(ResponseError) {
      do {
        try body()
      } catch {
        throw Dispatcher.deviceError(Dispatcher.reason(error))
      }
    }
  #endif
}

#if os(Linux)
  extension TiledRegion.Block {
    fileprivate var rectangle: BufferRectangle { BufferRectangle(offset: offset, width: width, pitch: pitch, rows: rows) }
  }
#endif
