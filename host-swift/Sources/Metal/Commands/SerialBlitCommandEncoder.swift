import Foundation

final class SerialBlitCommandEncoder: SerialCommandEncoder, MTLBlitCommandEncoder {
  func copy(
    from sourceBuffer: any MTLBuffer, sourceOffset: Int, to destinationBuffer: any MTLBuffer, destinationOffset: Int, size: Int
  ) {
    requireRange(sourceOffset, size, in: sourceBuffer)
    requireRange(destinationOffset, size, in: destinationBuffer)
    record(
      .copy(
        from: own(sourceBuffer), sourceOffset: sourceOffset, to: own(destinationBuffer),
        destinationOffset: destinationOffset, size: size))
  }

  func fill(buffer: any MTLBuffer, range: Range<Int>, value: UInt8) {
    requireRange(range.lowerBound, range.count, in: buffer)
    record(.fill(own(buffer), range: range, value: value))
  }

  private func requireRange(_ offset: Int, _ size: Int, in buffer: any MTLBuffer) {
    require(
      offset >= 0 && size >= 0 && size <= buffer.length && offset <= buffer.length - size,
      "\(size) bytes at \(offset) are outside the buffer's \(buffer.length) bytes")
  }
}
